"""Deliveries of GitHub, signed as GitHub signs, through a webhook of the `github` preset."""

import hashlib
import hmac
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whenflow.events import Event
from whenflow.testing import ManualClock, MemoryEventStore, MemorySecrets, SequentialIds
from whenflow.webhooks import HttpRequest, Webhook, WebhookReceiver
from whenflow.webhooks.auth import GithubAuth
from whenflow.webhooks.model import SecretRefs
from whenflow.webhooks.presets import PRESETS

SECRET = "It's a Secret to Everybody"


@dataclass(frozen=True)
class Delivery:
    """One delivery: where it is from, the value of `X-GitHub-Event`, the payload."""

    source: str
    event: str
    payload: dict[str, Any]


class GitHub:
    """Somebody who signs and sends deliveries, and looks at the events that come of them."""

    def __init__(self) -> None:
        clock, ids, secrets = ManualClock(), SequentialIds(), MemorySecrets()
        self._events = MemoryEventStore()
        self._receiver = WebhookReceiver(self, self._events, clock, ids, secrets)
        preset = PRESETS["github"]
        self._webhook = Webhook(
            name="github",
            template=preset.template,
            auth=GithubAuth(type="github"),
            id=ids.new(),
            created=clock.now(),
            updated=clock.now(),
            slug_hash="",
            secrets=SecretRefs(current=secrets.put("github", SECRET)),
        )
        self._sent = 0

    def find(self, _slug: str) -> Webhook:
        """Return the webhook, whatever the slug."""
        return self._webhook

    def deliver(self, delivery: Delivery, secret: str = SECRET) -> tuple[int, Event | None]:
        """Return the status that a delivery was answered with, and the event it made."""
        self._sent += 1
        body = json.dumps(delivery.payload, ensure_ascii=False).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "user-agent": "GitHub-Hookshot/044aadd",
            "x-github-delivery": f"72d3162e-cc78-11e3-81ab-{self._sent:012d}",
            "x-github-event": delivery.event,
            "x-hub-signature-256": f"sha256={signature}",
        }
        before = len(self._events.stored)
        answer = self._receiver.receive("", HttpRequest("POST", headers, {}, body))
        stored = list(self._events.stored.values())[before:]
        return answer.status, stored[0] if stored else None


def fault_of(delivery: Delivery, status: int, event: Event | None) -> str | None:
    """Return what is wrong with what came of a delivery, or None."""
    payload = delivery.payload
    name = ".".join(["github", delivery.event, *([payload["action"]] if payload.get("action") else [])])
    owner = (payload.get("repository") or {}).get("full_name") or (payload.get("organization") or {}).get("login")
    if status != 204 or event is None:
        return f"answered {status}, {'an' if event else 'no'} event"
    if event.event != name:
        return f"the event is called {event.event}, not {name}"
    if owner and event.resource_id != f"github.com/{owner}":
        return f"the resource is {event.resource_id}, not github.com/{owner}"
    if not event.resource_id.startswith("github.com/"):
        return f"the resource is {event.resource_id}"
    if event.payload != payload:
        return "the payload is not what was sent"
    return None


def packed(archive: Path) -> Iterator[Delivery]:
    """Yield the examples of the package `@octokit/webhooks-examples`."""
    with tarfile.open(archive) as package:
        for member in package:
            parts = Path(member.name).parts
            if member.isfile() and parts[-1] == "index.json":
                file = package.extractfile(member)
                for definition in json.load(file) if file else ():
                    for example in definition["examples"]:
                        yield Delivery(parts[-2], definition["name"], example)
