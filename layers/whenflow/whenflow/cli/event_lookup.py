"""Finds the event that a person means: ids are long, and of those of one minute only the ends differ."""

from collections.abc import Iterable

from whenflow.cli.client import Api
from whenflow.cli.errors import NotFound, UsageError
from whenflow.cli.lookup import MAX_CHOICES, as_id
from whenflow.cli.render import ago

SEARCHED = 200
LEAST = 4
DIGITS = frozenset("0123456789abcdef-")
SEE = "`whenflow event ls` shows the newest."


def event_id(api: Api, wanted: str) -> str:
    """Return the id of the event that is meant.

    Args:
        api: Whom to ask.
        wanted: Its id; or the end of it, at least four characters, where it is among the newest events.

    Raises:
        NotFound: There is none.
        UsageError: There are several, or it can be no id.
    """
    check_event_id(wanted)
    if id_ := as_id(wanted):
        return id_
    found = [one for one in api.newest_events(SEARCHED).events if str(one.get("id")).endswith(wanted.lower())]
    if not found:
        raise NotFound(f"None of the newest {SEARCHED} events has an id that ends in {wanted}.", hint=SEE)
    if len(found) > 1:
        which = tuple(f"{one.get('id')}  {one.get('event')}  {ago(one.get('occurred'))}" for one in found[:MAX_CHOICES])
        raise UsageError(f"{wanted} may mean {len(found)} events.", details=which, hint="Give more of the id.")
    return str(found[0]["id"])


def check_event_id(wanted: str) -> None:
    """Refuse what can be no id of an event.

    Raises:
        UsageError: It is neither a UUID nor the end of one.
    """
    if not as_id(wanted) and (len(wanted) < LEAST or not set(wanted.lower()) <= DIGITS):
        raise UsageError(f"{wanted!r} is no id of an event: it is a UUID, or the end of one.", hint=SEE)


def enough(ids: Iterable[str], least: int, *, end: bool) -> int:
    """Return how many characters tell some ids apart.

    Args:
        ids: All of them.
        least: At least so many.
        end: Whether the last characters are shown, or the first.
    """
    known = set(ids)
    longest = max(map(len, known), default=least)
    for size in range(least, longest):
        if len({one[-size:] if end else one[:size] for one in known}) == len(known):
            return size
    return longest
