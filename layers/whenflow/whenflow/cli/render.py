"""What is written to the terminal: sentences and times for people, JSON for programs. Tables: `whenflow.cli.tables`.

Events come from outside, so every text is stripped of what could steer a terminal before it is shown.
"""

import io
import json
import re
import shutil
import sys
import textwrap
from datetime import UTC, datetime
from typing import Any, TextIO

DAY = 86_400
UNITS = ((3600, "h"), (60, "min"), (1, "s"))

_STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_STEERS_TERMINAL = re.compile(f"[{_STEERING}]")
NOT_IN_A_CELL = re.compile(f"[\t\n{_STEERING}]")


def clean(text: object, pattern: re.Pattern[str] = _STEERS_TERMINAL) -> str:
    """Return text in which characters that steer a terminal are spelled out."""
    return pattern.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), str(text))


def say(*lines: str) -> None:
    """Write sentences for a person. A line that starts with a blank is a thing to copy, and stays in one piece."""
    for line in lines:
        _write(sys.stdout, clean(line, NOT_IN_A_CELL))


def complain(*lines: str) -> None:
    """Write sentences to standard error, likewise."""
    for line in lines:
        _write(sys.stderr, clean(line))


def _write(stream: TextIO, line: str) -> None:
    if stream.isatty() and not line.startswith(" "):
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False)
    stream.write(line + "\n")


def print_json(document: Any) -> None:
    """Write a document as JSON, and nothing else."""
    _print_json(json.dumps(document, indent=2, ensure_ascii=False))


def print_json_line(document: Any) -> None:
    """Write a document as one line of JSON, for what comes bit by bit."""
    _print_json(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def _print_json(text: str) -> None:
    sys.stdout.write(_STEERS_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n")


def parse_time(text: object) -> datetime | None:
    """Read a time of the API; None where there is none."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def ago(text: object, now: datetime | None = None) -> str:
    """Return a time as seen from now (`5 min ago`), or as local time if it is a day or more away."""
    instant = parse_time(text)
    if instant is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - instant).total_seconds()
    distance = abs(seconds)
    if distance >= DAY:
        return f"{instant.astimezone():%Y-%m-%d %H:%M}"
    if distance < 1:
        return "now"
    size, unit = next((size, unit) for size, unit in UNITS if distance >= size)
    amount = f"{int(distance // size)} {unit}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def clock_time(text: object) -> str:
    """Return a time as local time to the millisecond."""
    instant = parse_time(text)
    return instant.astimezone().isoformat(" ", timespec="milliseconds")[:23] if instant else "-"


def seconds_between(start: object, end: object) -> str:
    """Return how much later the second time is: `+0.412 s`; empty where one is unknown."""
    first, second = parse_time(start), parse_time(end)
    return f"{(second - first).total_seconds():+.3f} s" if first and second else ""


def survive_odd_terminals() -> None:
    """Make a terminal that cannot show a character show its number, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
