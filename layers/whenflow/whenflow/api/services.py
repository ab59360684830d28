"""What the routes work with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from whenflow.api.keyring import ApiKey
from whenflow.automations.registry import AutomationRegistry
from whenflow.automations.rows import Row, RowKey
from whenflow.ports import Clock, ConfigStore, EventStore, FiringStore, Ids, RequestLog, RunStore, Secrets
from whenflow.webhooks.absent import NoRequestLog, NoSecrets


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, the clock, the ids, the use cases of automations.

    Attributes:
        find_key: Knows API keys.
        is_held: Knows the events that wait for another.
        secrets: Keeps secrets; the pages have none to keep.
        requests: The log of the webhooks' requests.
        load_windows: Reads rows of the triggers' windows.
        pause: Waits some seconds, for whoever asked to wait for events.
        note_use: Is told which key was used.
        throttle: Tells how many seconds a caller has to wait before its next request.
        trusts_iam: Whether API Gateway lets in only who IAM lets in.
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
