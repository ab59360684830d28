"""Events to the REST API, for code outside the stack. Standard library only: the SDK adds no dependency."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whenflow.errors import Rejected, Transient
from whenflow.events import Event

TIMEOUT_SECONDS = 10
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
        request = urllib.request.Request(  # noqa: S310 - the address is the user's own setting
            f"{self.api_url}/events",
            data=json.dumps([event.as_document()]).encode(),
            headers={"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                return event
        except urllib.error.HTTPError as error:
            body = error.read(10_000).decode("utf-8", "replace")
            if error.code == TOO_MANY_REQUESTS or error.code >= SERVER_ERROR:
                raise Transient(f"The API could not take the event ({error.code}): {body}") from None
            raise Rejected(f"The API refused the event ({error.code}): {body}") from None
        except OSError as error:
            raise Transient(f"The API at {self.api_url} cannot be reached: {error}") from None
