"""A readable log of what happens in the stack: events, firings, states of runs, and what functions complain about."""

import contextlib
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from whenflow.local.client import Api
from whenflow.local.errors import LocalError

POLL_SECONDS = 0.7
PAGES = (50, 200)  # the larger one only in a burst
REMEMBERED = 5_000
NAME_WIDTH = 34
STATE_STYLES = {
    "COMPLETED": "bold green",
    "FAILED": "bold red",
    "CRASHED": "bold red",
    "CANCELLED": "magenta",
    "RUNNING": "blue",
    "PENDING": "blue",
    "SCHEDULED": "blue",
}
Event = Mapping[str, Any]


class Feed:
    """Events that were not seen before, oldest first."""

    def __init__(self, api: Api) -> None:
        """Begin with what is there now: only what comes after it is news."""
        self._api = api
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self.news()

    def news(self) -> list[Event]:
        """Return the events since the last look; of a great many only the newest."""
        seen, fresh = set(self._seen), list[Event]()
        for size in PAGES:
            page = self._api.get("/events", limit=size)["events"]
            fresh = [event for event in page if event["id"] not in seen]
            if len(fresh) < size:
                break
        self._seen.extend(str(event["id"]) for event in reversed(fresh))
        return fresh[::-1]


class Complaints:
    """Errors in what the functions say."""

    def __init__(self, log: Path) -> None:
        """Begin at the end of the log."""
        self._log = log
        self._place = log.stat().st_size if log.exists() else 0

    def news(self) -> Iterator[Text]:
        """Yield a line for each error since the last look."""
        if not self._log.exists():
            return
        with self._log.open(encoding="utf-8", errors="replace") as log:
            log.seek(self._place)
            for line in log:
                function, _, text = line.rstrip("\n").partition("\t")
                if complaint := complaint_in(text):
                    yield Text.assemble(
                        (f"{time.strftime('%H:%M:%S')}      ", "dim"), (f"{function}: {complaint}", "red")
                    )
            self._place = log.tell()


def follow(api: Api, function_log: Path) -> Iterator[list[Text]]:
    """Yield, at every look, a line for everything that happened since the last; for ever."""
    feed, complaints = Feed(api), Complaints(function_log)
    while True:
        lines: list[Text] = []
        with contextlib.suppress(LocalError):  # the API may be busy; the next look finds what this one missed
            lines += map(line_of, feed.news())
        yield [*lines, *complaints.news()]
        time.sleep(POLL_SECONDS)


def line_of(event: Event) -> Text:
    """Return the line that stands for an event."""
    name, style, detail = str(event["event"]), style_of(event), detail_of(event)
    resource = event["resource"]
    subject = resource.get("prefect.resource.name") or resource["prefect.resource.id"]
    parts: list[Any] = [(f"{clock_time(event['occurred'])}  ", "dim"), (f"{name:<{NAME_WIDTH}}  ", style), subject]
    if detail:
        parts.append((f"  {detail}", "dim" if style != "bold red" else "red"))
    return Text.assemble(*parts)


def style_of(event: Event) -> str:
    """Return the colour of an event."""
    name, resource = event["event"], event["resource"]
    if name.startswith("prefect.flow-run."):
        return STATE_STYLES.get(resource.get("prefect.state-type", ""), "blue")
    if name.endswith(".action.failed"):
        return "bold red"
    if name == "prefect.automation.triggered":
        return "bold yellow"
    return "dim" if name.startswith("prefect.") else "bold cyan"


def detail_of(event: Event) -> str:
    """Return what else is worth a word: the cause of a firing, the reason of a failure, the flow of a run."""
    payload, resource = event.get("payload") or {}, event["resource"]
    if cause := payload.get("triggering_event"):
        return f"because of {cause['event']} on {cause['resource']['prefect.resource.id']}"
    if reason := payload.get("reason"):
        return one_line(str(reason))
    if not event["event"].startswith("prefect.flow-run."):
        return one_line(json.dumps(payload)) if payload and not event["event"].startswith("prefect.") else ""
    words = [one.get("prefect.resource.name", "") for one in event["related"] if one["prefect.resource.role"] == "flow"]
    if resource.get("prefect.state-type") in {"FAILED", "CRASHED"}:
        words.append(one_line(resource.get("prefect.state-message", "")))
    return ": ".join(filter(None, words))


def complaint_in(line: str) -> str:
    """Return what an error line of a function's log says, or nothing where it is no error."""
    if line.startswith("[ERROR]"):
        return one_line(line.removeprefix("[ERROR]").strip())
    with contextlib.suppress(ValueError):
        entry = json.loads(line)
        if isinstance(entry, dict) and entry.get("level") in {"ERROR", "CRITICAL"}:
            return one_line(": ".join(str(entry[key]) for key in ("message", "exception_name") if entry.get(key)))
    return ""


def clock_time(moment: str) -> str:
    """Return the time of day, here, of a moment of the API."""
    local = datetime.fromisoformat(moment).astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


def one_line(text: str, length: int = 120) -> str:
    """Return a text as one line of a bounded length."""
    joined = " ".join(text.split())
    return joined if len(joined) <= length else joined[: length - 1] + "…"
