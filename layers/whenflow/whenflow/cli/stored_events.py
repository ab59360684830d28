"""Events that Whenflow has stored, fetched for a replay: the API has the newest first, a replay needs them in order."""

from collections.abc import Callable
from datetime import datetime

from whenflow.cli.client import PAGE, Api
from whenflow.cli.event_files import EventBuffer
from whenflow.errors import Rejected
from whenflow.events.exports import event_from_export


def fetch(api: Api, since: datetime, until: datetime, told: Callable[[datetime, int], None]) -> EventBuffer:
    """Return the events that occurred in [since, until), put aside on disk.

    Args:
        api: Whom to ask.
        since: From when on.
        until: Until when.
        told: Told after each page how far back it goes, and how many events there are.
    """
    buffer = EventBuffer(newest_first=True)
    params: dict[str, str | int] = {"limit": PAGE}
    while True:
        page = api.get("/events", params)
        oldest = until
        for document in page.get("events") or ():
            try:
                event = event_from_export(document)
            except Rejected:
                continue
            oldest = min(oldest, event.occurred)
            if since <= event.occurred < until:
                buffer.add(event)
        told(oldest, len(buffer))
        token = page.get("next_page")
        if not token or oldest < since:
            return buffer
        params["page_token"] = str(token)
