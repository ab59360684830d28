"""Wiring: the use cases that people and AWS services call."""

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.settings import settings
from whenflow.aws.wiring.clients import client, clock, dynamodb, ids, watch_templates
from whenflow.aws.wiring.engine import automation_registry, directory, matcher, settler, stand_up, timekeeper
from whenflow.aws.wiring.stores import (
    config,
    events,
    firings,
    holds,
    occupancies,
    request_log,
    run_inputs,
    runs,
    secrets,
    task_queue,
    task_runs,
    timers,
    windows,
)
from whenflow.aws.wiring.work import lookups, schedule, scheduler, targets

if TYPE_CHECKING:
    from whenflow.api.app import Handler
    from whenflow.api.services import Services
    from whenflow.automations.timer import Timers
    from whenflow.aws.dead_letters import SqsDeadLetters
    from whenflow.aws.hour_keeper import HourKeeper
    from whenflow.aws.layer_keeper import LayerKeeper
    from whenflow.aws.run_keeper import RunKeeper
    from whenflow.sources import NotificationReceiver
    from whenflow.webhooks import WebhookReceiver


@lru_cache(maxsize=1)
def webhook_receiver() -> "WebhookReceiver":
    """Return the use case of the `webhook` function."""
    from whenflow.aws.directories import CachedWebhooks
    from whenflow.webhooks import WebhookReceiver

    watch_templates()
    return WebhookReceiver(CachedWebhooks(config()), events(), clock(), ids(), secrets(), request_log())


@lru_cache(maxsize=1)
def notification_receiver() -> "NotificationReceiver":
    """Return the use case of the `notification` function."""
    from whenflow.aws.source_directory import CachedSources
    from whenflow.sources import NotificationReceiver

    watch_templates()
    return NotificationReceiver(CachedSources(config()), events(), clock(), ids())


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


@lru_cache(maxsize=1)
def timer() -> "Timers":
    """Return the use case of the `timer` function."""
    from whenflow.automations.timer import Timer, Timers

    windows_and_holds = Timer(directory(), settler(), timekeeper(), matcher(), clock())
    return Timers(windows_and_holds, schedule(), scheduler())


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
def layer_keeper() -> "LayerKeeper":
    """Return what the `archive` function does each minute."""
    from whenflow.aws.layer_keeper import LayerKeeper

    store = events()
    return LayerKeeper(store.reader, store.hours, store.arrivals, store.layers, clock())


@lru_cache(maxsize=1)
def run_keeper() -> "RunKeeper":
    """Return the other use case of the `archive` function."""
    from whenflow.aws.run_keeper import RunKeeper

    return RunKeeper(runs(), clock())


@lru_cache(maxsize=1)
def services() -> "Services":
    """Return what the API and the pages work with."""
    from whenflow.api.audit import AuditedConfig
    from whenflow.api.keyring import Keyring
    from whenflow.api.services import Services
    from whenflow.api.throttle import Throttle
    from whenflow.aws.pauses import JitteredPauses
    from whenflow.aws.request_quota import DynamoQuota
    from whenflow.limits.desk import limit_desk_over
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
        automation_registry(stand_up, store),
        lambda event_id: holds().is_held(event_id),
        secrets=secrets(),
        requests=request_log(),
        load_windows=lambda keys: windows().load(keys),
        pause=time.sleep,
        note_use=keyring.note_use,
        throttle=throttle.wait,
        trusts_iam=named.api_authorization == "iam",
        scope=lambda: lookups().scope(settings().ui_url),
        targets=targets(store),
        dead_letters=dead_letters(),
        limits=limit_desk_over(store, occupancies(), events(), clock(), ids(), JitteredPauses()),
        run_inputs=run_inputs(),
        timers=timers() if settings().timer_queue_url else None,
        task_runs=TaskRunBook(task_runs(), events(), runs()),
        task_queue=task_queue,
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
