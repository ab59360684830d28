"""Moments on the command line: a time, or how long ago."""

import re
from datetime import datetime, timedelta

from whenflow.cli.errors import UsageError
from whenflow.cli.render import parse_time

_AGO = re.compile(r"(\d+(?:\.\d+)?)(s|m|min|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def read_moment(text: str, option: str, now: datetime) -> datetime:
    """Return the moment that `30d`, `12h`, `now` or `2026-11-20T12:00:00Z` means.

    Args:
        text: What was given.
        option: By which option.
        now: The present moment.

    Raises:
        UsageError: It means nothing.
    """
    if text == "now":
        return now
    if found := _AGO.fullmatch(text.strip().removesuffix(" ago")):
        try:
            return now - timedelta(seconds=float(found[1]) * _UNITS[found[2]])
        except OverflowError:
            pass
    elif moment := parse_time(text):
        return moment
    raise UsageError(f"{option} must be a time such as 2026-11-20T12:00:00Z, or how long ago: 30d, 12h; not {text!r}.")


def read_length(text: str, option: str) -> float:
    """Return the seconds that `30s`, `5m`, `1h` or `7d` mean.

    Args:
        text: What was given.
        option: By which option.

    Raises:
        UsageError: It means nothing.
    """
    if found := _AGO.fullmatch(text.strip()):
        return float(found[1]) * _UNITS[found[2]]
    raise UsageError(f"{option} must be a length of time such as 30s, 5m, 1h or 7d; not {text!r}.")
