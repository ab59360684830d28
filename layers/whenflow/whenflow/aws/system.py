"""The clock and the ids of the real world."""

import secrets
import time
import uuid
from datetime import UTC, datetime

from whenflow.events.ids import addressed_id, entropy_of, shard_of

SLUG_BYTES = 16


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return this moment, in UTC."""
        return datetime.now(UTC)


class SystemIds:
    """Random ids."""

    def __init__(self, shards: int) -> None:
        """Spread resources over this many shards."""
        self._shards = shards

    def new(self) -> str:
        """Return a fresh UUID, version 7."""
        value = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
        value = value & ~(0xF << 76) | 7 << 76
        return str(uuid.UUID(int=value & ~(0b11 << 62) | 0b10 << 62))

    def secret(self) -> str:
        """Return 128 random bits as 22 URL-safe characters."""
        return secrets.token_urlsafe(SLUG_BYTES)

    def event_id(self, occurred: datetime, resource_id: str) -> str:
        """Return a fresh id for an event of this moment and resource."""
        return addressed_id(occurred, shard_of(resource_id, self._shards), secrets.randbits(64))

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        """Return the id that an event of this moment and resource always has for these words."""
        return addressed_id(occurred, shard_of(resource_id, self._shards), entropy_of(*parts))
