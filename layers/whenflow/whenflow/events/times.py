"""Instants as text, the same everywhere: RFC 3339, UTC, microseconds, `Z`."""

from datetime import UTC, datetime, timedelta

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def iso(instant: datetime) -> str:
    """Write an instant; a naive one is taken as UTC."""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_iso(text: str) -> datetime:
    """Read what `iso` wrote.

    Raises:
        ValueError: The text is no instant.
    """
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def later(moment: datetime, span: timedelta) -> datetime:
    """Return the moment a span after another, or the calendar's last where there is none."""
    try:
        return moment + span
    except OverflowError:
        return LAST


def earlier(moment: datetime, span: timedelta) -> datetime:
    """Return the moment a span before another, or the calendar's first where there is none."""
    try:
        return moment - span
    except OverflowError:
        return FIRST
