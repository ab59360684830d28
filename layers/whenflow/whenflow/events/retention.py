"""How long events are kept: all alike, but for names that are given less."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from whenflow.errors import Rejected


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are kept.

    Attributes:
        whole: The longest that any event is kept.
        shorter: Names whose events are kept for less.
    """

    whole: timedelta
    shorter: Mapping[str, timedelta] = field(default_factory=dict)

    def of(self, name: str) -> timedelta:
        """Return how long events of this name are kept; an exception can only shorten."""
        return min(self.whole, self.shorter.get(name, self.whole))


def retention_from_text(days: int, shorter: str) -> Retention:
    """Read the settings.

    Args:
        days: Days that events are kept.
        shorter: Exceptions: `prefect.flow-run.heartbeat=7,other.name=1`, in days.

    Raises:
        Rejected: An exception is not of this form.
    """
    exceptions: dict[str, timedelta] = {}
    for entry in filter(None, (one.strip() for one in shorter.split(","))):
        name, separator, number = entry.rpartition("=")
        if not separator or not name or not number.isascii() or not number.isdigit() or int(number[:6]) < 1:
            raise Rejected(f"{entry!r} says no retention: write the event's name, =, and a number of days from 1 on.")
        exceptions[name.strip()] = timedelta(days=int(number[:6]))
    return Retention(timedelta(days=days), exceptions)
