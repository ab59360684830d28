"""What can go wrong, in the domain's words. Adapters translate their errors to these, doors these to answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class WhenflowError(Exception):
    """The root of all errors that Whenflow raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a document.

    Attributes:
        loc: The path to the field, outermost first; empty for the whole document.
        msg: What is wrong and what would be right.
        type: A stable word for the kind of fault, as pydantic names them.
    """

    loc: tuple[str | int, ...]
    msg: str
    type: str = "value_error"

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as an entry of a 422 answer's `exception_detail`."""
        return {"loc": list(self.loc), "msg": self.msg, "type": self.type}


class Rejected(WhenflowError):
    """The input is at fault: it is never retried, and whoever sent it is told why."""

    def __init__(self, reason: str, faults: Sequence[Fault] = ()) -> None:
        """Keep the reason for people and the faults for programs."""
        super().__init__(reason)
        self.reason = reason
        self.faults = tuple(faults)


class TooLarge(Rejected):
    """The input is over a documented limit."""


class NotFound(WhenflowError):
    """What was asked for is not there."""


class Forbidden(WhenflowError):
    """It is not for this caller: a token that is forged, or has expired."""


class Conflict(WhenflowError):
    """The thing exists already, or changed meanwhile."""


class Stale(Conflict):
    """The thing has changed since it was read: what was to be stored over it is not."""


class Transient(WhenflowError):
    """It may work if tried again: a throttle, a time-out, a lost race.

    Attributes:
        retry_after: Seconds to wait before that, where whoever refused has said so.
    """

    def __init__(self, reason: object = "", retry_after: float | None = None) -> None:
        """Keep the reason, and the wait that was asked for."""
        super().__init__(reason)
        self.retry_after = retry_after


class NoSlot(WhenflowError):
    """All slots of the deployment or work pool are taken; nothing is stored.

    Attributes:
        owners: Whose: the ids of those that have none left.
    """

    def __init__(self, owners: Sequence[str] = ()) -> None:
        """Keep who has none left."""
        super().__init__(*owners)
        self.owners = tuple(owners)


class Locked(WhenflowError):
    """All slots of a concurrency limit are taken."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """Keep when to ask again, in seconds; None where that will never help."""
        super().__init__(reason)
        self.retry_after = retry_after
