"""Webhooks and automations as the hot functions need them: in memory, checked again at short intervals."""

import time
from collections.abc import Sequence

from whenflow.automations import Automation, automation_from_stored
from whenflow.ports import ConfigStore
from whenflow.webhooks.model import SLUG_KIND, Webhook, slug_hash, webhook_from_stored

FRESH_SECONDS = 1.0
MAX_CACHED = 10_000


class CachedWebhooks:
    """Finds webhooks by slug; what it says is at most one second old."""

    def __init__(self, config: ConfigStore) -> None:
        """Read from this store."""
        self._config = config
        self._found: dict[str, tuple[float, Webhook | None]] = {}

    def find(self, slug: str) -> Webhook | None:
        """Return the webhook of this slug, enabled or not."""
        key, now = slug_hash(slug), time.monotonic()
        cached = self._found.get(key)
        if cached and now - cached[0] < FRESH_SECONDS:
            return cached[1]
        if len(self._found) >= MAX_CACHED:
            self._found.clear()
        webhook = self._read(key)
        self._found[key] = (now, webhook)
        return webhook

    def _read(self, key: str) -> Webhook | None:
        reference = self._config.get(SLUG_KIND, key)
        stored = self._config.get("webhook", reference["id"]) if reference else None
        return webhook_from_stored(stored) if stored and stored["slug_hash"] == key else None


class CachedAutomations:
    """Knows the automations; what it says is at most one second old. All are read again when one has changed."""

    def __init__(self, config: ConfigStore) -> None:
        """Read from this store."""
        self._config = config
        self._version: int | None = None
        self._checked = float("-inf")
        self._automations: Sequence[Automation] = ()

    def current(self) -> Sequence[Automation]:
        """Return all automations, enabled or not."""
        now = time.monotonic()
        if now - self._checked >= FRESH_SECONDS:
            version = self._config.version("automation")
            if version != self._version:
                self._automations = [automation_from_stored(stored) for stored in self._config.all("automation")]
                self._version = version
            self._checked = now
        return self._automations
