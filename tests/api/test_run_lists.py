"""Lists and counts of flow runs over HTTP: pages, bounds, and what they say of them."""

from dataclasses import replace

import pytest
from tests.stories import NOBODY, ann_signs_up
from tests.world import World

from whenflow.api import run_lists
from whenflow.runs.summaries import Look


@pytest.fixture
def five(world: World) -> list[str]:
    """Ids of five runs, a second apart, newest first."""
    world.welcomes_new_users()
    for number in range(5):
        world.happens(ann_signs_up(id=f"0190163d-8694-7000-8000-{number:012}", occurred=world.clock.now()))
        world.clock.advance(1)
    return [run.id for run in world.runs.newest(10)]


@pytest.fixture
def looks_at_two(monkeypatch):
    """Each look may read two runs."""
    monkeypatch.setattr(run_lists, "Look", lambda *args: replace(Look(*args), reads=2))


def ids(answer):
    return [run["id"] for run in answer.document]


def headers(answer):
    return {name.lower(): value for name, value in answer.headers.items()}


def test_pages_follow_each_other_while_new_runs_are_made(world, api, five):
    shown, token = [], None
    for _ in range(3):
        page = api("POST", "/flow_runs/filter", {"limit": 2} | ({"page_token": token} if token else {}))
        shown += ids(page)
        token = headers(page).get("whenflow-next-page")
        world.happens(ann_signs_up(id=world.ids.new(), occurred=world.clock.now()))

    assert shown == five
    assert token is None


def test_a_whole_list_says_nothing_of_a_bound(api, five):
    answer = api("POST", "/flow_runs/filter", {})

    assert not {"whenflow-stopped-early", "whenflow-looked-until", "whenflow-next-page"} & headers(answer).keys()


def test_a_list_that_meets_its_bound_says_so_and_can_be_gone_on_with(api, five, looks_at_two):
    wanted = {"flow_runs": {"name": {"any_": ["nobody"]}}}

    first = api("POST", "/flow_runs/filter", wanted)
    second = api("POST", "/flow_runs/filter", wanted | {"page_token": headers(first)["whenflow-next-page"]})

    assert (ids(first), headers(first)["whenflow-stopped-early"]) == ([], "true")
    assert headers(first)["whenflow-looked-until"] == "2026-11-20T12:00:03.000000Z"
    assert headers(second)["whenflow-looked-until"] == "2026-11-20T12:00:01.000000Z"


def test_a_count_that_meets_its_bound_says_that_there_are_at_least_as_many(api, five, looks_at_two):
    answer = api("POST", "/flow_runs/count", {})

    assert (answer.document, headers(answer)["whenflow-stopped-early"]) == (2, "true")


def test_runs_are_found_by_the_run_that_asked_for_them(world, api, five):
    parent, child = five[4], five[1]
    world.ledger.adjust(child, lambda run: replace(run, labels={"whenflow.parent-flow-run-id": parent}))

    answer = api("POST", "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [parent]}}})

    assert ids(answer) == [child]
    assert ids(api("POST", "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [NOBODY]}}})) == []


def test_runs_are_found_by_when_they_were_to_start(api, five):
    times = {"after_": "2026-11-20T12:00:01Z", "before_": "2026-11-20T12:00:03Z"}

    answer = api("POST", "/flow_runs/filter", {"flow_runs": {"expected_start_time": times}})

    assert ids(answer) == five[1:4]


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "☃"])
def test_a_bad_page_token_is_forbidden(api, five, token):
    assert api("POST", "/flow_runs/filter", {"page_token": token}).status == 403


def test_a_page_token_goes_with_its_own_filter_only(api, five):
    token = headers(api("POST", "/flow_runs/filter", {"limit": 2}))["whenflow-next-page"]

    answer = api("POST", "/flow_runs/filter", {"page_token": token, "flow_runs": {"tags": {"all_": ["x"]}}})

    assert (answer.status, "another filter" in answer.document["detail"]) == (403, True)


def test_a_page_of_another_length_is_of_the_same_list(api, five):
    token = headers(api("POST", "/flow_runs/filter", {"limit": 2}))["whenflow-next-page"]

    assert ids(api("POST", "/flow_runs/filter", {"page_token": token, "limit": 100})) == five[2:]


def test_a_page_token_expires(world, api, five):
    token = headers(api("POST", "/flow_runs/filter", {"limit": 2}))["whenflow-next-page"]
    world.clock.advance(24 * 3600)

    assert api("POST", "/flow_runs/filter", {"page_token": token}).status == 403


def test_a_page_token_of_events_is_none_of_runs(api, five):
    cursor = api("POST", "/events/tail", {}).document["cursor"]

    assert api("POST", "/flow_runs/filter", {"page_token": cursor}).status == 403


def test_pages_go_with_the_order_in_which_runs_were_made_only(api, five):
    answer = api("POST", "/flow_runs/filter", {"page_token": "t", "sort": "NAME_ASC"})

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", "page_token"])


def test_runs_are_still_listed_from_an_offset_on(api, five):
    assert ids(api("POST", "/flow_runs/filter", {"offset": 3, "limit": 2})) == five[3:]
