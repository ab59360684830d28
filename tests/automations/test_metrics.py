"""Metric triggers: flow runs have been going badly for a while, or well again (SPEC 3.9)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from tests.stories import NOON, ann_signs_up
from tests.world import World

from whenflow.automations import Automation, Firing
from whenflow.automations.metrics import Gauge, evaluate, gauge_document, gauge_from, measure, record, value_at
from whenflow.automations.settle import Record
from whenflow.automations.triggers import MetricQuery, MetricTrigger
from whenflow.events import Event, iso
from whenflow.runs import StateType
from whenflow.testing import an_event
from whenflow.testing.matching import LANE

MINUTE = 60
LATE = {"expected_start_time": "2026-11-20T11:59:30.000000Z", "start_time": None}
LONG = {"expected_start_time": "2026-11-20T11:50:00.000000Z", "start_time": "2026-11-20T11:58:00.000000Z"}
numbers: Iterator[int] = count()


def query(**changes: Any) -> dict[str, Any]:
    return {"name": "successes", "operator": "<", "threshold": 0.5, "range": 600, "firing_for": 300, **changes}


def ends(world: World, state: str, **changes: Any) -> Event:
    """A flow run comes to its end now."""
    return an_event(
        **{
            "name": f"prefect.flow-run.{state}",
            "resource": {
                "prefect.resource.id": f"prefect.flow-run.{next(numbers)}",
                "prefect.state-type": state.upper(),
                "prefect.state-name": state,
            },
            "occurred": world.clock.now(),
            **changes,
        }
    )


@pytest.fixture
def watching(world: World) -> Callable[..., Automation]:
    """A function that sets up an automation with a metric trigger."""

    def set_up(match: dict[str, Any] | None = None, **changes: Any) -> Automation:
        return world.automation(
            {
                "name": "many runs fail",
                "trigger": {"type": "metric", "match": match or {}, "metric": query(**changes)},
                "actions": [],
                "actions_on_trigger": [{"type": "do-nothing"}],
                "actions_on_resolve": [{"type": "do-nothing"}, {"type": "do-nothing"}],
            }
        )

    return set_up


def passes(world: World, minutes: int) -> list[Firing]:
    """Let minutes pass, with a sweep in each; return what fired."""
    known = set(world.firings.stored)
    for _ in range(minutes):
        world.clock.advance(MINUTE)
        world.matcher.pass_time()
    return [firing for id_, firing in world.firings.stored.items() if id_ not in known]


def fails_until_told(world: World) -> Firing:
    """Let a run fail, and time pass until the automation fired."""
    world.matcher.match(ends(world, "Failed"))
    (firing,) = passes(world, 7)
    return firing


def test_runs_that_fail_are_told_of_when_they_have_been_failing_for_long_enough(world, watching):
    watching(firing_for=300)
    world.matcher.match(ends(world, "Failed"))

    assert passes(world, 5) == []
    assert len(passes(world, 1)) == 1


def test_what_is_told_of_is_told_of_once(world, watching):
    watching(range=3_600)
    fails_until_told(world)

    assert passes(world, 30) == []


def test_what_recovers_in_time_is_not_told_of(world, watching):
    watching()
    world.matcher.match(ends(world, "Failed"))
    passes(world, 4)
    world.matcher.match(ends(world, "Completed"))

    assert passes(world, 5) == []


def test_it_resolves_when_it_has_been_good_for_as_long(world, watching):
    watching(range=3_600)
    fails_until_told(world)
    world.matcher.match(*(ends(world, "Completed") for _ in range(3)))

    assert passes(world, 5) == []
    assert [firing.is_resolved for firing in passes(world, 1)] == [True]


def test_what_leaves_the_range_is_no_longer_bad(world, watching):
    watching(range=600)
    fails_until_told(world)

    assert [firing.is_resolved for firing in passes(world, 20)] == [True]


def test_what_resolves_because_nothing_is_left_to_measure_tells_no_value(world, watching):
    watching(range=600)
    fails_until_told(world)

    assert [(firing.is_resolved, firing.value) for firing in passes(world, 20)] == [(True, None)]


def test_it_can_be_told_of_again_once_it_has_resolved(world, watching):
    watching(range=600)
    fails_until_told(world)
    passes(world, 20)

    assert fails_until_told(world).is_resolved is False


def test_a_firing_of_a_metric_says_what_was_measured(world, watching):
    automation = watching(threshold=0.9)
    world.matcher.match(*(ends(world, state) for state in ("Failed", "Completed", "Completed", "Completed")))

    (firing,) = passes(world, 7)

    assert (firing.automation_id, firing.trigger_type, firing.value, firing.event) == (
        automation.id,
        "metric",
        0.75,
        None,
    )


def test_the_actions_are_those_on_trigger_and_those_on_resolve(world, watching):
    watching(range=600)
    triggered = fails_until_told(world)
    (resolved,) = passes(world, 20)

    assert (len(triggered.actions), len(resolved.actions)) == (1, 2)


def test_both_turns_are_events_with_the_value(world, watching):
    watching(range=3_600)
    triggered = fails_until_told(world)
    world.matcher.match(*(ends(world, "Completed") for _ in range(3)))
    for firing in (triggered, *passes(world, 7)):
        world.dispatcher.dispatch(firing)

    told = [world.events.named(f"prefect.automation.{word}") for word in ("triggered", "resolved")]
    assert [[event.payload["triggering_value"] for event in events] for events in told] == [[0.0], [0.75]]


def test_an_event_that_is_delivered_again_counts_once(world, watching):
    watching(threshold=0.5)
    failed = Record(ends(world, "Failed"), LANE, 1)
    completed = Record(ends(world, "Completed"), LANE, 2)

    for batch in ([failed, completed], [failed], [failed]):
        world.matcher.matcher.match(batch)

    assert passes(world, 8) == [], "one of two failed, which is not too many"


def test_events_that_were_stored_together_are_both_measured(world, watching):
    watching(threshold=0.5)
    together = [Record(ends(world, state), LANE, 1) for state in ("Failed", "Completed")]

    for batch in (together, together):
        world.matcher.matcher.match(batch)

    assert passes(world, 8) == [], "one of two failed, which is not too many"


def test_only_the_runs_that_match_are_measured(world, watching):
    watching(match={"team": "blue"})
    world.matcher.match(ends(world, "Failed"))

    assert passes(world, 8) == []


def test_an_automation_that_is_off_measures_nothing(world, watching):
    automation = watching()
    world.config.replace("automation", automation.id, automation.as_stored() | {"enabled": False})
    world.matcher.match(ends(world, "Failed"))

    assert passes(world, 8) == []


def test_without_any_run_nothing_is_bad(world, watching):
    watching()

    assert passes(world, 8) == []


def test_switched_off_and_on_it_starts_afresh(world, watching):
    automation = watching(range=3_600)
    world.matcher.match(ends(world, "Failed"))
    passes(world, 2)
    for enabled in (False, True):
        world.automations.switch(automation.id, {"enabled": enabled})

    assert passes(world, 10) == []


def test_runs_of_this_stack_are_measured(world):
    """Through the ledger's own events: a run that takes ten minutes is slow."""
    deployment = world.deployment()
    world.automation(
        {
            "name": "slow",
            "trigger": {"type": "metric", "metric": query(name="duration", operator=">", threshold=300, range=3_600)},
            "actions": [],
        }
    )
    world.automation(
        {
            "name": "welcome new users",
            "trigger": {"type": "event", "posture": "Reactive", "expect": ["user.signed-up"]},
            "actions": [{"type": "run-deployment", "deployment_id": deployment["id"], "parameters": {"name": "Ann"}}],
        }
    )
    world.happens(ann_signs_up())
    world.ledger.move(world.run().id, StateType.RUNNING)
    world.clock.advance(600)
    world.ledger.move(world.run().id, StateType.COMPLETED)
    world.matcher.match(*world.events.named("prefect.flow-run.Completed"))

    assert [(firing.automation_name, firing.value) for firing in passes(world, 7)] == [("slow", 600.0)]


@pytest.mark.parametrize(
    ("name", "state", "timing", "value"),
    [
        ("successes", "Completed", {}, 1),
        ("successes", "Cancelled", {}, 1),
        ("successes", "Failed", {}, 0),
        ("successes", "Crashed", {}, 0),
        ("successes", "Running", {}, None),
        ("duration", "Completed", LONG, 120),
        ("duration", "Failed", LONG, 120),
        ("duration", "Running", LONG, None),
        ("duration", "Completed", LATE, None),
        ("duration", "Completed", {}, None),
        ("lateness", "Running", LATE, 30),
        ("lateness", "Pending", LATE, None),
        ("lateness", "Completed", LATE, None),
        ("lateness", "Running", {"expected_start_time": "2026-11-20T12:00:01.000000Z"}, 0),
        ("lateness", "Running", {"expected_start_time": "noon"}, None),
        ("lateness", "Running", {"expected_start_time": 7}, None),
        ("lateness", "Running", None, None),
    ],
)
def test_what_a_run_adds_to_a_metric(world, name, state, timing, value):
    event = ends(world, state, payload={"timing": timing})

    assert measure(MetricQuery.model_validate(query(name=name)), event) == value


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
    ],
)
def test_the_metric_is_bad_on_one_side_of_the_threshold(world, operator, values):
    bad = []
    for failed, completed in ((3, 1), (2, 2), (1, 3)):
        trigger = MetricTrigger.model_validate({"metric": query(operator=operator, threshold=0.5)})
        gauge = Gauge()
        for state, times in (("Failed", failed), ("Completed", completed)):
            for _ in range(times):
                record(trigger, gauge, ends(world, state))
        evaluate(trigger, gauge, NOON)
        bad.append(evaluate(trigger, gauge, NOON + timedelta(minutes=5)) is not None)

    assert bad == values


def test_a_run_is_measured_where_it_ended_and_not_when_it_was_seen(world):
    trigger = MetricTrigger.model_validate({"metric": query(range=600)})
    gauge = Gauge()
    seen_late = ends(world, "Failed")
    world.clock.advance(700)

    record(trigger, gauge, seen_late)

    assert value_at(trigger.metric, gauge, world.clock.now()) is None


def test_a_gauge_is_kept_small_however_many_runs_there_are(world):
    trigger = MetricTrigger.model_validate({"metric": query(range=600)})
    gauge = Gauge()
    for _ in range(1_000):
        record(trigger, gauge, ends(world, "Failed"))
        world.clock.advance(0.5)

    assert len(gauge.bins) <= 60


def test_a_gauge_is_stored_and_read_as_it_was(world):
    gauge = Gauge({29_919_600: (1.5, 2)}, NOON, True)

    assert gauge_document(gauge)["turned"] == iso(NOON)
    assert gauge_from(gauge_document(gauge)) == gauge
