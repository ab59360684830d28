"""The one sentence that a person reads first: what came of the event, and why."""

import pytest
from tests.backtest.worlds import at, automation, event, leaf

from whenflow.automations.backtest import Backtest
from whenflow.automations.explain import explain
from whenflow.automations.explain_text import headline

KEYED = {"for_each": ["prefect.resource.id"]}
THRICE = {"expect": ["door.opened"], "threshold": 3, "within": 10, **KEYED}
ARMED = {"after": ["job.started"], "expect": ["job.finished"], "within": 30}
SILENT = {"posture": "Proactive", "expect": ["pump.beat"], "threshold": 2, "within": 60}


def said(given, *events):
    """What is said of the last of these events."""
    *before, last = events
    player = Backtest([given])
    for one in before:
        player.take(one)
    player.pass_time(last.received)
    return headline(explain(given, last, player.state))


def opened(second, resource="unit.1"):
    return event("door.opened", second, resource)


@pytest.mark.parametrize(
    ("trigger", "events", "sentence"),
    [
        ({}, [("a.happened", 0)], "Fired: this is `a.happened`, what it waits for."),
        (
            {"expect": ["door.opened", "door.*"]},
            [("door.opened", 0)],
            "Fired: this is `door.*` or `door.opened`, what it waits for.",
        ),
        (
            {"within": 10},
            [("a.happened", 0)],
            "Fired: this is `a.happened`, what it waits for; until 12:00:10 it counts no more.",
        ),
        (
            {"within": 10},
            [("a.happened", 0), ("a.happened", 9.25)],
            "Did not fire: it has fired already, and counts no more until 12:00:10.",
        ),
        (
            {"threshold": 2},
            [("a.happened", 0)],
            "Did not fire: it has counted 1 of 2 `a.happened` since 12:00:00; there is no deadline.",
        ),
        (
            {"expect": []},
            [("z.happened", 0)],
            "Fired: this is an event, what it waits for.",
        ),
        (
            {"expect": [], "threshold": 100, "within": 172_800},
            [("z.happened", 0), ("y.happened", 86_400)],
            "Did not fire: it has counted 2 of 100 events since 2026-11-20 12:00:00; "
            "the window closes at 2026-11-22 12:00:00.",
        ),
        (
            {"threshold": 2, "within": 10},
            [("a.happened", 0), ("a.happened", -901)],
            "Did not fire: the event came too late: the present window began at 11:45:00.",
        ),
        (
            {"threshold": 2, "within": 5},
            [("a.happened", 0), ("a.happened", 1), ("a.happened", 20), ("a.happened", 2)],
            "Did not fire: the event came too late: the present window began at 12:00:10.",
        ),
        (
            ARMED,
            [("job.finished", 0)],
            "Did not fire: it counts `job.finished` only after `job.started`, and none came that still counts.",
        ),
        (
            ARMED,
            [("job.started", 0)],
            "Did not fire: this event begins the wait: it fires when 1 `job.finished` comes before 12:00:30.",
        ),
        (
            ARMED,
            [("job.started", 0), ("job.started", 5)],
            "Did not fire: the wait began already at 12:00:00: it fires when 1 `job.finished` comes before 12:00:30.",
        ),
        (
            ARMED,
            [("job.started", 5), ("job.finished", 9)],
            "Fired: this is `job.finished`, what it waits for after `job.started` at 12:00:05.",
        ),
        (
            ARMED,
            [("job.started", 0), ("job.finished", 30)],
            "Did not fire: it counts `job.finished` only after `job.started`, and none came that still counts: "
            "the wait of 12:00:00 was over at 12:00:30.",
        ),
        (
            ARMED,
            [("job.started", 5), ("job.finished", 4)],
            "Did not fire: the event occurred at 12:00:04, before the wait began at 12:00:05.",
        ),
        (
            ARMED | {"threshold": 2},
            [("job.started", 5), ("job.finished", 6), ("job.finished", 7)],
            "Fired: this is number 2 of 2 `job.finished` after `job.started` at 12:00:05.",
        ),
        (
            ARMED | {"within": 0},
            [("job.started", 0)],
            "Did not fire: this event begins the wait: it fires when 1 `job.finished` comes, without a deadline.",
        ),
        (
            SILENT,
            [("pump.beat", 0)],
            "Did not fire: it has heard 1 of 2 `pump.beat` since 12:00:00, and fires at 12:01:00 unless 1 more comes.",
        ),
        (
            SILENT,
            [("pump.beat", 0), ("pump.beat", 30)],
            "Did not fire: it fires on silence, and has heard 2 of 2 `pump.beat` since 12:00:00: "
            "enough for this window, which ends at 12:01:00.",
        ),
        (
            ARMED | {"posture": "Proactive"},
            [("job.started", 0)],
            "Did not fire: this event begins the wait: it fires at 12:00:30 unless 1 `job.finished` comes.",
        ),
        (
            ARMED | {"posture": "Proactive"},
            [("job.started", 0), ("job.finished", 5)],
            "Did not fire: this is what it waited for since 12:00:00; it rests until `job.started` comes again.",
        ),
        (
            {"posture": "Proactive", "after": ["pump.beat"], "expect": ["pump.beat"], "within": 60, **KEYED},
            [("pump.beat", 0), ("pump.beat", 40)],
            "Did not fire: this is what it waited for since 12:00:00, and begins the next wait: "
            "it fires at 12:01:40 unless 1 `pump.beat` for prefect.resource.id=r.1 comes.",
        ),
    ],
)
def test_the_sentence_says_what_came_of_the_event_and_why(trigger, events, sentence):
    assert said(automation(**trigger), *(event(name, second) for name, second in events)) == sentence


def test_two_of_three_within_the_window():
    assert said(automation(**THRICE), opened(5), opened(7)) == (
        "Did not fire: it has counted 2 of 3 `door.opened` for prefect.resource.id=unit.1 since 12:00:05; "
        "the window closes at 12:00:15."
    )


def test_three_of_three_within_the_window():
    assert said(automation(**THRICE), opened(5), opened(7), opened(7, "unit.2"), opened(8)) == (
        "Fired: this is number 3 of 3 `door.opened` for prefect.resource.id=unit.1 since 12:00:05; "
        "until 12:00:15 it counts no more."
    )


def test_another_name():
    given = automation(expect=["door.opened", "door.forced"])

    assert said(given, event("door.closed", 0)) == (
        "Did not look at this event: its name is `door.closed`, wanted `door.forced` or `door.opened`."
    )


def test_another_value_of_a_label():
    given = automation(match={"room": ["attic", "hall*"], "prefect.resource.id": "*"})

    assert said(given, event("a.happened", 0, {"prefect.resource.id": "r", "room": "cellar"})) == (
        "Did not look at this event: the label `room` is `cellar`, wanted `attic` or `hall*`."
    )


def test_a_label_that_is_not_there():
    assert said(automation(match={"room": "!attic", "floor": "1"}), event("a.happened", 0)) == (
        "Did not look at this event: the label `room` is not there, wanted `!attic` "
        "and the label `floor` is not there, wanted `1`."
    )


def test_no_related_resource_at_all():
    given = automation(match_related={"prefect.resource.role": "keeper"})

    assert said(given, event("a.happened", 0)) == (
        "Did not look at this event: it has no related resource, wanted one with `prefect.resource.role` `keeper`."
    )


def test_the_related_resource_that_comes_closest():
    given = automation(match_related={"prefect.resource.role": "keeper", "shift": "night"})
    related = [
        {"prefect.resource.id": "who.1", "prefect.resource.role": "owner"},
        {"prefect.resource.id": "who.2", "prefect.resource.role": "keeper", "shift": "day"},
    ]

    assert said(given, event("a.happened", 0, related=related)) == (
        "Did not look at this event: no related resource fits; of the closest, `who.2`, "
        "the label `shift` is `day`, wanted `night`."
    )


def test_an_event_that_shows_that_a_window_ended_in_silence():
    given = automation(posture="Proactive", expect=["pump.beat"], within=60, **KEYED)
    player = Backtest([given])
    player.take(event("pump.beat", 0))
    player.pass_time(at(62))  # the key is expected again

    last = event("pump.beat", 150)

    assert headline(explain(given, last, player.state)) == (
        "Fired for the window that ended at 12:02:00: it heard 0 of 1 `pump.beat` for prefect.resource.id=r.1 "
        "since 12:01:00. This event came after that: it fires on silence, and has heard 1 of 1 `pump.beat` "
        "for prefect.resource.id=r.1 since 12:02:30: enough for this window, which ends at 12:03:30."
    )


BOTH = {"type": "compound", "require": "all", "within": 60, "triggers": [leaf("a.happened"), leaf("b.happened")]}
ROW = {"type": "sequence", "within": None, "triggers": [leaf("a.happened"), leaf("b.happened"), leaf("*.happened")]}


@pytest.mark.parametrize(
    ("trigger", "events", "sentence"),
    [
        (BOTH, [("c.happened", 0)], "Did not look at this event: none of its 2 triggers does."),
        (
            BOTH,
            [("a.happened", 0)],
            "Did not fire: 1 of the 2 triggers needed has fired; not yet: trigger 2 (`b.happened`).",
        ),
        (
            BOTH,
            [("a.happened", 0), ("b.happened", 60)],
            "Fired: 2 of 2 triggers have fired within 1 min: trigger 1 (`a.happened`) at 12:00:00 and "
            "trigger 2 (`b.happened`) at 12:01:00.",
        ),
        (
            BOTH,
            [("a.happened", 0), ("b.happened", 61)],
            "Did not fire: 1 of the 2 triggers needed has fired; trigger 1 (`a.happened`) fired at 12:00:00, "
            "more than 1 min from the last, and is void.",
        ),
        (
            BOTH | {"require": "any"},
            [("b.happened", 0)],
            "Fired: trigger 2 (`b.happened`) at 12:00:00 is enough.",
        ),
        (
            ROW,
            [("b.happened", 0), ("a.happened", 5)],
            "Did not fire: its triggers have fired, but not in the order written: trigger 2 (`b.happened`) at "
            "12:00:00, trigger 1 (`a.happened`) at 12:00:05 and trigger 3 (`*.happened`) at 12:00:05.",
        ),
        (
            {"type": "sequence", "within": 9, "triggers": [leaf("a.happened"), leaf("a.happened")]},
            [("a.happened", 0)],
            "Did not fire: one event stands for two of its triggers, and each needs an event of its own.",
        ),
        (
            BOTH | {"triggers": [leaf("a.happened"), BOTH | {"triggers": [leaf("b.happened"), leaf("c.happened")]}]},
            [("a.happened", 0), ("c.happened", 5)],
            "Did not fire: 1 of the 2 triggers needed has fired; not yet: trigger 2 (2 of 2).",
        ),
    ],
)
def test_a_composite_says_which_of_its_triggers_are_missing(trigger, events, sentence):
    assert said(automation(**trigger), *(event(name, second) for name, second in events)) == sentence


def test_an_automation_that_is_switched_off():
    off = automation().model_copy(update={"enabled": False})

    assert headline(explain(off, event("a.happened", 0))) == "Did not fire: the automation is switched off."


def test_a_log_event():
    assert headline(explain(automation(expect=[]), event("prefect.log.write", 0))) == (
        "Did not look at this event: log events (`prefect.log.write`) are never evaluated."
    )


def test_an_event_that_waits_for_the_one_it_follows():
    assert headline(explain(automation(), event("a.happened", 0), waits_for="the-leader")) == (
        "Did not fire yet: the event follows the-leader, which has not been seen; it waits for that one until 12:15:00."
    )


def test_a_metric():
    query = {"name": "successes", "threshold": 0.5, "operator": "<"}

    assert headline(explain(automation(type="metric", metric=query), event("a.happened", 0))) == (
        "Did not look at this event: the trigger looks at measurements of flow runs, not at events."
    )
