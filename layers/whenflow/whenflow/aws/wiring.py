"""Wires the use cases to AWS: each made once per process, when it is first asked for. No other place does this."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.aws.run_store import DynamoRunStore
from whenflow.aws.settings import settings
from whenflow.aws.system import SystemClock, SystemIds
from whenflow.runs import RunLedger

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.actions.perform import ActionDispatcher
    from whenflow.api.app import Handler
    from whenflow.automations.match import Matcher
    from whenflow.runs.track import Tracker
    from whenflow.sources import NotificationReceiver
    from whenflow.webhooks import WebhookReceiver

CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})


@lru_cache(maxsize=8)
def client(service: str) -> Any:
    """Return the client of an AWS service."""
    return boto3.client(service, config=CONFIG)  # type: ignore[call-overload]


def dynamodb() -> "DynamoDBClient":
    """Return the client of DynamoDB."""
    made: DynamoDBClient = client("dynamodb")
    return made


@lru_cache(maxsize=1)
def clock() -> SystemClock:
    """Return the clock."""
    return SystemClock()


@lru_cache(maxsize=1)
def ids() -> SystemIds:
    """Return the source of ids."""
    return SystemIds(settings().shards)


@lru_cache(maxsize=1)
def events() -> DynamoEventStore:
    """Return the event store."""
    named = settings()
    return DynamoEventStore(
        dynamodb(), named.events_table, named.state_table, named.shards, named.retention_days, clock()
    )


@lru_cache(maxsize=1)
def firings() -> DynamoFiringStore:
    """Return the firing store."""
    return DynamoFiringStore(dynamodb(), settings().firings_table, clock())


@lru_cache(maxsize=1)
def runs() -> DynamoRunStore:
    """Return the run store."""
    return DynamoRunStore(dynamodb(), settings().runs_table, events(), clock())


@lru_cache(maxsize=1)
def config() -> DynamoConfigStore:
    """Return the config store."""
    return DynamoConfigStore(dynamodb(), settings().config_table)


@lru_cache(maxsize=1)
def ledger() -> RunLedger:
    """Return the ledger of flow runs."""
    return RunLedger(runs(), clock(), ids())


@lru_cache(maxsize=1)
def webhook_receiver() -> "WebhookReceiver":
    """Return the use case of the `webhook` function."""
    from whenflow.aws.directories import CachedWebhooks
    from whenflow.webhooks import WebhookReceiver

    return WebhookReceiver(CachedWebhooks(config()), events(), clock(), ids())


@lru_cache(maxsize=1)
def notification_receiver() -> "NotificationReceiver":
    """Return the use case of the `notification` function."""
    from whenflow.sources import NotificationReceiver

    return NotificationReceiver(events(), clock())


@lru_cache(maxsize=1)
def matcher() -> "Matcher":
    """Return the use case of the `matcher` function."""
    from whenflow.automations.match import Matcher
    from whenflow.aws.directories import CachedAutomations

    return Matcher(CachedAutomations(config()), firings(), clock())


@lru_cache(maxsize=1)
def action_dispatcher() -> "ActionDispatcher":
    """Return the use case of the `action` function."""
    from whenflow.actions.perform import ActionDispatcher, ActionPerformer
    from whenflow.actions.run_deployment import DeploymentRunner
    from whenflow.aws.launchers import LambdaTarget, Launchers, StepFunctionsTarget, Target
    from whenflow.aws.retry_queue import SqsRetryQueue
    from whenflow.runs.targets import LAMBDA, STEP_FUNCTIONS

    targets: dict[str, Target] = {
        LAMBDA: LambdaTarget(client("lambda"), ids()),
        STEP_FUNCTIONS: StepFunctionsTarget(client("stepfunctions")),
    }
    runner = DeploymentRunner(config(), ledger(), Launchers(targets), clock())
    performer = ActionPerformer(events(), runner, clock(), ids())
    return ActionDispatcher(performer, firings(), SqsRetryQueue(client("sqs"), settings().retry_queue_url))


@lru_cache(maxsize=1)
def tracker() -> "Tracker":
    """Return the use case of the `tracker` function."""
    from whenflow.runs.track import Tracker

    return Tracker(ledger())


@lru_cache(maxsize=1)
def api() -> "Handler":
    """Return the use case of the `api` function."""
    from whenflow.api.app import build_api
    from whenflow.api.services import Services
    from whenflow.aws.keys import find_api_key

    store = config()
    services = Services(events(), firings(), runs(), store, clock(), ids(), lambda secret: find_api_key(store, secret))
    return build_api(services)


@lru_cache(maxsize=1)
def ui() -> "Handler":
    """Return the use case of the `ui` function."""
    from whenflow.api.services import Services
    from whenflow.aws.keys import find_api_key
    from whenflow.ui import build_ui

    store = config()
    services = Services(events(), firings(), runs(), store, clock(), ids(), lambda secret: find_api_key(store, secret))
    return build_ui(services)
