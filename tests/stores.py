"""The stores, in memory and in DynamoDB, for tests that hold for both."""

from dataclasses import dataclass
from typing import Any

from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.notifications.targets import Targets
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.actions.tools import Tools
from whenflow.api.desk import desk_of
from whenflow.api.services import Services
from whenflow.automations.registry import AutomationRegistry
from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.aws.overflow import Overflow
from whenflow.aws.run_store import DynamoRunStore
from whenflow.aws.task_run_store import DynamoTaskRunStore
from whenflow.flows import Flow, Task
from whenflow.flows.backend import StackBackend, StackDeployments
from whenflow.flows.serve import FlowServer
from whenflow.limits.desk import limit_desk_over
from whenflow.ports import Clock, ConfigStore, EventStore, FiringStore, Ids, Launcher, RunStore
from whenflow.runs import RunControl, RunLedger
from whenflow.runs.schedule import RunSchedule
from whenflow.testing import (
    MemoryConfigStore,
    MemoryDeadLetters,
    MemoryEventStore,
    MemoryFiringStore,
    MemoryRunStore,
    MemorySecrets,
    RecordedHttp,
    RecordedMailer,
    RecordedTopics,
)
from whenflow.testing.limits import MemoryOccupancyStore
from whenflow.testing.run_inputs import MemoryRunInputs
from whenflow.testing.task_runs import MemoryTaskQueue
from whenflow.testing.windows import MemoryTimerQueue

SHARDS = 4
RETENTION_DAYS = 30


@dataclass(frozen=True)
class Stores:
    """One store of each kind, over the same data."""

    events: EventStore
    firings: FiringStore
    runs: RunStore
    config: ConfigStore


def in_memory() -> Stores:
    """Return the fakes."""
    events = MemoryEventStore()
    return Stores(events, MemoryFiringStore(), MemoryRunStore(events), MemoryConfigStore(events))


def in_dynamodb(client: Any, clock: Clock, overflow: Overflow | None = None) -> Stores:
    """Return the adapters."""
    events = DynamoEventStore(client, "EventsTable", "StateTable", SHARDS, RETENTION_DAYS, clock, overflow)
    return Stores(
        events,
        DynamoFiringStore(client, "FiringsTable", clock, overflow),
        DynamoRunStore(client, "RunsTable", events, clock),
        DynamoConfigStore(client, "ConfigTable", events),
    )


def services_over(stores: Stores, clock: Clock, ids: Ids) -> Services:
    """Return what the API works with, over these stores; it knows no key."""
    registry = AutomationRegistry(stores.config, stores.events, clock, ids, lambda _automation: None)
    return Services(
        stores.events,
        stores.firings,
        stores.runs,
        stores.config,
        clock,
        ids,
        lambda _key: None,
        registry,
        targets=Targets(stores.config, MemorySecrets(), notifier(clock), clock, ids),
        dead_letters=MemoryDeadLetters(),
        limits=limit_desk_over(stores.config, MemoryOccupancyStore(), stores.events, clock, ids),
        run_inputs=MemoryRunInputs(),
    )


def notifier(clock: Clock) -> Notifier:
    """Return a notifier that sends nothing."""
    return Notifier(MemorySecrets(), RecordedHttp(), RecordedMailer(), RecordedTopics(), clock)


def tools_over(stores: Stores, launcher: Launcher, clock: Clock, ids: Ids) -> Tools:
    """Return what actions work with, over these stores."""
    ledger = RunLedger(stores.runs, clock, ids)
    runner = runner_over(stores, launcher, clock, ids)
    registry = AutomationRegistry(stores.config, stores.events, clock, ids, lambda _automation: None)
    control = RunControl(ledger, clock)
    return Tools(stores.events, stores.config, clock, ids, runner, control, registry, notifier(clock))


def runner_over(stores: Stores, launcher: Launcher, clock: Clock, ids: Ids) -> DeploymentRunner:
    """Return what runs deployments, over these stores; its rings are heard by nobody."""
    ledger = RunLedger(stores.runs, clock, ids)
    schedule = RunSchedule(ledger, stores.runs, launcher, MemoryTimerQueue(), clock, ids)
    return DeploymentRunner(stores.config, ledger, schedule, clock)


def deployed(document: dict[str, Any], stores: Stores, clock: Clock, ids: Ids) -> dict[str, Any]:
    """Set up a deployment, and return it."""
    return desk_of(services_over(stores, clock, ids)).registry.upsert(document)[0]


def served_over(
    stores: Stores, served: tuple[Flow[..., Any] | Task[..., Any], ...], client: Any, clock: Clock, ids: Ids
) -> FlowServer:
    """Return a server of flows and tasks over these stores; it runs no deployments and delays no tasks."""
    task_runs = DynamoTaskRunStore(client, "RunsTable", clock)
    ledger = RunLedger(stores.runs, clock, ids)
    desk = desk_of(services_over(stores, clock, ids))
    backend = StackBackend(
        ledger,
        stores.runs,
        stores.events,
        clock,
        ids,
        task_runs,
        lambda: StackDeployments(stores.config, desk.maker),
        MemoryTaskQueue,
        lambda: limit_desk_over(stores.config, MemoryOccupancyStore(), stores.events, clock, ids).book,
    )
    return FlowServer(served, backend, task_runs)
