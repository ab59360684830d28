"""Ports: what people configured, and what was asked of webhooks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from whenflow.events.model import Event
    from whenflow.webhooks.log import LoggedRequest


class ConfigStore(Protocol):
    """What the user set up: webhooks, automations, deployments, flows, limits, API keys. Documents are JSON objects."""

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        ...

    def read(self, kind: str, id_: str) -> "Stored | None":
        """Return one document with its revision."""
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

    def replace(
        self,
        kind: str,
        id_: str,
        document: Mapping[str, Any],
        told: "Event | None" = None,
        *,
        over: str | None = None,
    ) -> None:
        """Store a document over the one that is there, with the event that tells of it.

        Args:
            kind: Its kind.
            id_: Its id.
            document: What takes its place.
            told: The event.
            over: The revision that was read; None to store it over any.

        Raises:
            NotFound: There is none.
            Stale: It is no longer of that revision, or the event is stored already. Nothing is stored.
        """
        ...

    def move(
        self,
        kind: str,
        id_: str,
        new_id: str,
        document: Mapping[str, Any],
        also: Iterable["Reference"] = (),
        told: "Event | None" = None,
        *,
        over: str | None = None,
    ) -> None:
        """Store a document under another id in place of the one that is there, and have references lead to it.

        All or none of it is done, so that a document that is kept by its name is never lost or doubled. It counts as
        two changes, of either id.

        Raises:
            NotFound: There is none.
            Conflict: There is one of the new id.
            Stale: It is no longer of the revision `over`.
        """
        ...

    def delete(
        self,
        kind: str,
        id_: str,
        also: Iterable["Reference"] = (),
        told: "Event | None" = None,
        *,
        over: str | None = None,
    ) -> bool:
        """Remove a document and references to it, and store the event that tells of it; False where it is not there.

        Raises:
            Stale: It is no longer of the revision `over`. Nothing is removed.
        """
        ...

    def version(self, kind: str) -> int:
        """Return a number that rises by one with each change of a document of this kind."""
        ...

    def changes(self, kind: str, since: int) -> "Changes":
        """Return the present version of a kind, and what has changed since an earlier one, in one cheap read."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read.

    Attributes:
        revision: Another one after each change, never one that was there before; None where it is not stored yet, and
            is what it is until somebody changes it.
    """

    document: dict[str, Any]
    revision: str | None


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
