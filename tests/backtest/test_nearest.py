"""Where nothing fired, a backtest says what came closest."""

from tests.backtest.worlds import automation, event, leaf

from whenflow.automations.backtest import Backtest
from whenflow.cli.backtest_report import closest


def nearest(given, events, **options):
    player = Backtest([given], **options)
    for _ in player.play(events):
        pass
    return [line.strip() for line in closest(given, player.tally)]


def test_no_event_of_the_name_and_what_it_may_have_meant():
    said = nearest(automation(expect=["a.hapened"]), [event("a.happened", 0)])

    assert said == ["no event has a name that it looks at. Did you mean a.happened?"]


def test_the_name_fits_and_the_resource_does_not():
    events = [event("a.happened", n) for n in range(312)]

    assert nearest(automation(match={"prefect.resource.id": "s.*"}), events) == [
        "312 events matched the name, 0 the resource"
    ]


def test_the_resource_fits_and_no_related_one_does():
    given = automation(match={"prefect.resource.id": "r.1"}, match_related={"prefect.resource.role": "keeper"})

    assert nearest(given, [event("a.happened", n, f"r.{n % 2}") for n in range(10)]) == [
        "10 events matched the name, 5 the resource, 0 the related resources"
    ]


def test_the_most_that_one_window_had():
    events = [event("a.happened", n) for n in (0, 1, 100, 200)]

    assert nearest(automation(threshold=3, within=10), events) == [
        "it looked at 4 events; the most in one window were 2 of 3"
    ]


def test_what_counts_only_after_another_that_never_came():
    given = automation(after=["b.happened"])

    assert nearest(given, [event("a.happened", 0)]) == [
        "it looked at 1 event, and counted none: it counts only after `b.happened`"
    ]


def test_silence_that_never_was():
    given = automation(posture="Proactive", within=10)

    assert nearest(given, [event("a.happened", n) for n in range(35)]) == [
        "it looked at 35 events; 3 windows ended, each with enough"
    ]


def test_silence_that_had_no_time_to_be():
    assert nearest(automation(posture="Proactive", within=60), [event("c.happened", 0), event("c.happened", 5)]) == [
        "it looked at 0 events; no window had ended yet"
    ]
    armed = automation(posture="Proactive", after=["a.happened"], expect=["b.happened"], within=60)
    assert nearest(armed, [event("a.happened", 0)]) == ["it looked at 1 event; no window had ended yet"]


def test_each_trigger_of_a_composite_by_itself():
    both = automation(type="compound", require="all", within=60, triggers=[leaf("a.happened"), leaf("door.opened")])

    assert nearest(both, [event("a.happened", 0)]) == [
        "trigger 1 (`a.happened`): met 1 time",
        "trigger 2 (`door.opened`): no event has a name that it looks at.",
    ]


def test_a_metric_is_nothing_that_events_could_tell_of():
    query = {"name": "successes", "threshold": 0.5, "operator": "<"}

    assert "measurements" in nearest(automation(type="metric", metric=query), [event("a.happened", 0)])[0]
