"""A limit on the time of one rendering. The clock is an adapter's; without one, the count of work is the limit."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class TimeUp(BaseException):
    """A rendering took too long. No `except Exception` on the way may take it for the template's own fault."""


class Watch(Protocol):
    """Runs work, and breaks it off."""

    def __call__(self, work: Callable[[], Any]) -> Any:
        """Return what the work gives.

        Raises:
            TimeUp: It took too long.
        """
        ...


def _unwatched(work: Callable[[], Any]) -> Any:
    return work()


_watch: list[Watch] = [_unwatched]


def watched_by(watch: Watch) -> Watch:
    """Have every rendering from now on watched; return who watched before."""
    before, _watch[0] = _watch[0], watch
    return before


def within_time(work: Callable[[], T]) -> T:
    """Do work under the watch that is set."""
    result: T = _watch[0](work)
    return result
