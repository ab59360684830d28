"""Replay over HTTP: a plan, then what is missing, and that once."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, order_placed, welcoming

from whenflow.api.replaying import MAX_FIRED
from whenflow.events import iso, named_id

SINCE, UNTIL = iso(NOON - timedelta(hours=1)), iso(NOON + timedelta(hours=1))
SPAN = {"since": SINCE, "until": UNTIL}


@pytest.fixture
def late(world):
    """Three people signed up, and only then somebody thought of welcoming them; gives the automation."""
    for number in range(3):
        moment = NOON + timedelta(minutes=number)
        world.events.put(ann_signs_up(id=named_id("signup", str(number)), occurred=moment))
    world.clock.advance(7_200)
    return world.automation(welcoming(world.deployment()))


def planned(api, **changes):
    answer = api("POST", "/replay", SPAN | changes)
    assert answer.status == 200, answer.text
    return answer.document


def fire(api, firings, **changes):
    answer = api("POST", "/replay/fire", SPAN | {"firings": firings} | changes)
    assert answer.status == 200, answer.text
    return answer.document


def ids_of(plan):
    return [firing["id"] for firing in plan["firings"]]


def test_a_plan_shows_what_would_fire_and_starts_nothing(api, world, late):
    plan = planned(api)

    assert plan["counts"] == {"stored": 0, "missing": 3, "unsure": 0, "by-time": 0}
    assert [firing["event"]["id"] for firing in plan["firings"]] == [named_id("signup", str(n)) for n in range(3)]
    assert plan["firings"][0]["runs"] == [
        {"action": 0, "deployment_id": str(late.actions[0].deployment_id), "parameters": {"name": "Ann"}}
    ]
    assert (plan["until"], plan["next_since"]) == (UNTIL, None)
    assert world.firings.stored == {}


def test_what_is_missing_is_started(api, world, late):
    answer = fire(api, ids_of(planned(api)))

    assert answer == {"fired": ids_of(planned(api)), "stored": [], "refused": []}
    assert {firing.triggered for firing in world.firings.stored.values()} == {world.clock.now()}
    assert [firing.event.id for firing in world.firings.stored.values()] == [
        named_id("signup", str(n)) for n in range(3)
    ]


def test_replayed_twice_nothing_is_started_twice(api, world, late):
    ids = ids_of(planned(api))
    fire(api, ids)
    before = dict(world.firings.stored)
    world.clock.advance(60)

    assert fire(api, ids) == {"fired": [], "stored": ids, "refused": []}
    assert planned(api)["counts"]["stored"] == 3
    assert world.firings.stored == before


def test_a_replay_that_was_stopped_goes_on_where_it_was(api, late):
    first, *rest = ids_of(planned(api))
    fire(api, [first])

    left = [firing["id"] for firing in planned(api)["firings"] if firing["status"] == "missing"]

    assert left == rest


def test_what_fired_when_it_happened_is_not_started_again(api, world):
    world.welcomes_new_users()
    (live,) = world.happens(ann_signs_up())
    world.clock.advance(7_200)

    plan = planned(api)

    assert [(firing["id"], firing["status"]) for firing in plan["firings"]] == [(live.id, "stored")]
    assert fire(api, [live.id])["stored"] == [live.id]


def test_a_replayed_firing_runs_what_a_live_one_would(api, world, late):
    fire(api, ids_of(planned(api))[:1])
    (firing,) = world.firings.stored.values()

    world.dispatcher.dispatch(firing)

    assert world.run().parameters == {"name": "Ann"}
    assert world.run().firing_id == firing.id


def test_a_plan_up_to_now_is_whole_though_time_goes_on(api, world, late):
    world.clock.now = iter(world.clock.advance(1) for _ in range(100)).__next__

    assert api("POST", "/replay", {"since": SINCE}).document["next_since"] is None


def test_ninety_days_back_by_the_callers_clock_is_not_too_far(api, world):
    since = iso(world.clock.now() - timedelta(days=90, minutes=1))

    assert api("POST", "/replay", {"since": since}).status == 200


def test_what_is_in_no_plan_is_not_started(api, world, late):
    assert fire(api, [NOBODY])["refused"] == [
        {"id": NOBODY, "reason": "it is in no plan of this time and these automations"}
    ]
    assert world.firings.stored == {}


def test_what_is_unsure_is_started_only_when_that_is_said(api, world):
    trigger = {"posture": "Reactive", "expect": ["order.placed"], "threshold": 2, "within": 600}
    world.automation({"name": "two", "trigger": trigger, "actions": [{"type": "do-nothing"}]})
    for number in (1, 2):
        moment = NOON + timedelta(minutes=number)
        world.events.put(order_placed(id=named_id("order", str(number)), occurred=moment))
    world.clock.advance(7_200)
    (id_,) = ids_of(planned(api))

    assert fire(api, [id_])["refused"] == [{"id": id_, "reason": "its status is unsure"}]
    assert fire(api, [id_], unsure=True)["fired"] == [id_]


def test_only_the_automations_that_are_named_are_replayed(api, world, late):
    other = world.automation(welcoming(world.deployment(), name="other"))

    plan = planned(api, automations=[other.id])

    assert {firing["automation_name"] for firing in plan["firings"]} == {"other"}


def test_what_is_switched_off_is_left_out_and_refused_by_name(api, world, late):
    off = world.automation(welcoming(world.deployment(), name="off", enabled=False))

    assert {firing["automation_name"] for firing in planned(api)["firings"]} == {late.name}
    answer = api("POST", "/replay", SPAN | {"automations": [off.id]})
    assert answer.status == 422
    assert "off" in answer.document["exception_detail"][0]["msg"]


def test_an_automation_that_is_not_there_is_not_found(api, world):
    world.clock.advance(7_200)

    assert api("POST", "/replay", SPAN | {"automations": [NOBODY]}).status == 404


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"since": UNTIL, "until": SINCE}, "since"),
        ({"since": "2020-01-01T00:00:00Z"}, "since"),
        ({"until": "2099-01-01T00:00:00Z"}, "since"),
        ({"since": None}, "since"),
        ({"since": "soon"}, "since"),
        ({"automations": []}, "automations"),
        ({"automations": ["x"]}, "automations"),
        ({"limit": 5}, "limit"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_its_place(api, world, changes, place):
    world.clock.advance(7_200)

    answer = api("POST", "/replay", SPAN | changes)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"][:2] == ["body", place]


@pytest.mark.parametrize("firings", [[], [NOBODY] * (MAX_FIRED + 1), ["x"], "all", None])
def test_what_is_to_be_started_is_named_and_not_too_much(api, world, firings):
    world.clock.advance(7_200)

    assert api("POST", "/replay/fire", SPAN | {"firings": firings}).status == 422
