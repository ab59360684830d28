"""Settings from the environment, read here and nowhere else."""

import os
from dataclasses import dataclass
from functools import lru_cache

from whenflow.errors import WhenflowError

PREFIX = "WHENFLOW_"


class MissingSetting(WhenflowError):
    """An environment variable that the function needs is not set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the template tells its functions.

    Attributes:
        retention_days: Days until an event expires.
        shards: Partitions that an hour of events is spread over, 1 to 256.
        retry_queue_url: Where actions go that are to be tried again; empty where the function has no need of it.
        timer_queue_url: Where rings are asked for; likewise.
        task_queue_url: Where background tasks are handed to a worker; likewise.
        stack_name: What the names of this stack's secrets begin with; likewise.
        events_bucket: Where events go that fit no item, and the archive; empty: nowhere.
        shorter_retention: Event names that are kept for less, as `whenflow.events.retention` reads them.
        archive_events: `true` where all events are archived.
        api_authorization: Who is let in to the API: `keys`, those with a key; `iam`, those that IAM lets in.
        api_requests_per_second: How many requests each key may send.
        action_dead_letters_url: Where actions end that failed again and again; likewise, as the others of dead letters.
        flow_failures_queue_url: Where invocations of flows go that Lambda gave up on; likewise.
        mail_from: The address that e-mail is sent from; empty where none may be sent.
        ui_url: Where people open the pages; empty where the function has no need of it.
        allowed_hosts: The hosts that may be called, comma-separated; empty for any.
        max_causal_depth: How many firings may follow from each other before the automation is paused.
        max_firings_per_minute: How often an automation may fire within a minute; 0 for no limit.
        max_hours_unseen: After how many hours a run is ended that nobody can ask about; 0 for never.
    """

    events_table: str
    state_table: str
    firings_table: str
    runs_table: str
    config_table: str
    retention_days: int = 30
    shards: int = 4
    retry_queue_url: str = ""
    timer_queue_url: str = ""
    task_queue_url: str = ""
    task_dead_letters_url: str = ""
    stack_name: str = ""
    events_bucket: str = ""
    shorter_retention: str = ""
    archive_events: str = "false"
    api_authorization: str = "keys"
    api_requests_per_second: int = 100
    action_dead_letters_url: str = ""
    timer_dead_letters_url: str = ""
    flow_failures_queue_url: str = ""
    flow_failures_dead_letters_url: str = ""
    stream_dead_letters_url: str = ""
    notification_dead_letters_url: str = ""
    mail_from: str = ""
    allowed_hosts: str = ""
    ui_url: str = ""
    max_causal_depth: int = 16
    max_firings_per_minute: int = 20_000
    max_hours_unseen: int = 24


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings.

    Raises:
        MissingSetting: With the variable's name.
    """
    return Settings(
        events_table=_required("EVENTS_TABLE"),
        state_table=_required("STATE_TABLE"),
        firings_table=_required("FIRINGS_TABLE"),
        runs_table=_required("RUNS_TABLE"),
        config_table=_required("CONFIG_TABLE"),
        retention_days=int(os.environ.get(f"{PREFIX}EVENT_RETENTION_DAYS", "30")),
        shards=int(os.environ.get(f"{PREFIX}EVENT_SHARDS", "4")),
        retry_queue_url=os.environ.get(f"{PREFIX}ACTION_RETRY_QUEUE_URL", ""),
        task_dead_letters_url=os.environ.get(f"{PREFIX}TASK_DEAD_LETTERS_URL", ""),
        task_queue_url=os.environ.get(f"{PREFIX}TASK_QUEUE_URL", ""),
        timer_queue_url=os.environ.get(f"{PREFIX}TIMER_QUEUE_URL", ""),
        stack_name=os.environ.get(f"{PREFIX}STACK_NAME", ""),
        events_bucket=os.environ.get(f"{PREFIX}EVENTS_BUCKET", ""),
        shorter_retention=os.environ.get(f"{PREFIX}SHORTER_RETENTION", ""),
        archive_events=os.environ.get(f"{PREFIX}ARCHIVE_EVENTS", "false"),
        api_authorization=os.environ.get(f"{PREFIX}API_AUTHORIZATION", "keys"),
        api_requests_per_second=int(os.environ.get(f"{PREFIX}API_REQUESTS_PER_SECOND", "100")),
        action_dead_letters_url=os.environ.get(f"{PREFIX}ACTION_DEAD_LETTERS_URL", ""),
        timer_dead_letters_url=os.environ.get(f"{PREFIX}TIMER_DEAD_LETTERS_URL", ""),
        flow_failures_queue_url=os.environ.get(f"{PREFIX}FLOW_FAILURES_QUEUE_URL", ""),
        flow_failures_dead_letters_url=os.environ.get(f"{PREFIX}FLOW_FAILURES_DEAD_LETTERS_URL", ""),
        stream_dead_letters_url=os.environ.get(f"{PREFIX}STREAM_DEAD_LETTERS_URL", ""),
        notification_dead_letters_url=os.environ.get(f"{PREFIX}NOTIFICATION_DEAD_LETTERS_URL", ""),
        mail_from=os.environ.get(f"{PREFIX}MAIL_FROM", ""),
        allowed_hosts=os.environ.get(f"{PREFIX}ALLOWED_HOSTS", ""),
        ui_url=os.environ.get(f"{PREFIX}UI_URL", "").rstrip("/"),
        max_causal_depth=int(os.environ.get(f"{PREFIX}MAX_CAUSAL_DEPTH", "16")),
        max_firings_per_minute=int(os.environ.get(f"{PREFIX}MAX_FIRINGS_PER_MINUTE", "20000")),
        max_hours_unseen=int(os.environ.get(f"{PREFIX}MAX_HOURS_UNSEEN", "24")),
    )


def function_name() -> str:
    """Return the name of the Lambda function that this process runs; empty outside of one."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")


def in_stack() -> bool:
    """Tell whether this process runs inside a deployed stack."""
    return f"{PREFIX}EVENTS_TABLE" in os.environ


def _required(name: str) -> str:
    value = os.environ.get(PREFIX + name)
    if not value:
        raise MissingSetting(f"The environment variable {PREFIX}{name} is not set.")
    return value
