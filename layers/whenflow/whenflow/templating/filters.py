"""Filters of our own."""

import json
from collections.abc import ItemsView, Mapping
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup

from whenflow.events import named_id


class UndefinedValue(Exception):
    """A filter that needs a value was given a variable that is not there."""


def tojson(value: Any, indent: int | None = None) -> Markup:
    """Write a value as JSON; `<`, `>`, `&` and `'` are escaped, keys sorted."""
    if isinstance(value, Undefined):
        raise UndefinedValue(undefined_name(value))
    text = json.dumps(value, indent=indent, sort_keys=True, default=str)
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


def undefined_name(value: Undefined) -> str:
    """Return the name of a variable that is not there."""
    return str(value._undefined_name or "a variable")
