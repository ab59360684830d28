"""The use cases of runs and deployments, put together over one set of stores."""

from collections.abc import Callable
from dataclasses import dataclass

from whenflow.deployments.creating import RunMaker
from whenflow.deployments.registry import DeploymentRegistry
from whenflow.deployments.rules import DeploymentRules
from whenflow.deployments.scheduling import Scheduler
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, RunStore, TimerQueue
from whenflow.runs import RunControl, RunLedger


@dataclass(frozen=True, slots=True)
class Desk:
    """What makes, changes and finds runs and deployments."""

    ledger: RunLedger
    control: RunControl
    maker: RunMaker
    scheduler: Scheduler
    registry: DeploymentRegistry
    rules: DeploymentRules


def desk_over(
    config: ConfigStore,
    events: EventStore,
    runs: RunStore,
    clock: Clock,
    ids: Ids,
    timers: TimerQueue | None = None,
    disown: Callable[[str], object] = lambda _resource_id: None,
) -> Desk:
    """Return the use cases over these stores.

    Args:
        config: Where deployments, pools and variables are.
        events: Where changes are told.
        runs: Where runs are.
        clock: Tells the time.
        ids: Makes ids.
        timers: Rings for what is due soon; without it, that waits for the sweep.
        disown: Removes the automations that a resource owns.
    """
    ledger = RunLedger(runs, clock, ids, timers)
    maker = RunMaker(config, ledger, clock)
    scheduler = Scheduler(config, runs, ledger, maker, clock)
    registry = DeploymentRegistry(config, events, scheduler, clock, ids, disown)
    return Desk(ledger, RunControl(ledger, clock), maker, scheduler, registry, DeploymentRules(config, clock))
