"""The cases of the feed (SPEC 8.8) over HTTP and DynamoDB: of an hour that is open, has layers, or is closed.

F8 and F9 are in `test_event_lists`, F12 and F13 in `test_event_limits`, F10 and F11 in `tests/local/sockets`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.calls import Answer, authorized, call, read
from tests.stores import in_dynamodb
from tests.stories import NOON
from tests.world import World

from whenflow.api.app import build_api
from whenflow.aws import layer_keeper
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.hour_keeper import HourKeeper
from whenflow.aws.layer_keeper import LayerKeeper
from whenflow.testing import an_event

ROLE, ID = "prefect.resource.role", "prefect.resource.id"
TOLD = [
    an_event(
        "order.placed", "order.1", payload={"text": "connection timeout"}, related=[{ID: "user.a", ROLE: "buyer"}]
    ),
    an_event("order.placed", "order.2", payload={"text": "an error"}, related=[{ID: "user.b", ROLE: "buyer"}]),
    an_event("order.paid", "order.1", payload={"text": "error and debug"}),
    an_event("user.signed-up", "user.a", payload={"text": "timeout of a connection"}),
    an_event("odd", {ID: "100%_\\x", "colour": "red"}, related=[{ID: "user.a", ROLE: "seen-by"}]),
]
Asked = Callable[..., Answer]


class Feed:
    """An API over a store in DynamoDB."""

    def __init__(self, world: World, client: Any, clock: Any, kept: int = 30) -> None:
        self.clock = clock
        self.events: DynamoEventStore = DynamoEventStore(client, "EventsTable", "StateTable", 4, kept, clock)
        services = replace(world.services, events=self.events, config=in_dynamodb(client, clock).config, clock=clock)
        self._handler = build_api(services)

    def ask(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Answer:
        """Call the API."""
        return read(self._handler(call(method, f"/api{path}", body, headers=authorized(), query=query), None))

    def listed(self, **filters: Any) -> list[str]:
        """Return the resources of the events that a filter lets through, oldest first."""
        answer = self.ask("POST", "/events/filter", {"filter": {"order": "ASC", **filters}})
        assert answer.status == 200, answer.text
        return [event["resource"][ID] for event in answer.document["events"]]

    def following(self, answer: Answer) -> Answer:
        """Go on to the next page."""
        parts = urlsplit(answer.document["next_page"])
        return self.ask("GET", parts.path.removeprefix("/api"), query=dict(parse_qsl(parts.query)))


@pytest.fixture(params=["open", "layered", "closed"])
def feed(
    request: pytest.FixtureRequest, world: World, dynamodb: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> Feed:
    """A feed of five events, a second apart."""
    made = Feed(world, dynamodb, clock)
    for event in TOLD:
        made.events.put(replace(event, occurred=clock.now(), received=clock.now()))
        clock.advance(1)
    if request.param == "layered":
        monkeypatch.setattr(layer_keeper, "ENOUGH", 3)
        clock.advance(100)
        store = made.events
        assert LayerKeeper(store.reader, store.hours, store.arrivals, store.layers, clock).look() == 1
    if request.param == "closed":
        clock.advance(5_000)
        assert HourKeeper(made.events.reader, made.events.digests, None, clock).close_hours(60).closed == 1
    return made


ALL = [event.resource_id for event in TOLD]


def test_f1_pages_have_every_event_once_and_the_right_total_while_new_ones_arrive(feed):
    page = feed.ask("POST", "/events/filter", {"limit": 2})
    shown, totals = list(page.document["events"]), [page.document["total"]]
    while page.document["next_page"]:
        feed.clock.advance(1)
        feed.events.put(an_event("late", "late.1", occurred=feed.clock.now()))
        page = feed.following(page)
        shown += page.document["events"]
        totals.append(page.document["total"])

    assert [event["resource"][ID] for event in shown] == ALL[::-1]
    assert set(totals) == {5}
    assert page.document["total_is_exact"] is True


def test_f2_names_and_beginnings_are_asked_for_and_left_out(feed):
    assert feed.listed(event={"prefix": ["order."]}) == ["order.1", "order.2", "order.1"]
    assert feed.listed(event={"prefix": ["order."], "exclude_name": ["order.paid"]}) == ["order.1", "order.2"]
    assert feed.listed(event={"name": ["order.paid", "user.signed-up"]}) == ["order.1", "user.a"]
    assert feed.listed(event={"exclude_prefix": ["order.", "user."]}) == ["100%_\\x"]


def test_f3_resources_are_asked_for_by_id_beginning_and_labels_and_nothing_else_is_special(feed):
    assert feed.listed(resource={"id": ["order.1"]}) == ["order.1", "order.1"]
    assert feed.listed(resource={"id_prefix": ["order."]}) == ["order.1", "order.2", "order.1"]
    assert feed.listed(resource={"id_prefix": ["100%_\\"]}) == ["100%_\\x"]
    assert feed.listed(resource={"id_prefix": ["1__"]}) == []
    assert feed.listed(resource={"labels": {ID: "order.*"}}) == ["order.1", "order.2", "order.1"]
    assert feed.listed(resource={"labels": {ID: "!order.1"}}) == ["order.2", "user.a", "100%_\\x"]
    assert feed.listed(resource={"labels": {"colour": "red"}}) == ["100%_\\x"]


def test_f4_every_item_of_a_list_must_hold(feed):
    assert feed.listed(any_resource={"id": ["user.a"]}) == ["order.1", "user.a", "100%_\\x"]
    assert feed.listed(any_resource=[{"id": ["user.a"]}, {"id_prefix": ["order."]}]) == ["order.1"]
    assert feed.listed(related={"id": ["user.a"], "role": ["buyer"]}) == ["order.1"]
    assert feed.listed(related=[{"id": ["user.a"]}, {"role": ["seen-by"]}]) == ["100%_\\x"]
    assert feed.listed(related={"resources_in_roles": [["user.b", "buyer"]]}) == ["order.2"]


def test_f5_a_label_that_may_have_no_value_finds_nothing(feed):
    assert feed.listed(resource={"labels": {ID: []}}) == []


def test_f6_no_ids_are_all_ids(feed):
    assert feed.listed(id={"id": []}) == ALL
    assert feed.listed(id={"id": [TOLD[1].id]}) == ["order.2"]


def test_f7_words_of_a_text_are_asked_for_required_and_left_out(feed):
    assert feed.listed(text={"query": "error -debug"}) == ["order.2"]
    assert feed.listed(text={"query": '"connection timeout"'}) == ["order.1"]
    assert feed.listed(text={"query": "+connection +timeout"}) == ["order.1", "user.a"]


def test_f8_a_token_of_another_stack_is_forbidden(feed, world):
    token = dict(parse_qsl(urlsplit(feed.ask("POST", "/events/filter", {"limit": 1}).document["next_page"]).query))
    another = World()
    another.config.create("secret", "page-tokens", {"key": "another stack's"})
    other = build_api(another.services)

    request = call("GET", "/api/events/filter/next", query=token, headers=authorized())

    assert read(other(request, None)).status == 403


def test_f8_a_token_is_of_the_list_that_it_was_made_for_whatever_else_is_asked(feed):
    first = feed.ask("POST", "/events/filter", {"limit": 1, "filter": {"resource": {"id": ["order.1"]}}})

    second = feed.following(first)

    assert [event["event"] for event in second.document["events"]] == ["order.placed"]
    assert second.document["next_page"] is None


def test_f9_counts_are_the_same_whether_hours_are_open_or_closed(feed):
    times = {"occurred": {"since": "2026-11-20T11:00:00Z", "until": (NOON + timedelta(hours=3)).isoformat()}}

    hours = feed.ask("POST", "/events/count-by/time", {"filter": times, "time_unit": "hour"}).document
    names = feed.ask("POST", "/events/count-by/event", {"filter": times}).document
    resources = feed.ask("POST", "/events/count-by/resource", {"filter": times}).document

    assert [one["count"] for one in hours] == [0, 5, 0, 0, 0]
    assert {one["value"]: one["count"] for one in names} == {
        "order.placed": 2,
        "order.paid": 1,
        "user.signed-up": 1,
        "odd": 1,
    }
    assert [(one["value"], one["count"]) for one in resources][0] == ("order.1", 2)


def test_f14_what_is_older_than_the_retention_is_gone_from_pages_that_were_begun_before(world, dynamodb, clock):
    feed = Feed(world, dynamodb, clock, kept=1)
    for event in TOLD:
        feed.events.put(replace(event, occurred=clock.now(), received=clock.now()))
        clock.advance(1)
    clock.advance(3_600)
    first = feed.ask("POST", "/events/filter", {"limit": 2})
    clock.advance(86_400 - 3_600 - 5)
    assert len(feed.following(first).document["events"]) == 2
    clock.advance(10)

    answer = feed.following(first)

    assert (answer.status, answer.document["events"], answer.document["next_page"]) == (200, [], None)
    assert feed.listed() == feed.listed(resource={"id": ["order.1"]}) == []
