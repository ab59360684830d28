"""Times, durations and data as text for people."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from whenflow.events import iso

MINUTE, HOUR, DAY = 60, 3600, 86_400
UNITS = ((HOUR, "h"), (MINUTE, "min"), (1, "s"))
MAX_LINE_CHARS = 300
MAX_VALUE_CHARS = 2_000
MAX_JSON_CHARS = 100_000

# What would steer the reader's eye or the browser rather than be read: control characters, bidirectional overrides,
# lone surrogates. Tab and line feed stay.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as pages show it.

    Attributes:
        iso: For programs.
        ago: As seen from now: `12 s ago`.
        clock: The time of day to the millisecond: `21:00:03.412`.
        full: Date, time and zone.
    """

    iso: str
    ago: str
    clock: str
    full: str


def moment(instant: datetime, now: datetime) -> Moment:
    """Return an instant as pages show it, in UTC."""
    utc = instant.astimezone(UTC)
    clock = utc.isoformat(timespec="milliseconds")[11:23]
    return Moment(iso(utc), _ago(utc, now), clock, f"{utc.date().isoformat()} {clock} UTC")


def moment_of(text: object, now: datetime) -> Moment | None:
    """Return an instant that a stored document holds as text; None where it is none."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment(instant if instant.tzinfo else instant.replace(tzinfo=UTC), now)


def _ago(instant: datetime, now: datetime) -> str:
    seconds = (now - instant).total_seconds()
    distance = abs(seconds)
    if distance >= DAY:
        return f"{instant:%Y-%m-%d %H:%M}"
    if distance < 1:
        return "now"
    size, unit = next((size, unit) for size, unit in UNITS if distance >= size)
    amount = f"{int(distance // size)} {unit}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def span(seconds: float) -> str:
    """Return a duration: `412 ms`, `3.2 s`, `2 min 5 s`, `1 h 3 min`; before zero with a minus."""
    if seconds < 0:
        return f"−{span(-seconds)}"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), MINUTE)
    if seconds < HOUR:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours} h {minutes} min"


def between(start: datetime, end: datetime) -> str:
    """Return how much later the second instant is: `+412 ms`."""
    seconds = (end - start).total_seconds()
    return span(seconds) if seconds < 0 else f"+{span(seconds)}"


def count_of(number: int, word: str) -> str:
    """Return a number with its noun: `1 run`, `2 runs`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def cut(text: str, chars: int = MAX_LINE_CHARS) -> str:
    """Return text, or its beginning with an ellipsis."""
    return text if len(text) <= chars else f"{text[:chars]}…"


def legible(text: str) -> str:
    """Return text in which characters that steer are spelled out as their numbers."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


@dataclass(frozen=True, slots=True)
class Shown:
    """JSON as text, and how many characters of it are left out."""

    text: str
    left_out: int = 0


def pretty(document: Mapping[str, Any] | list[Any]) -> Shown:
    """Return JSON for people; the beginning of it where it is long."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return Shown(text[:MAX_JSON_CHARS], max(0, len(text) - MAX_JSON_CHARS))
