"""The ports: what the pure rooms ask of the world. Adapters are in `whenflow.aws`, fakes in `whenflow.testing`.

One contract suite (tests/contract) runs against every adapter of a port.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from whenflow.automations.firing import Firing
    from whenflow.automations.rows import Row, RowKey
    from whenflow.events.model import Event
    from whenflow.events.reading import Scan, Span, Tally
    from whenflow.runs.model import FlowRun
    from whenflow.runs.slots import SlotChange
    from whenflow.runs.task_runs import TaskRun
    from whenflow.webhooks.log import LoggedRequest


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return this moment, in UTC."""
        ...


class Ids(Protocol):
    """Where ids come from."""

    def new(self) -> str:
        """Return a fresh UUID, version 7."""
        ...

    def secret(self) -> str:
        """Return 128 random bits as 22 URL-safe characters."""
        ...

    def event_id(self, occurred: datetime, resource_id: str) -> str:
        """Return a fresh id for an event of this moment and resource."""
        ...

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        """Return the id that an event of this moment and resource always has for these words."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first, and where to go on; `cursor` is None at the end."""

    events: Sequence["Event"]
    cursor: str | None


class EventStore(Protocol):
    """Events, stored once per id."""

    def put(self, event: "Event") -> "Event | None":
        """Store an event; return it as stored, or None where its id is stored already.

        Raises:
            TooLarge: It does not fit.
            Transient: Try again.
        """
        ...

    def get(self, event_id: str) -> "Event | None":
        """Return the event of this id."""
        ...

    def put_many(self, events: "Sequence[Event]") -> "list[Event | Exception | None]":
        """Store events, several at a time; return for each what `put` returns, or what it raises.

        Events of one resource are stored in the order they are given in.
        """
        ...

    def get_many(self, event_ids: Sequence[str]) -> "Sequence[Event]":
        """Return the events of these ids, as far as there are such."""
        ...

    def scan(self, span: "Span") -> "Scan":
        """Go through events in order of `occurred`, then id; tells before it asks the store again."""
        ...

    def tallies(self, since: datetime, until: datetime, *, names: bool = False) -> "Mapping[datetime, Tally | None]":
        """Return the hours of a time that hold events, oldest first; None for an hour that is not closed.

        Args:
            since: From when on.
            until: Until when; included.
            names: Whether the tallies are to say how many events of each name there are.
        """
        ...

    def arrived(self, since: datetime, until: datetime) -> "Iterator[Event]":
        """Yield the events that were received in [since, until], in any order, some perhaps twice.

        For the last minutes only: `since` is at most an hour ago.
        """
        ...

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first.

        Raises:
            Rejected: The cursor is none of this store's.
        """
        ...

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> "Iterator[Event]":
        """Yield the stored events that occurred in [start, end), strongly consistent, oldest first within each hour.

        Args:
            start: From when on.
            end: Until when; not included.
            resource_id: Only those of this resource, which costs much less.
        """
        ...

    def latest(self, start: datetime, end: datetime) -> Mapping[int, datetime]:
        """Return by shard when the last of the stored events in [start, end) occurred, strongly consistent.

        One small read for each shard; it looks back no further than the last two hours in which events occurred.
        """
        ...


class FiringStore(Protocol):
    """Firings, stored once per id."""

    def put(self, firing: "Firing") -> bool:
        """Store a firing; False where its id is stored already."""
        ...

    def put_all(self, firings: "Sequence[Firing]") -> "Sequence[bool | Exception]":
        """Store firings, each as `put` does and several at a time.

        Returns:
            For each whether it is new, or else why it could not be stored: `TooLarge`, `Transient`. Where many meet a
            passing trouble, the rest may not be tried.
        """
        ...

    def get(self, firing_id: str) -> "Firing | None":
        """Return the firing of this id."""
        ...

    def caused_by(self, event_id: str, limit: int) -> Sequence[str]:
        """Return the ids of up to `limit` firings that an event closed, in order.

        A firing is found a moment after it was stored.
        """
        ...


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a flow logged; `level` as in the standard library's logging."""

    timestamp: datetime
    level: int
    name: str
    message: str


class RunStore(Protocol):
    """Flow runs. A change and its event are stored together or not at all."""

    def create(self, run: "FlowRun", event: "Event") -> bool:
        """Store a new run with its first event; False where a run of that id exists."""
        ...

    def save(self, run: "FlowRun", event: "Event | None", slot: "SlotChange | None" = None) -> None:
        """Store a changed run over the version it carries, with the event that tells of it, if it is to be told.

        Args:
            run: The run.
            event: The event; None where its state is the same.
            slot: What that does to the slots of its deployment, all or none with the rest.

        Raises:
            Conflict: Somebody else changed the run meanwhile.
            NoSlot: A slot is to be taken, and all are.
        """
        ...

    def delete(self, run: "FlowRun", slot: "SlotChange | None" = None) -> None:
        """Remove a run as it was read, with its log, and with what that does to slots.

        Raises:
            Conflict: Somebody has changed or removed it meanwhile.
        """
        ...

    def waiting(self, deployment_id: str, limit: int) -> Sequence[str]:
        """Return runs that wait for a slot of a deployment, in the order in which they were made."""
        ...

    def slots_taken(self, deployment_id: str) -> int:
        """Return how many slots of a deployment are taken."""
        ...

    def get(self, run_id: str) -> "FlowRun | None":
        """Return the run of this id."""
        ...

    def newest(self, limit: int) -> Sequence["FlowRun"]:
        """Return runs, newest `created` first."""
        ...

    def get_all(self, run_ids: Iterable[str]) -> "Sequence[FlowRun]":
        """Return the runs of these ids that are there, in that order; not always as they are this very moment."""
        ...

    def newest_first(self, before: datetime | None = None) -> "Iterator[FlowRun]":
        """Yield runs, newest `created` first, as far as they are asked for; those created before then."""
        ...

    def created_between(self, start: datetime, end: datetime) -> "Iterator[str]":
        """Yield the ids of the runs that were created in [start, end)."""
        ...

    def due(self, until: datetime) -> "Iterator[DueRun]":
        """Yield the runs that the timer is to look after before `until`, however long ago; they may have moved on."""
        ...

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        ...

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that the timer is to look after, and when: it starts then, or is to have moved on."""

    run_id: str
    at: datetime


class WindowStore(Protocol):
    """The rows of the engine's state."""

    def load(self, keys: "Iterable[RowKey]") -> "Mapping[RowKey, Row]":
        """Return the rows of these keys that are stored, strongly consistent."""
        ...

    def commit(self, rows: "Sequence[Row]", firings: "Sequence[Firing]") -> None:
        """Store rows over the versions they carry, and the firings that came of it, all or none.

        Afterwards each row carries its new version.

        Raises:
            Conflict: One of the rows was changed by somebody else; nothing is stored.
            Transient: Try again.
        """
        ...

    def due(self, since: datetime, until: datetime) -> "Iterator[Due]":
        """Yield the rows that are due in [since, until); they may have changed meanwhile."""
        ...

    def abandon(self, trigger_ids: Iterable[str], now: datetime) -> None:
        """Note that the rows of these triggers are of no use any more, or are about to be."""
        ...

    def abandoned(self) -> "Iterator[tuple[str, datetime]]":
        """Yield the triggers that were noted, and when they were last."""
        ...

    def rows_of(self, trigger_id: str) -> "Iterator[Row]":
        """Yield all rows of a trigger, strongly consistent."""
        ...

    def remove(self, row: "Row") -> bool:
        """Remove a row as it was read; False where somebody has changed or removed it meanwhile."""
        ...

    def cleared(self, trigger_id: str, noted: datetime) -> None:
        """Forget that a trigger was noted then; one that was noted again since stays."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A row that time may change, and when."""

    key: "RowKey"
    automation_id: str
    at: datetime


class HoldStore(Protocol):
    """Events that wait for the one they follow."""

    def hold(self, event_id: str, seconds: int, attempt: int) -> None:
        """Note that an event is held, and ask for it again after some seconds."""
        ...

    def is_held(self, event_id: str) -> bool:
        """Tell whether an event is held."""
        ...

    def was_held(self, event_id: str) -> bool:
        """Tell whether an event is held or was, for as long as the stream may deliver it again."""
        ...

    def release(self, event_id: str) -> None:
        """Note that an event is held no more. That it was is remembered."""
        ...


NOTED_STEP = timedelta(seconds=1)


class ProgressStore(Protocol):
    """How far the matcher and the timer have come."""

    def note(self, occurred: datetime, now: datetime, reached: Mapping[int, datetime] | None = None) -> None:
        """Move the event clock on, and how far the matcher has got; neither ever goes back. Cheap to call often.

        Args:
            occurred: The latest event.
            now: This moment.
            reached: By shard, when the latest event occurred that was applied. What is remembered of it may lag behind
                by less than `NOTED_STEP`.
        """
        ...

    def reached(self) -> Mapping[int, datetime]:
        """Return by shard how far the matcher has got: when the latest event occurred that was applied."""
        ...

    def offset(self) -> timedelta:
        """Return how far the event clock lags behind the wall clock: zero or less."""
        ...

    def swept(self) -> datetime | None:
        """Return when the timer last swept."""
        ...

    def note_swept(self, now: datetime) -> None:
        """Note that the timer has swept."""
        ...

    def looked_after(self) -> datetime | None:
        """Return until when runs were made that the timer has looked after."""
        ...

    def note_looked_after(self, until: datetime) -> None:
        """Note that the timer has looked after the runs that were made before then."""
        ...


class TimerQueue(Protocol):
    """Rings at a given time."""

    def ring_at(self, due: "Due") -> None:
        """Ask for a ring at its time, not before, and at most 15 minutes ahead."""
        ...

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run, in the same way; `ring` is its id, however often it is delivered."""
        ...


class Pauses(Protocol):
    """Short waits between tries."""

    def pause(self, attempt: int) -> None:
        """Wait a little: longer with each attempt, and never exactly as long as others do."""
        ...


class ConfigStore(Protocol):
    """What the user set up: webhooks, automations, deployments, flows, API keys. Documents are JSON objects."""

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        ...

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        ...

    def create(
        self,
        kind: str,
        id_: str,
        document: Mapping[str, Any],
        also: Iterable["Reference"] = (),
        told: "Event | None" = None,
    ) -> None:
        """Store a new document, references to it and the event that tells of it, all or none.

        Raises:
            Conflict: The document or one of the references exists.
        """
        ...

    def replace(self, kind: str, id_: str, document: Mapping[str, Any], told: "Event | None" = None) -> None:
        """Store a document over the one that is there, with the event that tells of it.

        Raises:
            NotFound: There is none.
        """
        ...

    def delete(self, kind: str, id_: str, also: Iterable["Reference"] = (), told: "Event | None" = None) -> bool:
        """Remove a document and references to it, and store the event that tells of it; False where it is not there."""
        ...

    def version(self, kind: str) -> int:
        """Return a number that rises by one with each change of a document of this kind."""
        ...

    def changes(self, kind: str, since: int) -> "Changes":
        """Return the present version of a kind, and what has changed since an earlier one, in one cheap read."""
        ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed of a kind.

    Attributes:
        version: The present version.
        ids: The documents that were created, replaced or removed since, oldest change first; None where that is no
            longer known: then all must be read.
    """

    version: int
    ids: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Reference:
    """Another name under which a document is found, such as the hash of a slug: `(kind, id)` → the document's id."""

    kind: str
    id: str


class Launcher(Protocol):
    """Starts the code of a flow run."""

    def launch(self, run: "FlowRun") -> None:
        """Start it; called again for the same run, start nothing new where the target can promise that.

        Raises:
            Rejected: The target is not there or may not be used; trying again will not help.
            Transient: Try again.
        """
        ...

    def stop(self, run: "FlowRun") -> bool:
        """Stop its code; False where the target cannot, or has none of it.

        Raises:
            Transient: Try again.
        """
        ...

    def news(self, run: "FlowRun") -> Mapping[str, str] | None:
        """Say how its execution is: `name`, `status`, and `error` and `cause` where it failed; None if that is unknown.

        Raises:
            Transient: Try again.
        """
        ...


class RetryQueue(Protocol):
    """Actions to be tried again later."""

    def send(self, firing_id: str, action_index: int, reason: str) -> None:
        """Put one action of one firing aside."""
        ...


class RequestLog(Protocol):
    """The requests that came to webhooks lately. It forgets them after some days."""

    def add(self, entry: "LoggedRequest") -> None:
        """Log a request."""
        ...

    def newest(self, webhook_id: str, limit: int) -> "Sequence[LoggedRequest]":
        """Return requests of a webhook, newest first."""
        ...

    def get(self, webhook_id: str, request_id: str) -> "LoggedRequest | None":
        """Return one request of a webhook."""
        ...


class Secrets(Protocol):
    """Secrets by reference. What Whenflow stores holds the reference and never the secret.

    A reference is `ssm:<name of a SecureString parameter>` or `secretsmanager:<name or ARN>`; with `#<key>` at its end
    it means one text of the JSON object that is the secret.
    """

    def get(self, reference: str, *, fresh: bool = False) -> str:
        """Return a secret, at most five minutes old; `fresh` asks for it anew.

        Raises:
            NotFound: There is no such secret, or it may not be read.
            Transient: Try again.
        """
        ...

    def put(self, name: str, value: str) -> str:
        """Keep a secret under this stack's own prefix, over the one that was there; return its reference.

        Raises:
            Transient: Try again.
        """
        ...

    def delete(self, reference: str) -> None:
        """Forget a secret that `put` kept; one that is not there is no fault."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to somebody else's server.

    Attributes:
        url: `https://host[:port]/path?query`, with no credentials in it.
        body: What is sent; None for nothing.
        allow_private: Whether the host may have a private address, and the URL may be plain `http` on any port.
        verify: Whether the server's certificate is checked.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    allow_private: bool = False
    verify: bool = True


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the server said: its status, its headers with names in lower case, and the first 64 KiB of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpSender(Protocol):
    """Calls servers outside, never one that is inside. It follows no redirect and tries once."""

    def send(self, request: HttpRequest) -> HttpAnswer:
        """Send a request and return the answer, whatever its status.

        Raises:
            Rejected: The URL is not one that may be called. Names the host at most, never path or query.
            Transient: The server cannot be reached, breaks off or takes too long. Likewise.
        """
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail of plain text; `sender` empty for the stack's own address."""

    to: Sequence[str]
    subject: str
    body: str
    sender: str = ""


class Mailer(Protocol):
    """Sends e-mail."""

    def send(self, mail: Mail) -> str:
        """Send an e-mail and return the id that the service gave it.

        Raises:
            Rejected: It may not be sent like that; trying again will not help.
            Transient: Try again.
        """
        ...


class Topics(Protocol):
    """Publishes to SNS topics."""

    def publish(self, topic_arn: str, subject: str, message: str, deduplication_id: str) -> str:
        """Publish a message and return the id that the service gave it.

        Args:
            topic_arn: The topic.
            subject: One line; e-mail subscribers see it.
            message: The text.
            deduplication_id: The same for the same message sent again; FIFO topics deliver it once.

        Raises:
            Rejected: There is no such topic, or it may not be used.
            Transient: Try again.
        """
        ...


class RateBudget(Protocol):
    """How often each automation may fire within a minute."""

    def take(self, automation_id: str, moment: datetime) -> bool:
        """Note one firing; False where the budget of this moment's minute is used up."""
        ...


class DeadLetters(Protocol):
    """What could not be done, by queue."""

    def queues(self) -> Sequence[Mapping[str, Any]]:
        """Return each queue: its `name`, `what` is in it, and about how many `messages`."""
        ...

    def peek(self, queue: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return messages of a queue, which stay in it: `id`, `sent` (seconds since 1970), `summary` and `body`.

        Raises:
            NotFound: There is no such queue.
        """
        ...

    def redrive(self, queue: str, limit: int) -> Mapping[str, Any]:
        """Put messages of a queue back to where they belong: how many were `redriven`, and which `failed`, why.

        Raises:
            NotFound: There is no such queue.
        """
        ...


class TaskRunStore(Protocol):
    """Task runs. The SDK keeps those of its process in packs, many in one row; one told from outside has its own."""

    def keep(self, group: str, pack: str, rows: "Sequence[TaskRun]") -> None:
        """Store a pack over the one of that name. Only the process that made a pack ever writes it.

        Args:
            group: Of which flow run these are, or of which day (`runs.task_runs.alone_on`).
            pack: Tells the packs of a group apart.
            rows: The task runs.

        Raises:
            TooLarge: They do not fit.
            Transient: Try again.
        """
        ...

    def of_group(self, group: str) -> "Sequence[TaskRun]":
        """Return the task runs of a flow run, or those of a day that are alone, in the order in which they began."""
        ...

    def single(self, id_: str) -> "tuple[TaskRun | None, int]":
        """Return the task run that has a row of its own, if it has one, and the version of that row."""
        ...

    def put_single(self, row: "TaskRun", version: int) -> None:
        """Store a task run in a row of its own, over the version that was read; 0 where there was none.

        Raises:
            Conflict: Somebody else changed it meanwhile.
        """
        ...

    def claim(self, id_: str, until: datetime, now: datetime) -> "Claim":
        """Claim a deferred task run for this process until then, unless another has it or it is done."""
        ...

    def done(self, id_: str) -> None:
        """Note that a deferred task run is done: nobody can claim it any more."""
        ...


class Claim(StrEnum):
    """What became of a claim."""

    MINE = "mine"
    BUSY = "busy"
    DONE = "done"


class TaskQueue(Protocol):
    """Background tasks on their way to a worker."""

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over a task: `task_run_id`, `task_key`, `parameters`. Delivered at least once, in no order.

        Raises:
            Rejected: There is no queue.
            TooLarge: It does not fit a message.
            Transient: Try again.
        """
        ...
