"""What comes of an action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from whenflow.events import Labels


@dataclass(frozen=True, slots=True)
class Executed:
    """The action did what it is for.

    Attributes:
        related: The resources it worked on or made.
        payload: What else the feed should tell.
    """

    related: Sequence[Labels] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)


class ActionFailed(Exception):
    """The action cannot be done, and trying again will not help.

    Attributes:
        reason: For people, in the feed.
        payload: What else the feed should tell.
        related: The resources it was to work on, where they were found.
    """

    def __init__(self, reason: str, payload: Mapping[str, Any] | None = None, related: Sequence[Labels] = ()) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason
        self.payload = dict(payload or {})
        self.related = tuple(related)


def not_there(type_: str, what: str) -> ActionFailed:
    """Return the failure of an action on something that is not there."""
    return ActionFailed(f"Unexpected status from '{type_}' action: 404: there is no {what}", {"status_code": 404})
