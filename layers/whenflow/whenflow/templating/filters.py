"""Filters of our own, and those of Jinja2 that could make much out of little, metered."""

import json
from collections.abc import ItemsView, Iterable, Mapping
from typing import Any, Literal

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import do_round, make_attrgetter
from markupsafe import Markup

from whenflow.events import named_id

MAX_GROWN_CHARS = 1024 * 1024
MAX_INDENT = 8
MAX_PRECISION = 30


class UndefinedValue(Exception):
    """A filter that needs a value was given a variable that is not there."""


class Misused(Exception):
    """A filter was given what it does not work on."""


def json_text(value: Any, indent: int | None = None, *, sort_keys: bool = False) -> str:
    """Write a value as JSON.

    Raises:
        UndefinedValue: The value, or one inside it, is not there.
        Misused: It has no form in JSON.
    """
    try:
        return json.dumps(value, indent=indent, sort_keys=sort_keys, allow_nan=False, default=_no_form)
    except (TypeError, ValueError) as error:
        raise Misused(f"the value has no form in JSON: {error}") from None


def _no_form(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedValue(undefined_name(value))
    raise Misused(f"a {type(value).__name__} has no form in JSON; perhaps it lacks a `| list`")


def tojson(value: Any, indent: int | None = None) -> Markup:
    """Write a value as JSON; `<`, `>`, `&` and `'` are escaped, keys sorted."""
    if isinstance(value, Undefined):
        raise UndefinedValue(undefined_name(value))
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= MAX_INDENT):
        raise Misused(f"JSON is indented by 0 to {MAX_INDENT}")
    text = json_text(value, indent, sort_keys=True)
    for character, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")):
        text = text.replace(character, escape)
    return Markup(text)  # noqa: S704 - marks the text as JSON already, so that it is not escaped a second time


def from_json(value: str) -> Any:
    """Read JSON text."""
    return json.loads(value)


def items(value: Mapping[str, Any]) -> ItemsView[str, Any]:
    """Return the pairs of an object."""
    return value.items()


def uuid_of(value: Any) -> str:
    """Return the UUID that this value always gives: a stable event id from a message's own key."""
    if isinstance(value, Undefined):
        raise UndefinedValue(undefined_name(value))
    return named_id("template", str(value))


def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Replace a text within a text, everywhere or so many times."""
    text, old, new = str(value), str(old), str(new)
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    _allow(len(text) + times * (len(new) - len(old)), len(text))
    return text.replace(old, new, -1 if count is None else count)


@pass_environment
def join(environment: Environment, value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
    """Join values, or an attribute of each, to a text."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    parts, between = [str(one) for one in value], str(d)
    _allow(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def round_number(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    """Round a number to so many digits."""
    if abs(precision) > MAX_PRECISION:
        raise Misused(f"numbers are rounded to at most {MAX_PRECISION} digits")
    return do_round(value, precision, method)


def _allow(size: int, at_least: int = 0) -> None:
    if size > max(MAX_GROWN_CHARS, at_least):
        raise Misused(f"a value grew over {MAX_GROWN_CHARS:,} characters")


def undefined_name(value: Undefined) -> str:
    """Return the name of a variable that is not there."""
    return str(value._undefined_name or "a variable")


OWN = {
    "from_json": from_json,
    "items": items,
    "join": join,
    "replace": replace,
    "round": round_number,
    "tojson": tojson,
    "uuid": uuid_of,
}
