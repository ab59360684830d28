"""Runs that were launched, and time that passes over them with a sweep each minute."""

from collections.abc import Callable
from typing import Any

from tests.stories import file_deployment
from tests.world import World

from whenflow.deployments import RunRequest
from whenflow.runs import FlowRun

MACHINE = file_deployment()
EXPRESS = file_deployment(job_variables={**MACHINE["job_variables"], "state_machine_type": "EXPRESS"})


def launcher_in(world: World, beats: float | None = 180.0) -> Callable[..., FlowRun]:
    """Return a function that launches a run at once, as an action does; its code has begun unless it is told not to."""

    def launched(deployment: dict[str, Any] | None = None, *, begun: bool = True, **request: Any) -> FlowRun:
        made = world.deployment(**(deployment or {}))
        run, _ = world.desk.maker.create(made, RunRequest(at_once=True, **request))
        world.schedule.start(run.id)
        if begun:
            world.ledger.start(run.id, "launch-1", beats)
        return world.ledger.get(run.id)

    return launched


def minutes_pass(world: World, minutes: int) -> None:
    """Let minutes pass, with a sweep and its rings in each."""
    for _ in range(minutes):
        world.wait(60)
        world.schedule.sweep()
        world.wait(0)


def state_of(world: World, run: FlowRun) -> tuple[str, str | None]:
    """Return the name and the message of the state of a run."""
    state = world.ledger.get(run.id).state
    return state.name, state.message
