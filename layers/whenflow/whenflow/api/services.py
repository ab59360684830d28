"""What the routes work with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from whenflow.actions.context import Scope
from whenflow.actions.notifications.targets import Targets
from whenflow.api.keyring import ApiKey
from whenflow.automations.registry import AutomationRegistry
from whenflow.automations.rows import Row, RowKey
from whenflow.limits.desk import LimitDesk
from whenflow.ports import (
    Clock,
    ConfigStore,
    DeadLetters,
    EventStore,
    FiringStore,
    Ids,
    RequestLog,
    RunInputs,
    RunStore,
    Secrets,
    TaskQueue,
    TimerQueue,
)
from whenflow.runs.task_run_book import TaskRunBook
from whenflow.webhooks.absent import NoRequestLog, NoSecrets


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, the clock, the ids, the use cases of automations.

    Attributes:
        find_key: Knows API keys.
        is_held: Knows the events that wait for another.
        targets: Where notifications go.
        dead_letters: What could not be done.
        limits: Concurrency limits, and what is taken of them.
        run_inputs: What is given to flow runs.
        secrets: Keeps secrets; the pages have none to keep.
        requests: The log of the webhooks' requests.
        load_windows: Reads rows of the triggers' windows.
        pause: Waits some seconds, for whoever asked to wait for events.
        note_use: Is told which key was used.
        throttle: Tells how many seconds a caller has to wait before its next request.
        trusts_iam: Whether API Gateway lets in only who IAM lets in.
        scope: Returns what templates of actions may look up.
        task_runs: Task runs; None where nobody asks for them.
        task_queue: Takes background tasks; asked for when it is needed.
        timers: Rings for runs that are due soon; without it, they wait for the timer's next sweep.
    """

    events: EventStore
    firings: FiringStore
    runs: RunStore
    config: ConfigStore
    clock: Clock
    ids: Ids
    find_key: Callable[[str], ApiKey | None]
    automations: AutomationRegistry
    is_held: Callable[[str], bool] = lambda _event_id: False
    secrets: Secrets = field(default_factory=NoSecrets)
    requests: RequestLog = field(default_factory=NoRequestLog)
    load_windows: Callable[[Iterable[RowKey]], Mapping[RowKey, Row]] = lambda _keys: {}
    pause: Callable[[float], None] = lambda _seconds: None
    note_use: Callable[[ApiKey], None] = lambda _key: None
    throttle: Callable[[str], float] = lambda _caller: 0.0
    trusts_iam: bool = False
    scope: Callable[[], Scope] = Scope
    targets: Targets = field(kw_only=True)
    dead_letters: DeadLetters = field(kw_only=True)
    limits: LimitDesk = field(kw_only=True)
    run_inputs: RunInputs = field(kw_only=True)
    timers: TimerQueue | None = field(default=None, kw_only=True)
    task_runs: TaskRunBook | None = field(default=None, kw_only=True)
    task_queue: Callable[[], TaskQueue] | None = field(default=None, kw_only=True)
