"""`whenflow event stream`: events as they come in."""

import time
from collections.abc import Iterator
from typing import Any

from whenflow.cli.client import Api
from whenflow.cli.errors import NotAuthorized, NotConnected, ServerFault
from whenflow.cli.render import complain

WAIT_SECONDS = 20
PAUSE_SECONDS = 2.0
LONGEST_PAUSE = 30.0


def follow(api: Api, given: dict[str, Any], *, once: bool = False) -> Iterator[dict[str, Any]]:
    """Yield events in the order in which they come in, each once, from a minute ago on, without end.

    What the network or the API loses is asked for again from the same place.

    Args:
        api: Whom to ask.
        given: A filter.
        once: End when all that is there was shown.
    """
    cursor: str | None = None
    pause = PAUSE_SECONDS
    while True:
        try:
            answer = api.post("/events/tail", {"filter": given, "cursor": cursor, "wait": 0 if once else WAIT_SECONDS})
        except (NotConnected, ServerFault) as error:
            if once or cursor is None:
                raise
            complain(f"{error.message} Trying again.")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        except NotAuthorized:
            if cursor is None:
                raise
            complain("The stream was interrupted for too long: it goes on a minute ago, and events may be missing.")
            cursor = None
            continue
        pause = PAUSE_SECONDS
        yield from answer["events"]
        cursor = answer["cursor"]
        if once and not answer["has_more"]:
            return
