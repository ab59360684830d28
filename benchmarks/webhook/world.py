"""A webhook, a signed delivery to it, and the product around it without AWS: always the same."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from whenflow.aws.directories import CachedWebhooks
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.http import request_of
from whenflow.aws.system import SystemClock, SystemIds
from whenflow.testing import MemoryConfigStore, MemorySecrets
from whenflow.webhooks import HttpRequest, WebhookReceiver
from whenflow.webhooks.presets import PRESETS
from whenflow.webhooks.registry import WebhookRegistry

SECRET = "It's a Secret to Everybody"
SIGNING_KEY = b"a key of thirty-two bytes, no less"
SIGNUP = """{
  "event": "customer.signed-up",
  "resource": {"prefect.resource.id": "customer.{{ body.userid }}", "prefect.resource.name": "{{ body.name }}"},
  "payload": {{ body | tojson }}
}"""
KINDS = ("signup", "github")


class Silent:
    """A client of DynamoDB that takes everything: what is left is the work of Whenflow alone."""

    def __init__(self) -> None:
        self.puts = 0

    def put_item(self, **_: Any) -> dict[str, Any]:
        """Count, and say that it is done."""
        self.puts += 1
        return {}

    update_item = put_item


@dataclass
class World:
    """The product in one process, with one webhook.

    Attributes:
        kind: `signup`: 1 KB of JSON, the README's template, Standard Webhooks; `github`: a push, the GitHub preset.
    """

    kind: str

    def __post_init__(self) -> None:
        """Set the webhook up."""
        self.clock, self.ids, self.secrets, self.client = SystemClock(), SystemIds(4), MemorySecrets(), Silent()
        config = MemoryConfigStore()
        told = WebhookRegistry(config, self.secrets, self.clock, self.ids).create(self._document())
        self.webhook, self.slug = told.webhook, str(told.slug)
        self.directory = CachedWebhooks(config)
        self.events = DynamoEventStore(self.client, "events", "state", 4, 30, self.clock)  # type: ignore[arg-type]
        self.receiver = WebhookReceiver(self.directory, self.events, self.clock, self.ids, self.secrets)
        self._sent = 0

    def _document(self) -> dict[str, Any]:
        if self.kind == "signup":
            secret = "whsec_" + base64.b64encode(SIGNING_KEY).decode()
            return {"name": "signups", "template": SIGNUP, "auth": {"type": "standard-webhooks", "secret": secret}}
        template = PRESETS["github"].template
        return {"name": "github", "template": template, "auth": {"type": "github", "secret": SECRET}}

    def invocation(self) -> dict[str, Any]:
        """Return the next delivery, as API Gateway hands it over."""
        self._sent += 1
        signed = self._signup() if self.kind == "signup" else self._push()
        return {
            "version": "2.0",
            "routeKey": "ANY /hooks/{slug}",
            "rawPath": f"/hooks/{self.slug}",
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "x-forwarded-for": "203.0.113.7", **signed[0]},
            "pathParameters": {"slug": self.slug},
            "requestContext": {"http": {"method": "POST", "path": f"/hooks/{self.slug}"}},
            "body": signed[1],
            "isBase64Encoded": False,
        }

    def request(self) -> HttpRequest:
        """Return the next delivery as the room of webhooks knows it."""
        return request_of(self.invocation())

    def _signup(self) -> tuple[dict[str, str], str]:
        body = json.dumps({"userid": f"u-{self._sent}", "name": "Ann", "plan": "basic", "notes": "x" * 900})
        time, id_ = str(int(datetime.now(UTC).timestamp())), f"msg_{self._sent}"
        digest = hmac.digest(SIGNING_KEY, f"{id_}.{time}.{body}".encode(), "sha256")
        signature = "v1," + base64.b64encode(digest).decode()
        return {"webhook-id": id_, "webhook-timestamp": time, "webhook-signature": signature}, body

    def _push(self) -> tuple[dict[str, str], str]:
        commits = [{"id": f"{number:040x}", "message": "Mend it", "added": ["a.py"] * 10} for number in range(20)]
        body = json.dumps(
            {
                "ref": "refs/heads/main",
                "after": f"{self._sent:040x}",
                "repository": {"full_name": "octo-org/hello-world", "id": 1},
                "sender": {"login": "octocat", "id": 1},
                "commits": commits,
            }
        )
        signature = "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        delivery = f"72d3162e-cc78-11e3-81ab-{self._sent:012d}"
        return {"x-github-event": "push", "x-github-delivery": delivery, "x-hub-signature-256": signature}, body
