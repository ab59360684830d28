"""Wires the use cases to AWS: each made once per process, when it is first asked for. No other place does this."""

import time
from functools import lru_cache
from threading import Lock
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
from whenflow.runs import RunControl, RunLedger

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.actions.notifications.deliver import Notifier
    from whenflow.actions.notifications.targets import Targets
    from whenflow.actions.perform import ActionDispatcher
    from whenflow.api.app import Handler
    from whenflow.api.lookups import Lookups
    from whenflow.api.services import Services
    from whenflow.automations.match import Matcher
    from whenflow.automations.model import Automation
    from whenflow.automations.registry import AutomationRegistry
    from whenflow.automations.settle import Settler
    from whenflow.automations.timekeeping import Timekeeper
    from whenflow.automations.timer import Timers
    from whenflow.automations.witnesses import Witnesses
    from whenflow.aws.dead_letters import SqsDeadLetters
    from whenflow.aws.directories import LoadedEngine
    from whenflow.aws.hour_keeper import HourKeeper
    from whenflow.aws.launchers import DurableTarget, LambdaTarget, StepFunctionsTarget
    from whenflow.aws.overflow import Overflow
    from whenflow.aws.progress_store import DynamoHoldStore, DynamoProgressStore
    from whenflow.aws.request_log import DynamoRequestLog
    from whenflow.aws.retry_queue import SqsRetryQueue
    from whenflow.aws.secrets import AwsSecrets
    from whenflow.aws.task_queue import SqsTaskQueue
    from whenflow.aws.task_run_store import DynamoTaskRunStore
    from whenflow.aws.timer_queue import SqsTimerQueue
    from whenflow.aws.window_store import DynamoWindowStore
    from whenflow.deployments import Scheduler
    from whenflow.ports import ConfigStore
    from whenflow.runs.schedule import RunSchedule
    from whenflow.runs.track import Tracker
    from whenflow.sources import NotificationReceiver
    from whenflow.webhooks import WebhookReceiver

CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})


_making = Lock()


@lru_cache(maxsize=16)
def client(service: str) -> Any:
    """Return the client of an AWS service. Clients may be shared by threads; the session that makes them may not."""
    with _making:
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
def task_runs() -> "DynamoTaskRunStore":
    """Return the store of task runs."""
    from whenflow.aws.task_run_store import DynamoTaskRunStore

    return DynamoTaskRunStore(dynamodb(), settings().runs_table, clock())


@lru_cache(maxsize=1)
def task_queue() -> "SqsTaskQueue":
    """Return the queue of background tasks."""
    from whenflow.aws.task_queue import SqsTaskQueue

    return SqsTaskQueue(client("sqs"), settings().task_queue_url)


@lru_cache(maxsize=1)
def config() -> DynamoConfigStore:
    """Return the config store."""
    return DynamoConfigStore(dynamodb(), settings().config_table)


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

    windows_and_holds = Timer(directory(), settler(), timekeeper(), matcher(), clock())
    return Timers(windows_and_holds, schedule(), scheduler())


@lru_cache(maxsize=1)
def lambda_target() -> "LambdaTarget":
    """Return what starts runs on Lambda."""
    from whenflow.aws.launchers import LambdaTarget

    return LambdaTarget(client("lambda"), ids())


@lru_cache(maxsize=1)
def durable_target() -> "DurableTarget":
    """Return what starts runs on durable functions."""
    from whenflow.aws.launchers import DurableTarget

    return DurableTarget(client("lambda"))


@lru_cache(maxsize=1)
def step_functions_target() -> "StepFunctionsTarget":
    """Return what starts runs on Step Functions."""
    from whenflow.aws.launchers import StepFunctionsTarget

    return StepFunctionsTarget(client("stepfunctions"))


@lru_cache(maxsize=1)
def schedule() -> "RunSchedule":
    """Return what starts flow runs in time."""
    from whenflow.aws.launchers import Launchers
    from whenflow.deployments.rules import DeploymentRules
    from whenflow.runs.schedule import RunSchedule
    from whenflow.runs.targets import DURABLE, LAMBDA, STEP_FUNCTIONS

    launchers = Launchers({LAMBDA: lambda_target, DURABLE: durable_target, STEP_FUNCTIONS: step_functions_target})
    rules = DeploymentRules(config(), clock())
    return RunSchedule(ledger(), runs(), launchers, timers(), clock(), ids(), deployments=rules, progress=progress())


@lru_cache(maxsize=1)
def scheduler() -> "Scheduler":
    """Return what makes the runs that schedules ask for."""
    from whenflow.deployments import RunMaker, Scheduler

    return Scheduler(config(), runs(), ledger(), RunMaker(config(), ledger(), clock()), clock())


@lru_cache(maxsize=1)
def notifier() -> "Notifier":
    """Return what sends messages and calls webhooks."""
    from whenflow.actions.notifications.deliver import Notifier
    from whenflow.aws.http_port import GuardedHttp
    from whenflow.aws.notifiers import SesMailer, SnsTopics

    http = GuardedHttp(allowed_hosts=settings().allowed_hosts.split(","))
    return Notifier(secrets(), http, SesMailer(client, settings().mail_from), SnsTopics(client), clock())


@lru_cache(maxsize=1)
def targets() -> "Targets":
    """Return the notification targets."""
    from whenflow.actions.notifications.targets import Targets

    return Targets(config(), secrets(), notifier(), clock(), ids())


@lru_cache(maxsize=1)
def retry_queue() -> "SqsRetryQueue":
    """Return the queue of actions to be tried again."""
    from whenflow.aws.retry_queue import SqsRetryQueue

    return SqsRetryQueue(client("sqs"), settings().retry_queue_url)


@lru_cache(maxsize=1)
def lookups() -> "Lookups":
    """Return what the templates of actions may look up."""
    from whenflow.api.lookups import Lookups
    from whenflow.runs.task_run_book import TaskRunBook

    return Lookups(config(), events(), runs(), TaskRunBook(task_runs(), events(), runs()))


@lru_cache(maxsize=1)
def action_dispatcher() -> "ActionDispatcher":
    """Return the use case of the `action` function."""
    from whenflow.actions.guard import LoopGuard
    from whenflow.actions.perform import ActionDispatcher, ActionPerformer
    from whenflow.actions.run_deployment import DeploymentRunner
    from whenflow.actions.tools import Tools
    from whenflow.aws.rate_budget import DynamoRateBudget

    watch_templates()
    scope = lookups().scope(settings().ui_url)
    runner = DeploymentRunner(config(), ledger(), schedule(), clock(), scope)
    # What an action switches on gets its windows from the timer's next sweep: this function has no hand in windows.
    registry = automation_registry(lambda _automation: None)
    control = RunControl(ledger(), clock())
    tools = Tools(events(), config(), clock(), ids(), runner, control, registry, notifier(), scope)
    budget = DynamoRateBudget(dynamodb(), settings().state_table, settings().max_firings_per_minute)
    guard = LoopGuard(tools, firings(), runs(), budget, settings().max_causal_depth)
    return ActionDispatcher(ActionPerformer(tools), firings(), retry_queue(), guard)


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
    from whenflow.aws.request_quota import DynamoQuota
    from whenflow.runs.task_run_book import TaskRunBook

    watch_templates()
    named = settings()
    store = AuditedConfig(DynamoConfigStore(dynamodb(), named.config_table, events()), clock(), ids())
    keyring = Keyring(config(), clock(), ids())
    throttle = Throttle(DynamoQuota(dynamodb(), named.state_table), named.api_requests_per_second, clock())
    return Services(
        events(),
        firings(),
        runs(),
        store,
        clock(),
        ids(),
        keyring.find,
        automation_registry(_stand_up, store),
        lambda event_id: holds().is_held(event_id),
        secrets=secrets(),
        requests=request_log(),
        load_windows=lambda keys: windows().load(keys),
        pause=time.sleep,
        note_use=keyring.note_use,
        throttle=throttle.wait,
        trusts_iam=named.api_authorization == "iam",
        scope=lambda: lookups().scope(settings().ui_url),
        targets=targets(),
        dead_letters=dead_letters(),
        timers=timers() if settings().timer_queue_url else None,
        task_runs=TaskRunBook(task_runs(), events(), runs()),
        task_queue=task_queue,
    )


@lru_cache(maxsize=1)
def dead_letters() -> "SqsDeadLetters":
    """Return the dead letters; their clients are made when they are first looked at."""
    from whenflow.aws.dead_letters import Places, SqsDeadLetters

    named = settings()
    dead = {
        "action": named.action_dead_letters_url,
        "timer": named.timer_dead_letters_url,
        "flow-failures": named.flow_failures_dead_letters_url,
        "tasks": named.task_dead_letters_url,
        "stream": named.stream_dead_letters_url,
        "notification": named.notification_dead_letters_url,
    }
    sources = {
        "action": named.retry_queue_url,
        "timer": named.timer_queue_url,
        "flow-failures": named.flow_failures_queue_url,
        "tasks": named.task_queue_url,
    }
    places = Places(dead, sources, lambda notification: notification_receiver().receive(notification))
    return SqsDeadLetters(client, places)


def automation_registry(
    switched_on: "Callable[[Automation], None]", store: "ConfigStore | None" = None
) -> "AutomationRegistry":
    """Return the use cases of automations; `switched_on` is told of each whose windows begin now."""
    from whenflow.automations.registry import AutomationRegistry

    return AutomationRegistry(store or config(), events(), clock(), ids(), switched_on, windows().abandon)


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
