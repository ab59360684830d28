"""The few methods that templates may call, on the one kind of data that has each. None is looked up on a value."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jinja2 import Undefined

from whenflow.templating.errors import Misused
from whenflow.templating.filters import FILTERS, SLOW, items, strip
from whenflow.templating.humanized import DAY_FORMAT
from whenflow.templating.inserting import undefined_name
from whenflow.templating.meter import counted, made, read, spend


def _get(value: Mapping[str, Any], name: Any, default: Any = None) -> Any:
    spend(1)
    return value.get(name, default)


def _keys(value: Mapping[str, Any]) -> list[Any]:
    return counted(value.keys())


def _values(value: Mapping[str, Any]) -> list[Any]:
    return counted(value.values())


def _split(text: str, separator: str | None = None) -> list[str]:
    spend(SLOW * len(text))
    return counted(text.split(separator))


def _title(text: str) -> str:
    """Return a text whose words begin with capitals. To the method any letter after none begins one: `O'Neil`."""
    spend(SLOW * len(text))
    return str(made(text.title()))


def _strftime(value: datetime, format: str) -> str:
    if not DAY_FORMAT.match(format):
        raise Misused("this is no format of a time: at most 40 of the usual codes, such as %Y-%m-%d %H:%M")
    return value.strftime(format)


METHODS: dict[str, tuple[type, Callable[..., Any]]] = {
    "get": (Mapping, _get),
    "items": (Mapping, items),
    "keys": (Mapping, _keys),
    "values": (Mapping, _values),
    "capitalize": (str, FILTERS["capitalize"]),
    "endswith": (str, str.endswith),
    "lower": (str, FILTERS["lower"]),
    "replace": (str, FILTERS["replace"]),
    "split": (str, _split),
    "startswith": (str, str.startswith),
    "strip": (str, strip),
    "title": (str, _title),
    "upper": (str, FILTERS["upper"]),
    "isoformat": (datetime, datetime.isoformat),
    "strftime": (datetime, _strftime),
}


def call_method(name: str, value: Any, *args: Any) -> Any:
    """Call one of the methods that templates may call.

    Raises:
        Misused: The value has no such method.
    """
    kind, method = METHODS[name]
    if isinstance(value, Undefined):
        raise Misused(f"'{undefined_name(value)}' is undefined, and has no {name}()")
    if not isinstance(value, kind):
        raise Misused(f"a {type(value).__name__} has no {name}()")
    return method(read(str(value) if kind is str else value), *(read(one) for one in args))
