"""A concurrency limit as it is stored and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from whenflow.events import iso, parse_iso

KIND = "concurrency-limit"
ID_KIND = "concurrency-limit-id"
OF_TAG = "tag:"
MAX_NAME_CHARS = 255
"""What a key of the store holds, whatever the characters."""


def tag_limit(tag: str) -> str:
    """Return the name of the limit of all tasks with a tag."""
    return OF_TAG + tag


class LimitFacts(Protocol):
    """What somebody who takes slots is told of a limit."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def limit(self) -> int:
        """How many slots there are."""
        ...


@dataclass(frozen=True, slots=True)
class Limit:
    """A concurrency limit.

    Attributes:
        limit: How many slots there are.
        active: Whether it holds anybody up.
        decay: How many taken slots become free in each second by themselves.
    """

    id: str
    name: str
    limit: int
    active: bool
    decay: float
    created: datetime
    updated: datetime

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Limit":
        """Return the limit of a document that `as_stored` made."""
        return cls(
            stored["id"],
            stored["name"],
            stored["limit"],
            stored["active"],
            stored["slot_decay_per_second"],
            parse_iso(stored["created"]),
            parse_iso(stored["updated"]),
        )

    def as_stored(self) -> dict[str, Any]:
        """Return the document that is stored, in the words of the API."""
        return {
            "id": self.id,
            "name": self.name,
            "limit": self.limit,
            "active": self.active,
            "slot_decay_per_second": self.decay,
            "created": iso(self.created),
            "updated": iso(self.updated),
        }
