"""What a backtest tells of a firing: what, when, by which event, and with which parameters its runs would start."""

import pytest
from tests.backtest.worlds import at, automation, event, leaf
from tests.stories import NOBODY

from whenflow.automations.backtest import Backtest
from whenflow.automations.fixtures import draft_from_document
from whenflow.events import named_id


def play(automations, events, **options):
    return list(Backtest(automations, **options).play(events))


def test_parameters_are_rendered_as_the_action_would_have_them():
    given = {
        "who": "{{ event.resource.id }}",
        "n": "{{ event.payload.n }}",
        "deep": [{"text": "n={{ event.payload.n }}"}],
    }

    (found,) = play([automation(parameters=given)], [event("a.happened", 0, payload={"n": 7})])

    (run,) = found.runs
    assert run.parameters == {"who": "r.1", "n": 7, "deep": [{"text": "n=7"}]}
    assert run.deployment_id == named_id("deployment", "flow/it")
    assert run.error is None


def test_a_template_that_fails_is_told_of_and_stops_nothing():
    broken = automation(parameters={"x": "{{ event.payload.nothing | tojson }}"})

    found = play([broken], [event("a.happened", 0), event("a.happened", 1)])

    assert [one.runs[0].parameters for one in found] == [None, None]
    assert "undefined" in str(found[0].runs[0].error)
    assert "error" in found[0].as_document()["runs"][0]


def test_only_actions_that_run_deployments_are_shown_each_by_its_number():
    document = {
        "name": "x",
        "trigger": leaf(),
        "actions": [{"type": "do-nothing"}, {"type": "run-deployment", "deployment": "flow/it"}],
        "actions_on_trigger": [{"type": "run-deployment", "source": "inferred", "parameters": {"a": 1}}],
    }

    (found,) = play([draft_from_document(document).automation], [event("a.happened", 0)])

    assert [(run.action, run.parameters) for run in found.runs] == [(1, {}), (2, None)]
    assert (found.runs[1].deployment_id, found.runs[1].error) == (None, "No deployment could be inferred")


def test_actions_on_the_trigger_see_the_event_that_would_tell_of_it():
    document = {
        "name": "x",
        "trigger": leaf(),
        "actions": [],
        "actions_on_trigger": [
            {"type": "run-deployment", "deployment": "flow/it", "parameters": {"event": "{{ event.event }}"}}
        ],
    }

    (found,) = play([draft_from_document(document).automation], [event("a.happened", 0)])

    assert found.runs[0].parameters == {"event": "prefect.automation.triggered"}


def test_a_deployment_is_inferred_as_it_would_be():
    document = {"name": "x", "trigger": leaf(), "actions": [{"type": "run-deployment", "source": "inferred"}]}
    related = [{"prefect.resource.id": f"prefect.deployment.{NOBODY}", "prefect.resource.role": "deployment"}]

    (found,) = play([draft_from_document(document).automation], [event("a.happened", 0, related=related)])

    assert found.runs[0].deployment_id == NOBODY


def test_a_firing_tells_its_key_its_event_and_its_times():
    keyed = automation(for_each=["prefect.resource.id"], threshold=2, within=60)

    (found,) = play([keyed], [event("a.happened", 0), event("a.happened", 5, received=6)])

    document = found.as_document()
    assert document["labels"] == {"prefect.resource.id": "r.1"}
    assert document["automation"] == {"id": keyed.id, "name": "an automation"}
    assert (document["time"], document["triggered"]) == ("2026-11-20T12:00:05.000000Z", "2026-11-20T12:00:06.000000Z")
    assert document["event"]["event"] == "a.happened"


def test_a_composite_tells_of_its_children():
    both = automation(type="compound", require="all", within=60, triggers=[leaf("a.happened"), leaf("b.happened")])

    (found,) = play([both], [event("a.happened", 0), event("b.happened", 9)])

    assert [child["event"] for child in found.as_document()["children"]] == [
        event("a.happened", 0).id,
        event("b.happened", 9).id,
    ]


def test_silence_without_any_event_has_none_to_show():
    (found,) = play([automation(posture="Proactive", within=10)], [], start=at(0), until=at(10))

    assert found.as_document()["event"] is None


@pytest.mark.parametrize("enabled", [True, False])
def test_an_automation_that_is_switched_off_is_played_as_if_it_were_on(enabled):
    given = automation().model_copy(update={"enabled": enabled})

    assert len(play([given], [event("a.happened", 0)])) == 1


def test_equal_input_gives_equal_firings_down_to_their_ids():
    events = [event("a.happened", n, f"r.{n % 3}") for n in range(30)]
    keyed = automation(for_each=["prefect.resource.id"], threshold=3, within=5)

    assert play([keyed], events) == play([keyed], events)


def test_firings_are_yielded_as_they_are_found_and_not_at_the_end():
    def endless():
        second = 0
        while True:
            yield event("a.happened", second)
            second += 1

    found = Backtest([automation()]).play(endless())

    assert [next(found).firing.time for _ in range(3)] == [at(0), at(1), at(2)]
