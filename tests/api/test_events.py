"""Events over HTTP."""

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, clients_csv_arrives, order_document, order_placed

from whenflow.api.events import MAX_BATCH
from whenflow.errors import Transient
from whenflow.events.limits import MAX_EVENT_BYTES


def stored(world) -> list[str]:
    return [event.resource_id for event in world.events.stored.values()]


def test_an_event_is_stored(world, api):
    answer = api("POST", "/events", order_document(7))

    assert (answer.status, answer.text) == (204, "")
    assert stored(world) == ["order.7"]


def test_many_events_are_stored_at_once(world, api):
    answer = api("POST", "/events", [order_document(n) for n in (7, 8, 9)])

    assert answer.status == 204
    assert stored(world) == ["order.7", "order.8", "order.9"]


def test_an_event_sent_twice_is_stored_once(world, api):
    api("POST", "/events", order_document(7))

    assert api("POST", "/events", [order_document(7), order_document(7)]).status == 204
    assert stored(world) == ["order.7"]


def test_no_events_are_no_fault(world, api):
    assert api("POST", "/events", []).status == 204


def test_an_event_is_received_now(world, api):
    world.clock.advance(5)

    api("POST", "/events", order_document(received="2020-01-01T00:00:00Z"))

    (event,) = world.events.stored.values()
    assert event.received == world.clock.now()


def test_a_bad_event_is_refused_by_its_place_and_costs_its_neighbours_nothing(world, api):
    bad = order_document(8, resource={"prefect.resource.id": ""}, event=7)

    answer = api("POST", "/events", [order_document(7), bad, order_document(9), "no event"])

    assert answer.status == 422
    places = [fault["loc"] for fault in answer.document["exception_detail"]]
    assert places == [["body", 1, "event"], ["body", 1, "resource"], ["body", 3]]
    assert stored(world) == ["order.7", "order.9"]


@pytest.mark.parametrize("body", [{}, "text", 7, None, [None], [[]]])
def test_what_is_no_event_is_refused(world, api, body):
    answer = api("POST", "/events", [body] if not isinstance(body, list) else body)

    assert answer.status == 422
    assert answer.document["exception_message"] == "Invalid request received."
    assert stored(world) == []


def test_a_request_without_a_body_is_no_event(api):
    assert api("POST", "/events").status == 422


def test_an_event_that_is_too_large_is_refused_by_its_place(world, api):
    large = order_document(8, payload={"text": "x" * MAX_EVENT_BYTES})

    answer = api("POST", "/events", [order_document(7), large])

    (fault,) = answer.document["exception_detail"]
    assert (answer.status, fault["loc"], fault["type"]) == (422, ["body", 1], "too_large")
    assert "the limit is 1,500,000" in fault["msg"]
    assert stored(world) == ["order.7"]


def test_a_batch_that_is_too_long_is_refused_as_a_whole(world, api):
    answer = api("POST", "/events", [order_document(n) for n in range(MAX_BATCH + 1)])

    assert answer.status == 422
    assert "at most 500 events; this one has 501" in answer.document["exception_detail"][0]["msg"]
    assert stored(world) == []


def test_a_store_that_is_busy_asks_for_another_try(world, api):
    def busy(_event):
        raise Transient("throttled")

    world.events.put = busy

    answer = api("POST", "/events", order_document())

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "throttled" not in answer.text


def test_an_event_is_shown_by_its_id(world, api):
    world.events.put(clients_csv_arrives())

    answer = api("GET", f"/events/{clients_csv_arrives().id.upper()}")

    assert (answer.status, answer.document) == (200, clients_csv_arrives().as_document())


@pytest.mark.parametrize("id_", [NOBODY, "7", "nope", "%20"])
def test_an_event_that_is_not_there_is_not_found(api, id_):
    answer = api("GET", f"/events/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no event")


def test_events_are_listed_newest_first(world, api):
    from datetime import timedelta

    for second, event in enumerate([ann_signs_up, clients_csv_arrives, order_placed]):
        world.events.put(event(occurred=NOON + timedelta(seconds=second)))

    answer = api("GET", "/events")

    assert [event["event"] for event in answer.document["events"]] == [
        "order.placed",
        "aws.s3.object-created",
        "user.signed-up",
    ]
    assert answer.document["next_page"] is None


def test_an_empty_feed_is_an_empty_page(api):
    assert api("GET", "/events").document == {
        "events": [],
        "next_page": None,
        "total": 0,
        "total_is_exact": True,
        "stopped_early": False,
    }


def test_pages_follow_each_other_until_there_is_no_more(world, api):
    for number in range(5):
        world.events.put(order_placed(number))
    seen, token = [], None

    for _ in range(3):
        answer = api("GET", "/events", query={"limit": "2"} | ({"page_token": token} if token else {}))
        seen += [event["id"] for event in answer.document["events"]]
        token = answer.document["next_page"]

    assert token is None
    assert sorted(seen) == sorted(world.events.stored)


def test_without_a_limit_a_page_has_fifty(world, api):
    for number in range(60):
        world.events.put(order_placed(number))

    assert len(api("GET", "/events").document["events"]) == 50


@pytest.mark.parametrize("limit", ["0", "-1", "201", "9999999999999999999999", "two", "1.5", " 5", "٣"])
def test_a_limit_out_of_bounds_is_refused(api, limit):
    answer = api("GET", "/events", query={"limit": limit})

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["query", "limit"])
    assert "must be 1 to 200" in answer.document["exception_detail"][0]["msg"]


@pytest.mark.parametrize("limit", ["1", "200", "007", ""])
def test_a_limit_within_bounds_is_taken(api, limit):
    assert api("GET", "/events", query={"limit": limit}).status == 200


def test_a_page_token_of_somebody_else_is_refused(world, api):
    world.events.put(order_placed())

    answer = api("GET", "/events", query={"page_token": "nonsense"})

    assert answer.status == 403
    assert "page token" in answer.document["detail"]


@pytest.mark.parametrize("text", ["😀", "\ud83d", "\u2028", '"\\\n'], ids=["pair", "half", "separator", "quotes"])
def test_whatever_text_was_sent_can_be_shown(world, api, text):
    world.events.put(order_placed(payload={"text": text}))

    (event,) = api("GET", "/events").document["events"]

    assert event["payload"] == {"text": text}


def test_a_firing_is_shown_with_its_event(world, api):
    world.welcomes_new_users()
    (firing,) = world.happens(ann_signs_up())

    answer = api("GET", f"/firings/{firing.id}")

    assert answer.status == 200
    assert answer.document["automation_name"] == "welcome new users"
    assert answer.document["event_id"] == answer.document["event"]["id"] == ann_signs_up().id


@pytest.mark.parametrize("id_", [NOBODY, "7"])
def test_a_firing_that_is_not_there_is_not_found(api, id_):
    assert api("GET", f"/firings/{id_}").status == 404


@pytest.mark.parametrize("name", ["whenflow.api-key.created", "whenflow.webhook.updated", "whenflow.anything.deleted"])
def test_nobody_can_forge_what_tells_who_changed_what(world, api, name):
    forged = order_document(7, event=name)

    alone = api("POST", "/events", forged)
    in_a_batch = api("POST", "/events", [order_document(1), forged])

    assert (alone.status, in_a_batch.status) == (422, 422)
    assert alone.document["exception_detail"][0]["loc"] == ["body", "event"]
    assert in_a_batch.document["exception_detail"][0]["loc"] == ["body", 1, "event"]
    assert world.events.names() == ["order.placed"]


@pytest.mark.parametrize("name", ["whenflow.created", "my.whenflow.webhook.created", "whenflow.order.placed"])
def test_names_that_only_look_like_it_are_anybodys(api, name):
    assert api("POST", "/events", order_document(7, event=name)).status == 204
