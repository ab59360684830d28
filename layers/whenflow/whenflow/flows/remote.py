"""Events to the REST API, for code outside the stack. Standard library only: the SDK adds no dependency."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whenflow.errors import Rejected, Transient
from whenflow.events import Event

TIMEOUT_SECONDS = 10
MAX_EVENTS = 500
MAX_REQUEST_BYTES = 4_000_000
MAX_ANSWER = 5_000_000
SHOWN_CHARS = 10_000
UNPROCESSABLE = 422
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
STATE_FILE = Path(".whenflow") / "local.json"


@dataclass(frozen=True, slots=True)
class RemoteEvents:
    """Sends events with `POST /events`."""

    api_url: str
    api_key: str

    @classmethod
    def from_environment(cls) -> "RemoteEvents | None":
        """Return the API that the environment or a running local stack names, if any."""
        environment = os.environ  # noqa: TID251 - on a laptop the SDK has no other settings
        url, key = environment.get("WHENFLOW_API_URL"), environment.get("WHENFLOW_API_KEY")
        if url:
            return cls(url.rstrip("/"), key or "")
        for directory in (Path.cwd(), *Path.cwd().parents):
            if (found := directory / STATE_FILE).is_file():
                local: dict[str, Any] = json.loads(found.read_text())
                return cls(local["api_url"], local["api_key"])
        return None

    def put(self, event: Event) -> Event:
        """Send an event; sent again, it is stored once.

        Raises:
            Rejected: The API refuses it.
            Transient: The API cannot be reached, or asks to try again.
        """
        (answer,) = self.put_many([event])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put_many(self, events: Sequence[Event]) -> list[Event | Exception]:
        """Send events, as many at a time as one request holds; return each event, or why it was not stored."""
        answers: list[Event | Exception] = []
        for some in _requests(events):
            answers += self._send(some)
        return answers

    def _send(self, events: Sequence[Event]) -> list[Event | Exception]:
        request = urllib.request.Request(  # noqa: S310 - the address is the user's own setting
            f"{self.api_url}/events",
            data=json.dumps([event.as_document() for event in events]).encode(),
            headers={"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                return list(events)
        except urllib.error.HTTPError as error:
            return _verdicts(events, error.code, error.read(MAX_ANSWER).decode("utf-8", "replace"))
        except OSError as error:
            gone: Exception = Transient(f"The API at {self.api_url} cannot be reached: {error}")
            return [gone] * len(events)


def _requests(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut events into parts that a request holds."""
    part: list[Event] = []
    size = 0
    for event in events:
        length = len(json.dumps(event.as_document()))
        if part and (len(part) == MAX_EVENTS or size + length > MAX_REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part


def _verdicts(events: Sequence[Event], status: int, body: str) -> list[Event | Exception]:
    """Return what an answer says of each event: those that a 422 does not name are stored."""
    shown = body[:SHOWN_CHARS]
    if status == TOO_MANY_REQUESTS or status >= SERVER_ERROR:
        return [Transient(f"The API could not take the event ({status}): {shown}")] * len(events)
    refused = _refused(body) if status == UNPROCESSABLE else {}
    if not refused:
        return [Rejected(f"The API refused the event ({status}): {shown}")] * len(events)
    return [
        Rejected(f"The API refused the event ({status}): {refused[index]}") if index in refused else event
        for index, event in enumerate(events)
    ]


def _refused(body: str) -> dict[int, str]:
    """Return the indices that a 422 names, each with the reason."""
    try:
        faults = json.loads(body)["exception_detail"]
        return {int(fault["loc"][1]): f"{fault['loc'][2:]}: {fault['msg']}" for fault in faults}
    except (ValueError, LookupError, TypeError):
        return {}
