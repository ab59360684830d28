"""Every change of what is set up is an event: `whenflow.<kind>.<created|updated|deleted>`, and who made it.

The event is stored with the change or not at all. It names what changed, and holds none of the values: some are
secrets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from whenflow.api.scopes import Caller
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event
from whenflow.ports import Changes, Clock, ConfigStore, Ids, Reference, Stored

PREFIX = "whenflow."
ACTOR = "actor"
MAX_NAME_CHARS = 200
NOT_TOLD = frozenset(
    {"secret", "webhook-slug", "deployment-name", "flow-name", "variable-id", "concurrency-limit-id"}
)  # parts of what is told
CALLED = {"block-document": "notification-target"}  # what people know it by
PASSING = frozenset({"updated", "last_used"})
_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


@contextmanager
def acting(caller: Caller) -> Iterator[None]:
    """Have the changes that are made in this block told as this caller's."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


class AuditedConfig:
    """A config store that tells of each change."""

    def __init__(self, config: ConfigStore, clock: Clock, ids: Ids) -> None:
        """Work on this store, which can store events too."""
        self._config = config
        self._clock = clock
        self._ids = ids

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        return self._config.get(kind, id_)

    def read(self, kind: str, id_: str) -> Stored | None:
        """Return one document with its revision."""
        return self._config.read(kind, id_)

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        return self._config.all(kind)

    def create(
        self,
        kind: str,
        id_: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: Event | None = None,
    ) -> None:
        """Store a new document and references to it, all or none.

        Raises:
            Conflict: The document or one of the references exists.
        """
        self._config.create(kind, id_, document, also, told or self._event(kind, id_, "created", document))

    def replace(
        self, kind: str, id_: str, document: Mapping[str, Any], told: Event | None = None, *, over: str | None = None
    ) -> None:
        """Store a document over the one that is there.

        Raises:
            NotFound: There is none.
            Stale: It is no longer of the revision `over`.
        """
        changed = sorted(_changed(self._config.get(kind, id_) or {}, document))
        if told is None and changed:
            told = self._event(kind, id_, "updated", document, {"changed": changed})
        self._config.replace(kind, id_, document, told, over=over)

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
        """Store a document under another id in place of the one that is there.

        Raises:
            NotFound: There is none.
            Conflict: There is one of the new id.
            Stale: It is no longer of the revision `over`.
        """
        changed = sorted(_changed(self._config.get(kind, id_) or {}, document))
        told = told or self._event(kind, new_id, "updated", document, {"changed": changed})
        self._config.move(kind, id_, new_id, document, also, told, over=over)

    def delete(
        self,
        kind: str,
        id_: str,
        also: Iterable[Reference] = (),
        told: Event | None = None,
        *,
        over: str | None = None,
    ) -> bool:
        """Remove a document and references to it; False where it is not there.

        Raises:
            Stale: It is no longer of the revision `over`.
        """
        present = self._config.get(kind, id_)
        if present is None:
            return False
        return self._config.delete(kind, id_, also, told or self._event(kind, id_, "deleted", present), over=over)

    def version(self, kind: str) -> int:
        """Return a number that rises by one with each change of a document of this kind."""
        return self._config.version(kind)

    def changes(self, kind: str, since: int) -> Changes:
        """Return the present version of a kind, and what has changed since an earlier one, in one cheap read."""
        return self._config.changes(kind, since)

    def _event(
        self,
        kind: str,
        id_: str,
        happened: str,
        document: Mapping[str, Any],
        payload: Mapping[str, Any] | None = None,
    ) -> Event | None:
        if kind in NOT_TOLD:
            return None
        now, caller = self._clock.now(), _caller.get()
        kind = CALLED.get(kind, kind)
        resource_id = f"{PREFIX}{kind}.{document.get('id', id_)}"
        name = str(document.get("name") or "")[:MAX_NAME_CHARS]
        return Event(
            id=self._ids.event_id(now, resource_id),
            occurred=now,
            event=f"{PREFIX}{kind}.{happened}",
            resource={RESOURCE_ID: resource_id} | ({RESOURCE_NAME: name} if name else {}),
            related=(_actor(caller),) if caller else (),
            payload=dict(payload or {}),
            received=now,
        )


def _actor(caller: Caller) -> dict[str, str]:
    return {RESOURCE_ID: caller.resource_id, RESOURCE_ROLE: ACTOR, RESOURCE_NAME: caller.name}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the names of the fields that are not as they were."""
    names = before.keys() | after.keys()
    return {name for name in names - PASSING if before.get(name) != after.get(name)}
