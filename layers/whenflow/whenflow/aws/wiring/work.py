"""Wiring: what acts: actions, launches, notifications."""

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from whenflow.aws.settings import settings
from whenflow.aws.wiring.clients import client, clock, dynamodb, ids, watch_templates
from whenflow.aws.wiring.engine import automation_registry
from whenflow.aws.wiring.stores import (
    config,
    events,
    firings,
    ledger,
    progress,
    retry_queue,
    runs,
    secrets,
    task_runs,
    timers,
)
from whenflow.runs import RunControl

if TYPE_CHECKING:
    from whenflow.actions.notifications.deliver import Notifier
    from whenflow.actions.notifications.targets import Targets
    from whenflow.actions.perform import ActionDispatcher
    from whenflow.api.lookups import Lookups
    from whenflow.aws.launchers import DurableTarget, LambdaTarget, StepFunctionsTarget
    from whenflow.deployments import Scheduler
    from whenflow.ports import ConfigStore
    from whenflow.runs.schedule import RunSchedule
    from whenflow.runs.track import Tracker


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
    from whenflow.runs.schedule import Known, RunSchedule
    from whenflow.runs.targets import DURABLE, LAMBDA, STEP_FUNCTIONS

    launchers = Launchers({LAMBDA: lambda_target, DURABLE: durable_target, STEP_FUNCTIONS: step_functions_target})
    rules = DeploymentRules(config(), clock())
    hours = settings().max_hours_unseen
    known = Known(progress(), events(), timedelta(hours=hours) if hours else None)
    return RunSchedule(ledger(), runs(), launchers, timers(), clock(), ids(), deployments=rules, known=known)


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


def targets(store: "ConfigStore") -> "Targets":
    """Return the notification targets that are kept in this store."""
    from whenflow.actions.notifications.targets import Targets

    return Targets(store, secrets(), notifier(), clock(), ids())


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
    from whenflow.aws.directories import RecentDeployments
    from whenflow.aws.rate_budget import DynamoRateBudget

    watch_templates()
    scope = lookups().scope(settings().ui_url)
    recent = cast("ConfigStore", RecentDeployments(config()))
    runner = DeploymentRunner(recent, ledger(), schedule(), clock(), scope)
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
