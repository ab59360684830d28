"""Actions on the flow run that an event is about."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.actions.conftest import Fire
from tests.stories import NOBODY, ann_signs_up, order_placed
from tests.world import World

from whenflow.actions.perform import ActionPerformer
from whenflow.errors import NotFound
from whenflow.runs import FlowRun, Refused, StateType
from whenflow.runs.events import state_event

Perform = Callable[..., dict[str, Any]]


class RecordedRuns:
    """Changes no run, and remembers what was asked."""

    def __init__(self, run: FlowRun) -> None:
        self.run = run
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Refused | None = None

    def cancel(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        return self._asked("cancel", run_id, message)

    def suspend(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        return self._asked("suspend", run_id, message)

    def resume(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        return self._asked("resume", run_id, message)

    def delete(self, run_id: str, by: str) -> str:
        self._asked("delete", run_id)
        return self.run.name

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False, by: str
    ) -> FlowRun | Refused:
        return self._asked("change", run_id, type_, name, message, force)

    def _asked(self, *what: Any) -> FlowRun | Refused:
        if what[1] != self.run.id:
            raise NotFound("There is no such run.")
        self.asked.append(what)
        return self.refusal or self.run


@pytest.fixture
def run(world: World) -> FlowRun:
    """A run that waits to be worked on."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    return world.run()


@pytest.fixture
def runs(run: FlowRun) -> RecordedRuns:
    """What is asked of runs."""
    return RecordedRuns(run)


@pytest.fixture
def perform(world: World, fire: Fire, run: FlowRun, runs: RecordedRuns) -> Perform:
    """A function that performs an action on an event of the run; returns the payload of the event that tells of it."""
    from dataclasses import replace

    performer = ActionPerformer(replace(world.tools, runs=runs))

    def performed(action: dict[str, Any], event: Any = None) -> dict[str, Any]:
        firing = fire(action, event=event or state_event(run))
        performer.perform(firing, 0)
        (*_, told) = world.events.stored.values()
        return {"event": told.event.rpartition(".")[2], "related": told.related, **told.payload}

    return performed


@pytest.mark.parametrize(
    ("type_", "word", "done"),
    [
        ("cancel-flow-run", "cancel", "Cancelled"),
        ("suspend-flow-run", "suspend", "Suspended"),
        ("resume-flow-run", "resume", "Resumed"),
    ],
)
def test_a22_the_run_of_the_event_is_changed_and_the_message_names_the_automation(
    perform, runs, run, world, type_, word, done
):
    told = perform({"type": type_})

    ((asked, run_id, message),) = runs.asked
    assert (asked, run_id) == (word, run.id)
    assert message.startswith(f"{done} by Automation ")
    assert told["event"] == "executed"
    assert told["related"][0] == {
        "prefect.resource.id": run.resource_id,
        "prefect.resource.role": "target",
        "prefect.resource.name": run.name,
    }


def test_a22_a_run_is_removed(perform, runs, run):
    assert perform({"type": "delete-flow-run"})["event"] == "executed"

    assert runs.asked == [("delete", run.id)]


def test_a22_a_state_has_the_name_of_its_type_and_a_message_unless_others_are_given(perform, runs, run):
    told = perform({"type": "change-flow-run-state", "state": "FAILED"})

    ((_, _, type_, name, message, force),) = runs.asked
    assert (type_, name, force) == (StateType.FAILED, "Failed", False)
    assert message.startswith("State changed by Automation ")
    assert told["flow_run_id"] == run.id


def test_a22_name_message_and_force_of_the_action_are_used(perform, runs, run):
    perform(
        {"type": "change-flow-run-state", "state": "COMPLETED", "name": "Skipped", "message": "by hand", "force": True}
    )

    assert runs.asked == [("change", run.id, StateType.COMPLETED, "Skipped", "by hand", True)]


def test_a_change_that_is_refused_fails_with_the_reason(perform, runs):
    runs.refusal = Refused("it has ended")

    told = perform({"type": "cancel-flow-run"})

    assert (told["event"], told["reason"]) == ("failed", "Failed to set state: it has ended")
    assert told["related"][0]["prefect.resource.role"] == "target"


def test_an_event_about_no_run_fails_with_that_reason(perform):
    told = perform({"type": "cancel-flow-run"}, event=order_placed(8))

    assert (told["event"], told["reason"]) == ("failed", "No flow run could be inferred")


def test_a_run_that_is_not_there_fails_with_404(perform):
    about = order_placed(
        9, related=[{"prefect.resource.id": f"prefect.flow-run.{NOBODY}", "prefect.resource.role": "x"}]
    )

    told = perform({"type": "cancel-flow-run"}, event=about)

    assert told["reason"].startswith("Unexpected status from 'cancel-flow-run' action: 404")
    assert told["status_code"] == 404


def test_a6_the_trigger_s_labels_come_before_the_event(world, run, runs):
    from dataclasses import replace

    from whenflow.actions.flow_runs import cancel_flow_run

    world.automation(
        {
            "name": "per run",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["prefect.flow-run.*"],
                "for_each": ["prefect.resource.id"],
            },
            "actions": [{"type": "cancel-flow-run"}],
        }
    )
    firing = world.firing(state_event(world.ledger.move(run.id, StateType.RUNNING)))
    other = order_placed(related=[{"prefect.resource.id": f"prefect.flow-run.{NOBODY}", "prefect.resource.role": "x"}])

    cancel_flow_run(firing.actions[0], firing, 0, other, replace(world.tools, runs=runs))

    assert runs.asked[0][1] == run.id


def test_a_run_is_cancelled_for_good_and_told_so_once(world, fire, run):
    firing = fire({"type": "cancel-flow-run"}, event=state_event(run))

    world.dispatcher.dispatch(firing)
    world.dispatcher.dispatch(firing)

    assert world.ledger.get(run.id).state.name == "Cancelled"
    assert len(world.events.named("prefect.flow-run.Cancelled")) == 1
    told = world.events.named("prefect.automation.action.executed")
    assert [event.payload["action_type"] for event in told].count("cancel-flow-run") == 1
