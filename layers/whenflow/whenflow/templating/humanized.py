"""Filters that write numbers and times for people, under the names of jinja2-humanize-extension."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from whenflow.events import parse_iso
from whenflow.templating.errors import Misused
from whenflow.templating.meter import current, require_plain, text_of

MAX_DIGITS = 30
MAX_CHARS = 64
FORMAT = re.compile(r"[^%]{0,20}%[-+ 0#,]{0,3}\.?[0-9]{0,2}[dfgeis][^%]{0,20}\Z")
DAY_FORMAT = re.compile(r"(?:%[-]?[aAbBdmYyjHMSIpfzZ]|[^%]){1,40}\Z")
DAYS = {0: "today", 1: "tomorrow", -1: "yesterday"}


def _number(value: Any) -> Any:
    """Return a value as humanize takes it. What is no number, it writes as it is, or refuses."""
    if isinstance(value, str):
        if len(value) > MAX_CHARS:
            raise Misused(f"a number has at most {MAX_CHARS} characters")
        return str(value)
    require_plain(value)
    if isinstance(value, int) and value.bit_length() > MAX_CHARS * 8:
        raise Misused("the number is too large to be written for people")
    return value


def _moment(value: Any) -> Any:
    """Return a value as humanize takes it: a time written as text becomes a time."""
    if not isinstance(value, str):
        return value
    try:
        return parse_iso(value)
    except ValueError:
        return _number(value)


def _now() -> datetime:
    now = current().now
    if now is None:
        raise Misused("what time it is, is not known here")
    return now


def _checked(name: str, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and abs(value) <= MAX_DIGITS:
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return value
    if isinstance(value, str) and len(value) <= MAX_CHARS and (name != "format" or FORMAT.match(value)):
        return value
    raise Misused(f"this is no {name} that can be asked for")


def _filter(name: str, options: str = "", prepare: Callable[[Any], Any] = _number) -> Callable[..., str]:
    """Return a filter that hands over to humanize, with the options that are listed, each of a sensible size."""
    known = options.split()

    def run(value: Any, *args: Any, **kwargs: Any) -> str:
        import humanize  # only templates that write for people pay for it

        if len(args) > len(known) or kwargs.keys() - known:
            raise Misused(f"humanize_{name} takes no more than {', '.join(known) or 'the value'}")
        given = dict(zip(known, args, strict=False)) | kwargs
        checked = {option: _checked(option, one) for option, one in given.items()}
        return str(getattr(humanize, name)(prepare(value), **checked))

    return run


def naturaltime(value: Any, future: bool = False, months: bool = True, minimum_unit: str = "seconds") -> str:
    """Write how long ago a time was, or will be."""
    import humanize

    moment = _moment(value)
    if isinstance(moment, datetime):
        now = _now()
        moment = now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    elif isinstance(moment, str):
        moment = float(moment)
    if not isinstance(moment, timedelta):
        moment = timedelta(seconds=moment)
    if future:
        moment = -abs(moment)
    return humanize.naturaltime(moment, months=bool(months), minimum_unit=_checked("minimum_unit", minimum_unit))


def naturalday(value: Any, format: str = "%b %d") -> str:
    """Write a day as people do: today, tomorrow, yesterday, or its date."""
    moment = _moment(value)
    if not isinstance(moment, datetime):
        return text_of(value)
    if not DAY_FORMAT.match(format):
        raise Misused("this is no format of a day")
    days = (moment.astimezone(UTC).date() - _now().astimezone(UTC).date()).days
    return DAYS.get(days) or moment.strftime(format)


def naturaldate(value: Any) -> str:
    """Write a day as people do, with its year where it is far away."""
    moment = _moment(value)
    if isinstance(moment, datetime) and abs((moment - _now()).days) >= 5 * 365 / 12:
        return naturalday(value, "%b %d %Y")
    return naturalday(value)


HUMANIZED: dict[str, Callable[..., Any]] = {
    "humanize_apnumber": _filter("apnumber"),
    "humanize_fractional": _filter("fractional"),
    "humanize_intcomma": _filter("intcomma", "ndigits"),
    "humanize_intword": _filter("intword", "format"),
    "humanize_metric": _filter("metric", "unit precision"),
    "humanize_naturaldate": naturaldate,
    "humanize_naturalday": naturalday,
    "humanize_naturaldelta": _filter("naturaldelta", "months minimum_unit", _moment),
    "humanize_naturalsize": _filter("naturalsize", "binary gnu format"),
    "humanize_naturaltime": naturaltime,
    "humanize_ordinal": _filter("ordinal", "gender"),
    "humanize_precisedelta": _filter("precisedelta", "minimum_unit suppress format", _moment),
    "humanize_scientific": _filter("scientific", "precision"),
}
