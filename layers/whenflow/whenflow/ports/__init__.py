"""The ports: what the pure rooms ask of the world. Adapters are in `whenflow.aws`, fakes in `whenflow.testing`.

One contract suite (tests/contract) runs against every adapter of a port.
"""

from whenflow.ports.changing import check_seen, over_latest
from whenflow.ports.config import Changes, ConfigStore, Reference, RequestLog, Stored
from whenflow.ports.engine import (
    NOTED_STEP,
    Due,
    FiringStore,
    HoldStore,
    Pauses,
    ProgressStore,
    TimerQueue,
    WindowStore,
)
from whenflow.ports.events import EventStore, Page
from whenflow.ports.limits import OccupancyStore
from whenflow.ports.outside import (
    DeadLetters,
    HttpAnswer,
    HttpRequest,
    HttpSender,
    Mail,
    Mailer,
    RateBudget,
    RetryQueue,
    Secrets,
    Topics,
)
from whenflow.ports.runs import (
    Claim,
    DueRun,
    Launcher,
    LogLine,
    RunInput,
    RunInputs,
    RunStore,
    TaskQueue,
    TaskRunStore,
)
from whenflow.ports.world import Clock, Ids

__all__ = [
    "Changes",
    "Claim",
    "Clock",
    "ConfigStore",
    "DeadLetters",
    "Due",
    "DueRun",
    "EventStore",
    "FiringStore",
    "HoldStore",
    "HttpAnswer",
    "HttpRequest",
    "HttpSender",
    "Ids",
    "Launcher",
    "LogLine",
    "Mail",
    "Mailer",
    "NOTED_STEP",
    "OccupancyStore",
    "Page",
    "Pauses",
    "ProgressStore",
    "RateBudget",
    "Reference",
    "RequestLog",
    "RetryQueue",
    "RunInput",
    "RunInputs",
    "RunStore",
    "Secrets",
    "Stored",
    "TaskQueue",
    "TaskRunStore",
    "TimerQueue",
    "Topics",
    "WindowStore",
    "check_seen",
    "over_latest",
]
