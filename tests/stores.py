"""The stores, in memory and in DynamoDB, for tests that hold for both."""

from dataclasses import dataclass
from typing import Any

from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.notifications.targets import Targets
from whenflow.actions.run_control import LedgerRunControl
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.actions.tools import Tools
from whenflow.api.services import Services
from whenflow.automations.registry import AutomationRegistry
from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.aws.run_store import DynamoRunStore
from whenflow.ports import Clock, ConfigStore, EventStore, FiringStore, Ids, Launcher, RunStore
from whenflow.runs import RunLedger
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
    return Stores(events, MemoryFiringStore(), MemoryRunStore(events), MemoryConfigStore())


def in_dynamodb(client: Any, clock: Clock) -> Stores:
    """Return the adapters."""
    events = DynamoEventStore(client, "EventsTable", "StateTable", SHARDS, RETENTION_DAYS, clock)
    return Stores(
        events,
        DynamoFiringStore(client, "FiringsTable", clock),
        DynamoRunStore(client, "RunsTable", events, clock),
        DynamoConfigStore(client, "ConfigTable"),
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
    )


def notifier(clock: Clock) -> Notifier:
    """Return a notifier that sends nothing."""
    return Notifier(MemorySecrets(), RecordedHttp(), RecordedMailer(), RecordedTopics(), clock)


def tools_over(stores: Stores, launcher: Launcher, clock: Clock, ids: Ids) -> Tools:
    """Return what actions work with, over these stores."""
    ledger = RunLedger(stores.runs, clock, ids)
    runner = runner_over(stores, launcher, clock, ids)
    registry = AutomationRegistry(stores.config, stores.events, clock, ids, lambda _automation: None)
    control = LedgerRunControl(ledger)
    return Tools(stores.events, stores.config, clock, ids, runner, control, registry, notifier(clock))


def runner_over(stores: Stores, launcher: Launcher, clock: Clock, ids: Ids) -> DeploymentRunner:
    """Return what runs deployments, over these stores; its rings are heard by nobody."""
    ledger = RunLedger(stores.runs, clock, ids)
    schedule = RunSchedule(ledger, stores.runs, launcher, MemoryTimerQueue(), clock, ids)
    return DeploymentRunner(stores.config, ledger, schedule, clock)
