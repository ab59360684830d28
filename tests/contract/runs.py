"""Runs and their log lines, made for the contract of run stores."""

from dataclasses import replace
from datetime import timedelta

from tests.stories import NOBODY, NOON

from whenflow.ports import LogLine, RunStore
from whenflow.runs import FlowRun, State, StateDetails, StateType
from whenflow.runs.events import state_event
from whenflow.testing import ManualClock, SequentialIds


class Runs:
    """Makes runs and their next states."""

    def __init__(self, clock: ManualClock, ids: SequentialIds) -> None:
        self.clock = clock
        self.ids = ids

    def state(self, type_: StateType) -> State:
        now = self.clock.now()
        return State(self.ids.event_id(now, "prefect.flow-run.x"), type_, type_.title(), now, "as planned")

    def new(self, **changes) -> FlowRun:
        id_ = self.ids.new()
        now = self.clock.now()
        return FlowRun(
            **{
                "id": id_,
                "name": "quick-fox",
                "flow_id": NOBODY,
                "flow_name": "new-user-flow",
                "deployment_id": NOBODY,
                "deployment_name": "welcome",
                "work_pool_name": "lambda",
                "parameters": {"name": "Ann", "n": 5, "nested": {"list": [1, None, "ë"]}},
                "tags": ("a", "b"),
                "created": now,
                "states": (
                    State(
                        self.ids.event_id(now, f"prefect.flow-run.{id_}"),
                        StateType.SCHEDULED,
                        "Scheduled",
                        now,
                    ),
                ),
                "created_by": {"id": NOBODY, "type": "AUTOMATION", "display_value": "welcome new users"},
                "job_variables": {"function_arn": "arn:flows"},
                **changes,
            }
        )

    def next(self, run: FlowRun, type_: StateType) -> FlowRun:
        now = self.clock.advance(1)
        state = State(self.ids.event_id(now, run.resource_id), type_, type_.title(), now, "as planned")
        return replace(run, states=(*run.states, state), watch=None)

    def scheduled(self, run: FlowRun, seconds: float, name: str = "Scheduled") -> FlowRun:
        """Put a run into a state in which it waits for a time, some seconds after noon."""
        now = self.clock.now()
        details = StateDetails(scheduled_time=NOON + timedelta(seconds=seconds))
        id_ = self.ids.event_id(now, run.resource_id)
        state = State(id_, StateType.SCHEDULED, name, now, None, details)
        states = (*run.states, state) if run.version else (state,)
        return replace(run, states=states, watch=details.scheduled_time)


def stored(runs: RunStore, run: FlowRun) -> FlowRun:
    """Store a new run and return it as it was stored."""
    assert runs.create(run, state_event(run))
    found = runs.get(run.id)
    assert found is not None
    return found


def a_line(message: str, second: float = 0) -> LogLine:
    return LogLine(NOON + timedelta(seconds=second), 20, "whenflow.flow_runs", message)
