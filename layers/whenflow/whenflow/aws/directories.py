"""Webhooks and automations as the hot functions need them: in memory, checked again at short intervals."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from whenflow.automations.engine import Engine
from whenflow.automations.model import Unreadable, automation_from_stored
from whenflow.ports import ConfigStore
from whenflow.webhooks.model import SLUG_KIND, Webhook, slug_hash, webhook_from_stored

FRESH_SECONDS = 1.0
MAX_CACHED = 10_000
KIND, DEPLOYMENT = "automation", "deployment"
logger = logging.getLogger("whenflow.automations")
NEVER = -1  # before the first version: all is to be read


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


class RecentDeployments:
    """The config store for one who makes run after run: deployments are as they were at most one second ago."""

    def __init__(self, config: ConfigStore) -> None:
        """Read from this store."""
        self._config = config
        self._found: dict[str, tuple[float, dict[str, Any] | None]] = {}

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        if kind != DEPLOYMENT:
            return self._config.get(kind, id_)
        known, now = self._found.get(id_), time.monotonic()
        if known is None or now - known[0] >= FRESH_SECONDS:
            if len(self._found) >= MAX_CACHED:
                self._found.clear()
            self._found[id_] = known = (now, self._config.get(kind, id_))
        return known[1] and dict(known[1])

    def __getattr__(self, name: str) -> Any:
        """Do all else as the store does."""
        return getattr(self._config, name)


class LoadedEngine:
    """The engine, loaded with the automations; at most one second behind. Only what has changed is loaded anew."""

    def __init__(self, config: ConfigStore) -> None:
        """Read from this store."""
        self._config = config
        self._engine = Engine()
        self._version = NEVER
        self._checked = float("-inf")
        self._loaded: dict[str, str] = {}

    def engine(self) -> Engine:
        """Return the engine."""
        now = time.monotonic()
        if now - self._checked >= FRESH_SECONDS:
            changes = self._config.changes(KIND, self._version)
            if changes.ids is None:
                self._load_all()
            for id_ in changes.ids or ():
                self._load(id_, self._config.get(KIND, id_))
            self._version, self._checked = changes.version, now
        return self._engine

    def _load_all(self) -> None:
        stored = {document["id"]: document for document in self._config.all(KIND)}
        for gone in self._loaded.keys() - stored.keys():
            self._load(gone, None)
        for id_, document in sorted(stored.items(), key=lambda one: (one[1]["created"], one[0])):
            self._load(id_, document)

    def _load(self, id_: str, document: Mapping[str, Any] | None) -> None:
        if document is None:
            self._engine.remove(id_)
            self._loaded.pop(id_, None)
        elif self._loaded.get(id_) != document["updated"]:
            self._loaded[id_] = document["updated"]
            try:
                self._engine.put(automation_from_stored(document))
            except Unreadable as error:  # it must not stop all others
                self._engine.remove(id_)
                logger.error("%s", error)
