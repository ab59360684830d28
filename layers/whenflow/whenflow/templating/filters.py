"""Filters: our own, and those of Jinja2 by an allow-list, each of them counted. Tests likewise."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, wraps
from html import unescape
from typing import Any, Literal
from urllib.parse import quote

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import do_dictsort, do_round, do_sort, do_truncate, do_urlencode, make_attrgetter
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import escape

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.events import named_id
from whenflow.templating.cloud_event import from_cloud_event
from whenflow.templating.errors import Misused, UndefinedValue
from whenflow.templating.humanized import HUMANIZED
from whenflow.templating.inserting import JsonText, json_text, undefined_name
from whenflow.templating.links import ui_resource_events_url, ui_url
from whenflow.templating.meter import allow, counted, made, read, spend, stepped, text_of
from whenflow.templating.views import Group

MAX_INDENT = 8
MAX_PRECISION = 30
MAX_STRIPPED = 100
SLOW = 16
WORD = re.compile(r"\w+")
FLOW_RUN_ID = re.compile(r"flow-run/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
Function = Callable[..., Any]


def tojson(value: Any, indent: int | None = None, *, ascii_only: bool = True) -> JsonText:
    """Write a value as JSON; `<`, `>`, `&` and `'` are escaped, keys sorted."""
    if isinstance(value, Undefined):
        raise UndefinedValue(f"'{undefined_name(value)}' is undefined")
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= MAX_INDENT):
        raise Misused(f"JSON is indented by 0 to {MAX_INDENT}")
    text = json_text(value, indent, sort_keys=True, ascii_only=ascii_only)
    for character, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")):
        text = text.replace(character, code)
    return JsonText(made(text))


def from_json(value: Any) -> Any:
    """Read JSON text."""
    try:
        text = _text(value)
        spend(SLOW * len(text))
        return parse_json(text, "The text")
    except Rejected as error:
        raise Misused(error.reason) from None


def items(value: Any) -> list[tuple[str, Any]]:
    """Return the pairs of an object."""
    if isinstance(value, Undefined):
        return []
    if not isinstance(value, Mapping):
        raise Misused("only an object has items")
    return counted(value.items())


def uuid_of(value: Any) -> str:
    """Return the UUID that this value always gives: a stable event id from a message's own key."""
    if isinstance(value, Undefined):
        raise UndefinedValue(f"'{undefined_name(value)}' is undefined")
    return named_id("template", text_of(value))


def flow_run_id(value: Any) -> str | None:
    """Return the id of the flow run whose address is in a text, or nothing."""
    if not value:
        return None
    if not isinstance(value, str):
        raise Misused("the id of a flow run is found in a text")
    found = FLOW_RUN_ID.search(value)
    return found[1] if found else None


def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Replace a text within a text, everywhere or so many times."""
    text, old, new = _text(value), _text(old), _text(new)
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    if new:
        allow(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, -1 if count is None else count)


@pass_environment
def join(environment: Environment, value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
    """Join values, or an attribute of each, to a text."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    between, parts, size = _text(d), [], 0
    for one in counted(value):
        parts.append(_text(one))
        size += len(parts[-1]) + len(between)
        allow(size - len(between))
    return between.join(parts)


def round_number(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    """Round a number to so many digits."""
    if abs(precision) > MAX_PRECISION:
        raise Misused(f"numbers are rounded to at most {MAX_PRECISION} digits")
    return do_round(value, precision, method)


@pass_environment
def total(environment: Environment, value: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
    """Add numbers, or an attribute of each."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    for one in stepped(value, 1):
        if not is_number(one) or not is_number(start):
            raise Misused("only numbers are added up; use `| join` for texts")
        start = made(start + one)
    return start


@pass_environment
def sort(environment: Environment, value: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
    """Sort values."""
    return do_sort(environment, counted(value), *args, **kwargs)


@pass_environment
def truncate(environment: Environment, value: Any, *args: Any, **kwargs: Any) -> str:
    """Cut a text that is longer than so many characters; what is short enough stays what it is."""
    return do_truncate(environment, value, *args, **kwargs)


@pass_environment
def group_by(environment: Environment, value: Iterable[Any], attribute: str | int, **options: Any) -> list[Any]:
    """Group values by an attribute: a list of `(grouper, list)`."""
    grouped = JINJA_FILTERS["groupby"](environment, counted(value), attribute, **options)
    return [Group((one.grouper, one.list)) for one in grouped]


def urlencode(value: Any) -> str:
    """Write a text, or the pairs of an object, so that they can stand in a URL."""
    if isinstance(value, Mapping | list | tuple):
        spend(SLOW * len(json_text(value)))
        return do_urlencode(value.items() if isinstance(value, Mapping) else value)
    text = _text(value)
    spend(SLOW * len(text))
    return quote(text, safe="/")


def _text(value: Any) -> str:
    return str(text_of(value))


def _on_text(method: Callable[..., Any], slow: int = 0) -> Function:
    """Return a filter that works on text; `slow` is what each character costs beside being read."""

    def run(value: Any, *args: Any) -> Any:
        text = _text(value)
        spend(slow * len(text))
        return method(text, *args)

    return run


def _string(value: Any) -> str:
    return value if isinstance(value, JsonText) else text_of(value)


class Escaped(str):
    """Text that is escaped already. What is made of it is text like any other."""

    __slots__ = ()


def _escaped(value: Any) -> str:
    return value if isinstance(value, JsonText | Escaped) else _escaped_again(value)


def _escaped_again(value: Any) -> Escaped:
    return Escaped(escape(_text(value)))


def _without_tags(text: str) -> str:
    """Return a text without comments and tags. Jinja2's own takes time by the square of their number."""
    for opening, closing in (("<!--", "-->"), ("<", ">")):
        pieces, position = [], 0
        while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start)) >= 0:
            pieces.append(text[position:start])
            position = end + len(closing)
        text = "".join([*pieces, text[position:]])
    return unescape(" ".join(text.split()))


def _words(text: str) -> int:
    return sum(1 for _ in WORD.finditer(text))


def strip(text: str, characters: str | None = None) -> str:
    """Take blanks, or other characters, from both ends of a text."""
    if characters is not None and len(characters) > MAX_STRIPPED:
        raise Misused(f"at most {MAX_STRIPPED} different characters are taken from a text's ends")
    return text.strip(characters)


def _title(text: str) -> str:
    return "".join(one[:1].upper() + one[1:].lower() for one in re.split(r"([-\s({\[<]+)", text))


def is_number(value: Any) -> bool:
    """Tell whether operators may multiply a value."""
    return isinstance(value, int | float) and not isinstance(value, Undefined)


def _whole(function: Function) -> Function:
    """Have a filter counted by all that it reads and makes."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        for one in (*args, *kwargs.values()):
            read(one)
        result = function(*args, **kwargs)
        return result if isinstance(result, Iterator) else made(result)

    return run


def _step(function: Function) -> Function:
    """Have a filter counted that looks at no more than one item of what it is given."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        spend(1)
        return function(*args, **kwargs)

    return run


def _lazy(function: Function) -> Function:
    """Have a filter counted that goes over items one by one."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return stepped(function(*args, **kwargs), 1)

    return run


def _jinja(names: str) -> dict[str, Function]:
    return {name: JINJA_FILTERS[name] for name in names.split()}


_WHOLE: dict[str, Function] = {
    **_jinja("abs filesizeformat float int max min unique reverse"),
    **HUMANIZED,
    "capitalize": _on_text(str.capitalize),
    "dictsort": do_dictsort,
    "e": _escaped,
    "escape": _escaped,
    "forceescape": _escaped_again,
    "flow_run_id": flow_run_id,
    "from_json": from_json,
    "groupby": group_by,
    "join": join,
    "lower": _on_text(str.lower),
    "replace": replace,
    "round": round_number,
    "sort": sort,
    "string": _string,
    "striptags": _on_text(_without_tags, SLOW),
    "sum": total,
    "title": _on_text(_title, SLOW),
    "trim": _on_text(strip),
    "truncate": truncate,
    "upper": _on_text(str.upper),
    "urlencode": urlencode,
    "uuid": uuid_of,
    "wordcount": _on_text(_words, SLOW),
}
_STEP: dict[str, Function] = {
    **_jinja("count d default first last length"),
    "from_cloud_event": from_cloud_event,
    "items": items,
    "list": counted,
    "tojson": tojson,
    "ui_resource_events_url": ui_resource_events_url,
    "ui_url": ui_url,
}
_LAZY = _jinja("map reject rejectattr select selectattr")
_TESTS = (
    "boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan "
    "lower lt mapping ne none number odd sameas sequence string true undefined upper"
)


FILTERS: dict[str, Function] = {
    **{name: _whole(function) for name, function in _WHOLE.items()},
    **{name: _step(function) for name, function in _STEP.items()},
    **{name: _lazy(function) for name, function in _LAZY.items()},
}
FILTERS_FOR_JSON = FILTERS | {"tojson": partial(FILTERS["tojson"], ascii_only=False)}
_JINJA_TESTS: dict[str, Function] = dict(JINJA_TESTS)  # type: ignore[arg-type]
TESTS = {name: _whole(_JINJA_TESTS[name]) for name in _TESTS.split()}
DENIED_FILTERS = frozenset(JINJA_FILTERS) - FILTERS.keys()
DENIED_TESTS = frozenset(JINJA_TESTS) - TESTS.keys() - {"<", ">", "<=", ">=", "==", "!="}
