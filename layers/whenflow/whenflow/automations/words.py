"""Times, patterns and keys as a person reads them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def moment(instant: datetime, beside: datetime) -> str:
    """Return a time; with its date only where that is another than the one beside it."""
    instant, beside = instant.astimezone(UTC), beside.astimezone(UTC)
    text = f"{instant:%H:%M:%S}"
    if instant.microsecond:
        text += f".{instant.microsecond:06d}".rstrip("0")
    return text if instant.date() == beside.date() else f"{instant:%Y-%m-%d} {text}"


def full_moment(instant: datetime) -> str:
    """Return a time with its date and zone."""
    instant = instant.astimezone(UTC)
    return f"{instant:%Y-%m-%d} {moment(instant, instant)} UTC"


def span(duration: timedelta) -> str:
    """Return a stretch of time: `90 s` is `1 min 30 s`."""
    seconds = duration.total_seconds()
    parts = []
    for unit, size in UNITS:
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount:.0f} {unit}")
    if seconds or not parts:
        parts.append(f"{seconds:.6f}".rstrip("0").rstrip(".") + " s")
    return " ".join(parts)


def quoted(text: str | None) -> str:
    """Return a text between marks, or that there is none."""
    return "not there" if text is None else f"`{text}`" if text else "empty"


def one_of(texts: Iterable[str], nothing: str) -> str:
    """Return alternatives: `a`, `b` or `c`."""
    return listed([f"`{text}`" for text in texts], "or") or nothing


def listed(texts: Sequence[str], word: str) -> str:
    """Return a list with a word before the last of it."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}" if texts else ""


def for_key(labels: Mapping[str, str]) -> str:
    """Return the key that something is about, with a blank before it; nothing where there is none."""
    return " for " + key_text(labels) if labels else ""


def key_text(labels: Mapping[str, str]) -> str:
    """Return the labels of a key."""
    return ", ".join(f"{label}={value or '(none)'}" for label, value in labels.items())
