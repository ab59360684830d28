"""What is configured, asked for and kept secret, in memory."""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from whenflow.errors import Conflict, NotFound, Stale
from whenflow.events import Event
from whenflow.ports import Changes, Clock, Reference, Stored
from whenflow.testing.memory import MemoryEventStore
from whenflow.upgrades import upgraded
from whenflow.webhooks.log import REMEMBERED, LoggedRequest
from whenflow.webhooks.secrets import secret_text

CHANGES_KEPT = 20


class MemoryConfigStore:
    """Documents in a dictionary. What goes in and out is copied, as it would be by a database."""

    def __init__(self, events: MemoryEventStore | None = None) -> None:
        """Start empty; events that tell of changes go to the event store."""
        self._events = events
        self._documents: dict[tuple[str, str], dict[str, Any]] = {}
        self._revisions: dict[tuple[str, str], str] = {}
        self._written = 0
        self._changes: dict[str, list[str]] = {}

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        found = copy.deepcopy(self._documents.get((kind, id_)))
        return None if found is None else upgraded(kind, id_, found)

    def read(self, kind: str, id_: str) -> Stored | None:
        """Return one document with its revision."""
        document = self.get(kind, id_)
        return None if document is None else Stored(document, self._revisions[kind, id_])

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        found = [(key[1], copy.deepcopy(one)) for key, one in sorted(self._documents.items()) if key[0] == kind]
        return [upgraded(kind, id_, document) for id_, document in found]

    def create(
        self,
        kind: str,
        id_: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: Event | None = None,
    ) -> None:
        """Store a new document, references to it and the event that tells of it, all or none."""
        new = {(kind, id_): dict(document), **{(one.kind, one.id): {"id": id_} for one in also}}
        if self._documents.keys() & new.keys():
            raise Conflict(f"There is such a {kind} already.")
        self._check_told(told)
        self._put(new)
        self._changed(kind, id_, told)

    def replace(
        self, kind: str, id_: str, document: Mapping[str, Any], told: Event | None = None, *, over: str | None = None
    ) -> None:
        """Store a document over the one that is there, with the event that tells of it."""
        if (kind, id_) not in self._documents:
            raise NotFound(f"There is no {kind} {id_}.")
        self._check_revision(kind, id_, over)
        self._check_told(told)
        self._put({(kind, id_): dict(document)})
        self._changed(kind, id_, told)

    def move(
        self,
        kind: str,
        id_: str,
        new_id: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: Event | None = None,
        *,
        over: str | None = None,
    ) -> None:
        """Store a document under another id in place of the one that is there, and have references lead to it."""
        if (kind, id_) not in self._documents:
            raise NotFound(f"There is no {kind} {id_}.")
        if (kind, new_id) in self._documents:
            raise Conflict(f"There is a {kind} {new_id} already.")
        self._check_revision(kind, id_, over)
        self._check_told(told)
        leading = {(one.kind, one.id): {"id": new_id} for one in also}
        self._put({(kind, new_id): dict(document), **leading})
        del self._documents[kind, id_]
        self._changed(kind, id_, None)
        self._changed(kind, new_id, told)

    def delete(
        self,
        kind: str,
        id_: str,
        also: Iterable[Reference] = (),
        told: Event | None = None,
        *,
        over: str | None = None,
    ) -> bool:
        """Remove a document and references to it, and tell of it; False where it is not there."""
        if (kind, id_) not in self._documents:
            return False
        self._check_revision(kind, id_, over)
        self._check_told(told)
        del self._documents[kind, id_]
        for reference in also:
            self._documents.pop((reference.kind, reference.id), None)
        self._changed(kind, id_, told)
        return True

    def version(self, kind: str) -> int:
        """Return a number that rises by one with each change of a document of this kind."""
        return len(self._changes.get(kind, ()))

    def changes(self, kind: str, since: int) -> Changes:
        """Return the present version of a kind, and what has changed since an earlier one."""
        version = self.version(kind)
        known = max(0, version - CHANGES_KEPT) <= since <= version
        return Changes(version, list(dict.fromkeys(self._changes.get(kind, [])[since:])) if known else None)

    def _check_revision(self, kind: str, id_: str, over: str | None) -> None:
        if over is not None and self._revisions[kind, id_] != over:
            raise Stale(f"The {kind} {id_} has changed.")

    def _check_told(self, told: Event | None) -> None:
        if told is not None and self._events is not None and self._events.get(told.id):
            raise Stale("The change is told of already.")

    def _put(self, documents: Mapping[tuple[str, str], dict[str, Any]]) -> None:
        self._documents.update(_plain(documents))
        self._written += 1
        self._revisions.update(dict.fromkeys(documents, str(self._written)))

    def _changed(self, kind: str, id_: str, told: Event | None) -> None:
        self._changes.setdefault(kind, []).append(id_)
        if told is not None:
            if self._events is None:
                raise ValueError("there is no event store to tell of it")
            self._events.put(told)


class MemoryQuota:
    """How many requests each caller has sent, in a dictionary."""

    def __init__(self) -> None:
        """Start empty."""
        self.taken: dict[tuple[str, int], int] = {}

    def take(self, caller: str, window: int, amount: int) -> int:
        """Add to what a caller has taken in a window, and return how much that makes."""
        self.taken[caller, window] = self.taken.get((caller, window), 0) + amount
        return self.taken[caller, window]


class MemoryRetryQueue:
    """Actions put aside, in a list.

    Attributes:
        sent: Firing id, action index and reason of each, in order.
        waits: How many seconds each is to wait at least, in the same order.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.sent: list[tuple[str, int, str]] = []
        self.waits: list[float | None] = []

    def send(self, firing_id: str, action_index: int, reason: str, wait: float | None = None) -> None:
        """Put one action of one firing aside."""
        self.sent.append((firing_id, action_index, reason))
        self.waits.append(wait)


class MemorySecrets:
    """Secrets in a dictionary.

    Attributes:
        kept: The secrets by reference; a test may put in one that the user keeps himself.
        asked: The references that were asked for, in order.
    """

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        """Start with these."""
        self.kept = dict(kept or {})
        self.asked: list[str] = []

    def get(self, reference: str, *, fresh: bool = False) -> str:  # noqa: ARG002 - what it knows is always fresh
        """Return a secret."""
        self.asked.append(reference)
        plain, _, key = reference.partition("#")
        if plain not in self.kept:
            raise NotFound(f"There is no secret {plain}.")
        return secret_text(self.kept[plain], plain, key)

    def put(self, name: str, value: str) -> str:
        """Keep a secret; return its reference."""
        reference = f"ssm:/whenflow/{name}"
        self.kept[reference] = value
        return reference

    def delete(self, reference: str) -> None:
        """Forget a secret that `put` kept."""
        if reference.startswith("ssm:/whenflow/"):
            self.kept.pop(reference, None)


class MemoryRequestLog:
    """Requests in a list, for as long as they are remembered.

    Attributes:
        entries: The requests, in order.
    """

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self.entries: list[LoggedRequest] = []

    def add(self, entry: LoggedRequest) -> None:
        """Log a request."""
        self.entries.append(entry)

    def newest(self, webhook_id: str, limit: int) -> Sequence[LoggedRequest]:
        """Return requests of a webhook, newest first."""
        found = [one for one in self.entries if one.webhook_id == webhook_id and self._is_remembered(one)]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def get(self, webhook_id: str, request_id: str) -> LoggedRequest | None:
        """Return one request of a webhook."""
        return next((one for one in self.newest(webhook_id, len(self.entries)) if one.id == request_id), None)

    def _is_remembered(self, entry: LoggedRequest) -> bool:
        return self._clock.now() - entry.received < REMEMBERED


def _plain(documents: Mapping[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {key: json.loads(json.dumps(document)) for key, document in documents.items()}
