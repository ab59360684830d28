"""A test passes if exactly what is expected fires; where it fails it shows the difference, and why."""

from typing import Any

from tests.backtest.worlds import automation, leaf

from whenflow.automations.fixtures import read_test
from whenflow.automations.scenarios import Report, run_test

TWICE = automation(
    expect=["a.happened"],
    for_each=["prefect.resource.id"],
    threshold=2,
    within=60,
    parameters={"n": "{{ event.payload.n }}"},
)


def a(at: Any, resource: str = "r.1", **more: Any) -> dict[str, Any]:
    return {"at": at, "event": "a.happened", "resource": resource, **more}


def run(*given: dict[str, Any], expect: Any, automation: Any = TWICE, **more: Any) -> Report:
    return run_test(automation, read_test({"name": "it", "given": list(given), "expect": expect, **more}))


def differences(report: Report) -> list[str]:
    return [f"{one.sign} {one.text}" for one in report.differences]


def test_what_fires_as_expected_passes():
    expected = {"at": "+9s", "event": 2, "labels": {"prefect.resource.id": "r.1"}, "parameters": {"n": 7}}

    report = run(a("+0s"), a("+9s", payload={"n": 7}), expect=[expected])

    assert report.passed
    assert report.why == ()
    assert differences(report) == ["= fired at +9 s (00:00:09), by event 2 (`a.happened`), for prefect.resource.id=r.1"]


def test_an_expectation_that_says_nothing_is_met_by_any_firing():
    assert run(a("+0s"), a("+9s"), expect=[{}]).passed
    assert not run(a("+0s"), a("+9s"), expect=[{}, {}]).passed


def test_nothing_expected_and_nothing_fired_passes():
    assert run(a("+0s"), expect="nothing").passed
    assert run(a("+0s"), expect=[]).passed


def test_a_firing_that_is_missing_is_shown_with_the_explanation_of_its_event():
    report = run(a("+0s"), a("+61s"), expect=[{"event": 2}])

    assert not report.passed
    assert differences(report) == ["- expected by event 2 (`a.happened`)"]
    (why,) = report.why
    assert why.startswith(
        "event 2 (`a.happened`): Did not fire: it has counted 1 of 2 `a.happened` for prefect.resource.id=r.1"
    )


def test_without_an_event_named_the_last_one_that_was_looked_at_is_explained():
    other = {"at": "+5s", "event": "z.happened", "resource": "r.1"}

    (why,) = run(a("+0s"), a("+1s", "r.2"), other, expect=[{"labels": {"prefect.resource.id": "r.1"}}]).why

    assert why.startswith("event 2 (`a.happened`): Did not fire")


def test_a_firing_that_nobody_expected_is_shown_with_why_it_fired():
    report = run(a("+0s"), a("+9s", payload={"n": 7}), expect="nothing")

    assert differences(report) == [
        '+ fired at +9 s (00:00:09), by event 2 (`a.happened`), for prefect.resource.id=r.1, with {"n": 7}'
    ]
    assert report.why[0].startswith("event 2 (`a.happened`): Fired: this is number 2 of 2")


def test_a_firing_with_other_parameters_is_missing_and_surplus():
    report = run(a("+0s"), a("+9s", payload={"n": 7}), expect=[{"at": "+9s", "parameters": {"n": 8}}])

    assert differences(report) == [
        '- expected at +9 s (00:00:09), with {"n": 8}',
        '+ fired at +9 s (00:00:09), by event 2 (`a.happened`), for prefect.resource.id=r.1, with {"n": 7}',
    ]


def test_a_template_that_fails_is_no_parameters():
    broken = automation(parameters={"x": "{{ nothing | tojson }}"})

    report = run(a("+0s"), expect=[{"parameters": {"x": None}}], automation=broken)

    assert 'with {"error": "' in differences(report)[1]


def test_firings_that_agree_are_paired_around_one_that_does_not():
    immediate = automation()
    events = [a(f"+{n}s") for n in range(4)]

    report = run(*events, expect=[{"event": 1}, {"event": 3}, {"event": 4}], automation=immediate)

    assert [one.sign for one in report.differences] == ["=", "+", "=", "="]


def test_absence_is_waited_for_until_the_end():
    silent = automation(posture="Proactive", after=["a.happened"], expect=["b.happened"], within=30)

    assert run(a("+0s"), expect=[{"at": "+30s", "event": 1}], until="+1m", automation=silent).passed
    assert run(a("+0s"), expect="nothing", automation=silent).passed
    assert not run(a("+0s"), expect="nothing", until="+30s", automation=silent).passed


def test_standing_windows_begin_with_the_test():
    silent = automation(posture="Proactive", expect=["a.happened"], within=30)

    assert run(expect=[{"at": "+30s", "event": None}, {"at": "+60s"}], until="+1m", automation=silent).passed


def test_a_firing_that_is_missing_where_no_event_was_given_has_no_explanation():
    report = run(expect=[{"at": "+30s"}], until="+1m")

    assert (report.passed, report.why) == (False, ())


def test_a_composite_is_tested_like_any_other():
    both = automation(type="sequence", within=60, triggers=[leaf("a.happened"), leaf("b.happened")])
    b = {"at": "+5s", "event": "b.happened", "resource": "r"}

    assert run(a("+0s"), b, expect=[{"event": "b.happened"}], automation=both).passed
    assert run(b, a("+6s"), expect="nothing", automation=both).passed


def test_an_automation_that_is_switched_off_is_tested_as_if_it_were_on():
    off = automation().model_copy(update={"enabled": False})

    assert run(a("+0s"), expect=[{}], automation=off).passed


def test_the_report_is_json_too():
    document = run(a("+0s"), a("+9s", payload={"n": 7}), expect="nothing").as_document()

    assert (document["name"], document["passed"]) == ("it", False)
    assert document["fired"][0]["runs"][0]["parameters"] == {"n": 7}
