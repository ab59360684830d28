"""How much one rendering may ask for: counted, so that the same template on the same data always ends the same way.

Work is counted in units, about one for each character that is read or written. Python is interrupted by a clock only
between two of its own steps; a count stops before the step that would be too large.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from itertools import chain, islice
from typing import Any

from jinja2 import Undefined
from jinja2.utils import Namespace

from whenflow.templating.errors import Misused

MAX_VALUE = 1024 * 1024
MAX_WORK = 16 * 1024 * 1024
MAX_NUMBER_BITS = 4096
NODE = 16
PLAIN = frozenset({bool, int, float, type(None)})
ATOMS = (bool, int, float, type(None), Undefined, date, timedelta)


class Meter:
    """Counts the work of one rendering.

    Attributes:
        left: The work that is left.
        now: The moment at which templates are rendered, for those that ask how long ago something was.
        site: The address of the UI, or nothing.
    """

    __slots__ = ("left", "now", "site")

    def __init__(self, now: datetime | None = None, site: str = "") -> None:
        """Begin with all work left."""
        self.left = MAX_WORK
        self.now = now
        self.site = site.rstrip("/")

    def spend(self, units: int) -> None:
        """Take work off what is left.

        Raises:
            Misused: Nothing is left.
        """
        self.left -= units
        if self.left < 0:
            raise Misused("the template asks for too much work: fewer or shorter loops, or less data")


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def current() -> Meter:
    """Return the meter of the rendering that is under way; outside of one, a fresh one."""
    return _current.get() or Meter()


def under_way() -> Meter | None:
    """Return the meter of the rendering that is under way, if there is one."""
    return _current.get()


@contextmanager
def metering(meter: Meter) -> Iterator[Meter]:
    """Count what is done within."""
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


def spend(units: int) -> None:
    """Take work off what the rendering under way has left."""
    if (meter := _current.get()) is not None:
        meter.spend(units)


def weight(value: Any, limit: int = MAX_WORK, node: int = NODE) -> int:
    """Return how much a value weighs: its characters, and some for each object in it, each as often as it is in it.

    Counting ends soon after `limit`: lists that hold each other twice and twice again weigh more than can be counted.
    With `node=1` it is the least that the value has as text.
    """
    if isinstance(value, str):
        return len(value)
    total, waiting = node, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            inside: Any = chain(one.keys(), one.values())
            total += node * len(one)
        elif isinstance(one, list | tuple | set | frozenset):
            inside = one
        else:
            total += node * len(one) if isinstance(one, range) else 0
            continue
        total += node * len(one)
        if total > limit:
            break
        for item in inside:
            kind = type(item)
            if kind is str:
                total += len(item)
            elif kind not in PLAIN:
                waiting.append(item)
    return total


def read(value: Any) -> Any:
    """Count that a value is read as a whole, and return it."""
    meter = current()
    meter.spend(weight(value, meter.left))
    return value


def made(value: Any) -> Any:
    """Count a value that was made, and return it.

    Raises:
        Misused: It is larger than any value may be.
    """
    if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
        raise Misused(f"a number grew over {MAX_NUMBER_BITS:,} bits")
    size = weight(value, MAX_VALUE)
    if size > MAX_VALUE:
        raise Misused(f"a value grew over {MAX_VALUE:,} characters")
    spend(size)
    return value


def allow(size: int) -> None:
    """Refuse to make a value of so many characters, before it is made.

    Raises:
        Misused: It would be larger than any value may be.
    """
    if size > MAX_VALUE:
        raise Misused(f"a value grew over {MAX_VALUE:,} characters")


def stepped(items: Iterable[Any], cost: int) -> Iterator[Any]:
    """Yield items, and count so much work for each."""
    meter = current()
    for item in items:
        meter.spend(cost)
        yield item


def counted(items: Iterable[Any]) -> list[Any]:
    """Make a list, no longer than a value may be."""
    result = list(islice(items, MAX_VALUE // NODE + 1))
    if len(result) * NODE > MAX_VALUE:
        raise Misused(f"a list grew over {MAX_VALUE // NODE:,} items")
    spend(NODE * len(result))
    return result


def require_plain(value: Any) -> None:
    """Refuse what is not data: a loop, a function, a list that is not made yet.

    Raises:
        Misused: With the kind of thing that it is.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(chain(one.keys(), one.values()))
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif isinstance(one, Namespace) or not isinstance(one, (str, range, *ATOMS)):
            raise Misused(f"a {type(one).__name__} is no text; perhaps it lacks a `| list`")


def text_of(value: Any) -> str:
    """Return a value as text, as Python writes it.

    Raises:
        Misused: It is too large, or no data.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, ATOMS):
        return str(value)
    allow(weight(value, MAX_VALUE, 1))
    read(value)
    require_plain(value)
    return str(made(str(value)))
