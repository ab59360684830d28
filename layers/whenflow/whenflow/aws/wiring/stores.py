"""Wiring: the stores and queues."""

from functools import lru_cache
from typing import TYPE_CHECKING

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.run_store import DynamoRunStore
from whenflow.aws.settings import settings
from whenflow.aws.wiring.clients import client, clock, dynamodb, ids
from whenflow.events.retention import retention_from_text
from whenflow.runs import RunLedger

if TYPE_CHECKING:
    from whenflow.aws.firing_store import DynamoFiringStore
    from whenflow.aws.occupancy_store import DynamoOccupancyStore
    from whenflow.aws.overflow import Overflow
    from whenflow.aws.progress_store import DynamoHoldStore, DynamoProgressStore
    from whenflow.aws.request_log import DynamoRequestLog
    from whenflow.aws.retry_queue import SqsRetryQueue
    from whenflow.aws.run_inputs import DynamoRunInputs
    from whenflow.aws.secrets import AwsSecrets
    from whenflow.aws.task_queue import SqsTaskQueue
    from whenflow.aws.task_run_store import DynamoTaskRunStore
    from whenflow.aws.timer_queue import SqsTimerQueue
    from whenflow.aws.window_store import DynamoWindowStore


@lru_cache(maxsize=2)
def overflow(prefix: str) -> "Overflow | None":
    """Return where documents go that fit no item, by what they are; None where no bucket is set."""
    from whenflow.aws.overflow import Overflow

    bucket = settings().events_bucket
    return Overflow(lambda: client("s3"), bucket, f"overflow/{prefix}") if bucket else None


@lru_cache(maxsize=1)
def events() -> DynamoEventStore:
    """Return the event store."""
    named = settings()
    retention = retention_from_text(named.retention_days, named.shorter_retention)
    return DynamoEventStore(
        dynamodb(), named.events_table, named.state_table, named.shards, retention, clock(), overflow("events")
    )


@lru_cache(maxsize=1)
def firings() -> "DynamoFiringStore":
    """Return the firing store."""
    from whenflow.aws.firing_store import DynamoFiringStore  # and with it the engine, which flows have no need of

    return DynamoFiringStore(dynamodb(), settings().firings_table, clock(), overflow("firings"))


@lru_cache(maxsize=1)
def runs() -> DynamoRunStore:
    """Return the run store."""
    return DynamoRunStore(dynamodb(), settings().runs_table, events(), clock())


@lru_cache(maxsize=1)
def task_runs() -> "DynamoTaskRunStore":
    """Return the store of task runs."""
    from whenflow.aws.task_run_store import DynamoTaskRunStore

    return DynamoTaskRunStore(dynamodb(), settings().runs_table, clock())


@lru_cache(maxsize=1)
def occupancies() -> "DynamoOccupancyStore":
    """Return the store of what is taken of concurrency limits."""
    from whenflow.aws.occupancy_store import DynamoOccupancyStore

    return DynamoOccupancyStore(dynamodb(), settings().runs_table, clock())


@lru_cache(maxsize=1)
def run_inputs() -> "DynamoRunInputs":
    """Return the store of what is given to flow runs."""
    from whenflow.aws.run_inputs import DynamoRunInputs

    return DynamoRunInputs(dynamodb(), settings().runs_table, clock())


@lru_cache(maxsize=1)
def task_queue() -> "SqsTaskQueue":
    """Return the queue of background tasks."""
    from whenflow.aws.task_queue import SqsTaskQueue

    return SqsTaskQueue(client("sqs"), settings().task_queue_url)


@lru_cache(maxsize=1)
def config() -> DynamoConfigStore:
    """Return the config store; the events that tell of changes are stored with them."""
    return DynamoConfigStore(dynamodb(), settings().config_table, events())


@lru_cache(maxsize=1)
def timers() -> "SqsTimerQueue":
    """Return the timer queue."""
    from whenflow.aws.timer_queue import SqsTimerQueue

    return SqsTimerQueue(client("sqs"), settings().timer_queue_url, clock())


@lru_cache(maxsize=1)
def ledger() -> RunLedger:
    """Return the ledger of flow runs. Where there is no timer queue, what is due soon waits for the sweep."""
    from whenflow.aws.timer_queue import LateTimerQueue

    rings = LateTimerQueue(timers) if settings().timer_queue_url else None
    return RunLedger(runs(), clock(), ids(), rings)


@lru_cache(maxsize=1)
def progress() -> "DynamoProgressStore":
    """Return how far matcher and timer have come."""
    from whenflow.aws.progress_store import DynamoProgressStore

    return DynamoProgressStore(dynamodb(), settings().state_table)


@lru_cache(maxsize=1)
def holds() -> "DynamoHoldStore":
    """Return the events that are held."""
    from whenflow.aws.progress_store import DynamoHoldStore

    return DynamoHoldStore(dynamodb(), settings().state_table, timers(), clock())


@lru_cache(maxsize=1)
def windows() -> "DynamoWindowStore":
    """Return the window store."""
    from whenflow.aws.window_store import DynamoWindowStore

    return DynamoWindowStore(dynamodb(), settings().state_table, firings())


@lru_cache(maxsize=1)
def secrets() -> "AwsSecrets":
    """Return the secrets."""
    from whenflow.aws.secrets import AwsSecrets

    return AwsSecrets(client, settings().stack_name)


@lru_cache(maxsize=1)
def request_log() -> "DynamoRequestLog":
    """Return the log of the webhooks' requests."""
    from whenflow.aws.request_log import DynamoRequestLog

    return DynamoRequestLog(dynamodb(), settings().state_table, clock())


@lru_cache(maxsize=1)
def retry_queue() -> "SqsRetryQueue":
    """Return the queue of actions to be tried again."""
    from whenflow.aws.retry_queue import SqsRetryQueue

    return SqsRetryQueue(client("sqs"), settings().retry_queue_url)
