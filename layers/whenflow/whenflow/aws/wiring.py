"""Wires the use cases to AWS: each made once per process, when it is first asked for. No other place does this."""

import time
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
from whenflow.events.retention import retention_from_text
from whenflow.runs import RunLedger

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.actions.perform import ActionDispatcher
    from whenflow.api.app import Handler
    from whenflow.api.services import Services
    from whenflow.automations.match import Matcher
    from whenflow.automations.model import Automation
    from whenflow.automations.settle import Settler
    from whenflow.automations.timekeeping import Timekeeper
    from whenflow.automations.timer import Timers
    from whenflow.automations.witnesses import Witnesses
    from whenflow.aws.directories import LoadedEngine
    from whenflow.aws.hour_keeper import HourKeeper
    from whenflow.aws.launchers import LambdaTarget, StepFunctionsTarget
    from whenflow.aws.overflow import Overflow
    from whenflow.aws.progress_store import DynamoHoldStore
    from whenflow.aws.request_log import DynamoRequestLog
    from whenflow.aws.secrets import AwsSecrets
    from whenflow.aws.timer_queue import SqsTimerQueue
    from whenflow.aws.window_store import DynamoWindowStore
    from whenflow.runs.schedule import RunSchedule
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
    retention = retention_from_text(named.retention_days, named.shorter_retention)
    return DynamoEventStore(
        dynamodb(), named.events_table, named.state_table, named.shards, retention, clock(), overflow("events")
    )


@lru_cache(maxsize=2)
def overflow(prefix: str) -> "Overflow | None":
    """Return where documents go that fit no item, by what they are; None where no bucket is set."""
    from whenflow.aws.overflow import Overflow

    bucket = settings().events_bucket
    return Overflow(lambda: client("s3"), bucket, f"overflow/{prefix}") if bucket else None


@lru_cache(maxsize=1)
def hour_keeper() -> "HourKeeper":
    """Return the use case of the `archive` function."""
    from whenflow.aws.archive import EventArchive
    from whenflow.aws.hour_keeper import HourKeeper

    named, store = settings(), events()
    wanted = named.archive_events == "true" and named.events_bucket
    archive = EventArchive(lambda: client("s3"), named.events_bucket, "archive") if wanted else None
    return HourKeeper(store.reader, store.digests, archive, clock())


@lru_cache(maxsize=1)
def firings() -> DynamoFiringStore:
    """Return the firing store."""
    return DynamoFiringStore(dynamodb(), settings().firings_table, clock(), overflow("firings"))


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
def watch_templates() -> None:
    """Have the rendering of templates broken off when it takes too long."""
    from whenflow.aws.template_clock import TemplateClock
    from whenflow.templating import watched_by

    watched_by(TemplateClock())


@lru_cache(maxsize=1)
def webhook_receiver() -> "WebhookReceiver":
    """Return the use case of the `webhook` function."""
    from whenflow.aws.directories import CachedWebhooks
    from whenflow.webhooks import WebhookReceiver

    watch_templates()
    return WebhookReceiver(CachedWebhooks(config()), events(), clock(), ids(), secrets(), request_log())


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
def notification_receiver() -> "NotificationReceiver":
    """Return the use case of the `notification` function."""
    from whenflow.aws.source_directory import CachedSources
    from whenflow.sources import NotificationReceiver

    watch_templates()
    return NotificationReceiver(CachedSources(config()), events(), clock())


@lru_cache(maxsize=1)
def matcher() -> "Matcher":
    """Return the use case of the `matcher` function."""
    from whenflow.automations.held import Holder
    from whenflow.automations.match import Matcher

    return Matcher(directory(), settler(), Holder(events(), holds(), clock()), timekeeper(), clock())


@lru_cache(maxsize=1)
def holds() -> "DynamoHoldStore":
    """Return the events that are held."""
    from whenflow.aws.progress_store import DynamoHoldStore

    return DynamoHoldStore(dynamodb(), settings().state_table, timers(), clock())


@lru_cache(maxsize=1)
def timers() -> "SqsTimerQueue":
    """Return the timer queue."""
    from whenflow.aws.timer_queue import SqsTimerQueue

    return SqsTimerQueue(client("sqs"), settings().timer_queue_url, clock())


@lru_cache(maxsize=1)
def windows() -> "DynamoWindowStore":
    """Return the window store."""
    from whenflow.aws.window_store import DynamoWindowStore

    return DynamoWindowStore(dynamodb(), settings().state_table, firings())


@lru_cache(maxsize=1)
def directory() -> "LoadedEngine":
    """Return the automations, loaded."""
    from whenflow.aws.directories import LoadedEngine

    return LoadedEngine(config())


@lru_cache(maxsize=1)
def settler() -> "Settler":
    """Return what applies events to windows."""
    from whenflow.automations.settle import Settler
    from whenflow.aws.pauses import JitteredPauses

    asks = timekeeper().ask_soon
    return Settler(windows(), firings(), events(), JitteredPauses(), asks, witnesses().repair)


@lru_cache(maxsize=1)
def witnesses() -> "Witnesses":
    """Return what asks the event store before an absence is told."""
    from whenflow.automations.witnesses import Witnesses

    return Witnesses(events(), clock())


@lru_cache(maxsize=1)
def timekeeper() -> "Timekeeper":
    """Return what closes windows in time."""
    from whenflow.automations.timekeeping import Timekeeper
    from whenflow.aws.progress_store import DynamoProgressStore

    progress = DynamoProgressStore(dynamodb(), settings().state_table)
    return Timekeeper(windows(), timers(), progress, witnesses(), clock())


@lru_cache(maxsize=1)
def timer() -> "Timers":
    """Return the use case of the `timer` function."""
    from whenflow.automations.timer import Timer, Timers

    return Timers(Timer(directory(), settler(), timekeeper(), matcher(), clock()), schedule())


@lru_cache(maxsize=1)
def lambda_target() -> "LambdaTarget":
    """Return what starts runs on Lambda."""
    from whenflow.aws.launchers import LambdaTarget

    return LambdaTarget(client("lambda"), ids())


@lru_cache(maxsize=1)
def step_functions_target() -> "StepFunctionsTarget":
    """Return what starts runs on Step Functions."""
    from whenflow.aws.launchers import StepFunctionsTarget

    return StepFunctionsTarget(client("stepfunctions"))


@lru_cache(maxsize=1)
def schedule() -> "RunSchedule":
    """Return what starts flow runs in time."""
    from whenflow.aws.launchers import Launchers
    from whenflow.runs.schedule import RunSchedule
    from whenflow.runs.targets import LAMBDA, STEP_FUNCTIONS

    launchers = Launchers({LAMBDA: lambda_target, STEP_FUNCTIONS: step_functions_target})
    return RunSchedule(ledger(), runs(), launchers, timers(), clock(), ids())


@lru_cache(maxsize=1)
def action_dispatcher() -> "ActionDispatcher":
    """Return the use case of the `action` function."""
    from whenflow.actions.perform import ActionDispatcher, ActionPerformer
    from whenflow.actions.run_deployment import DeploymentRunner
    from whenflow.aws.retry_queue import SqsRetryQueue

    watch_templates()
    runner = DeploymentRunner(config(), ledger(), schedule(), clock())
    performer = ActionPerformer(events(), runner, clock(), ids())
    return ActionDispatcher(performer, firings(), SqsRetryQueue(client("sqs"), settings().retry_queue_url))


@lru_cache(maxsize=1)
def tracker() -> "Tracker":
    """Return the use case of the `tracker` function."""
    from whenflow.runs.track import Tracker

    return Tracker(ledger())


@lru_cache(maxsize=1)
def services() -> "Services":
    """Return what the API and the pages work with."""
    from whenflow.api.audit import AuditedConfig
    from whenflow.api.keyring import Keyring
    from whenflow.api.services import Services
    from whenflow.api.throttle import Throttle
    from whenflow.automations.registry import AutomationRegistry
    from whenflow.aws.request_quota import DynamoQuota

    watch_templates()
    named = settings()
    store = AuditedConfig(DynamoConfigStore(dynamodb(), named.config_table, events()), clock(), ids())
    keyring = Keyring(config(), clock(), ids())
    throttle = Throttle(DynamoQuota(dynamodb(), named.state_table), named.api_requests_per_second, clock())
    registry = AutomationRegistry(store, events(), clock(), ids(), _stand_up, windows().abandon)
    return Services(
        events(),
        firings(),
        runs(),
        store,
        clock(),
        ids(),
        keyring.find,
        registry,
        lambda event_id: holds().is_held(event_id),
        secrets=secrets(),
        requests=request_log(),
        load_windows=lambda keys: windows().load(keys),
        pause=time.sleep,
        note_use=keyring.note_use,
        throttle=throttle.wait,
        trusts_iam=named.api_authorization == "iam",
    )


@lru_cache(maxsize=1)
def api() -> "Handler":
    """Return the use case of the `api` function."""
    from whenflow.api.app import build_api

    return build_api(services())


@lru_cache(maxsize=1)
def ui() -> "Handler":
    """Return the use case of the `ui` function."""
    from whenflow.ui import build_ui

    return build_ui(services())


def _stand_up(automation: "Automation") -> None:
    """Give the standing triggers of an automation their windows at once, not only at the next sweep."""
    from whenflow.automations.engine import Engine

    engine = Engine([automation])
    settler().use(engine)
    timekeeper().stand_up(engine, settler())
