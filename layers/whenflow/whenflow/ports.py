"""The ports: what the pure rooms ask of the world. Adapters are in `whenflow.aws`, fakes in `whenflow.testing`.

One contract suite (tests/contract) runs against every adapter of a port.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from whenflow.automations.firing import Firing
    from whenflow.events.model import Event
    from whenflow.runs.model import FlowRun


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

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first.

        Raises:
            Rejected: The cursor is none of this store's.
        """
        ...


class FiringStore(Protocol):
    """Firings, stored once per id."""

    def put(self, firing: "Firing") -> bool:
        """Store a firing; False where its id is stored already."""
        ...

    def get(self, firing_id: str) -> "Firing | None":
        """Return the firing of this id."""
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

    def save(self, run: "FlowRun", event: "Event") -> None:
        """Store a changed run over the version it carries, with the event that tells of it.

        Raises:
            Conflict: Somebody else changed the run meanwhile.
        """
        ...

    def get(self, run_id: str) -> "FlowRun | None":
        """Return the run of this id."""
        ...

    def newest(self, limit: int) -> Sequence["FlowRun"]:
        """Return runs, newest `created` first."""
        ...

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        ...

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        ...


class ConfigStore(Protocol):
    """What the user set up: webhooks, automations, deployments, flows, API keys. Documents are JSON objects."""

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        ...

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        ...

    def create(self, kind: str, id_: str, document: Mapping[str, Any], also: Iterable["Reference"] = ()) -> None:
        """Store a new document and references to it, all or none.

        Raises:
            Conflict: The document or one of the references exists.
        """
        ...

    def replace(self, kind: str, id_: str, document: Mapping[str, Any]) -> None:
        """Store a document over the one that is there.

        Raises:
            NotFound: There is none.
        """
        ...

    def delete(self, kind: str, id_: str, also: Iterable["Reference"] = ()) -> bool:
        """Remove a document and references to it; False where it is not there."""
        ...

    def version(self, kind: str) -> int:
        """Return a number that rises with each change of a document of this kind."""
        ...


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


class RetryQueue(Protocol):
    """Actions to be tried again later."""

    def send(self, firing_id: str, action_index: int, reason: str) -> None:
        """Put one action of one firing aside."""
        ...
