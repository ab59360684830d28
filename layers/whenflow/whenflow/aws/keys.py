"""API keys: made here, kept as hashes."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from whenflow.events import iso
from whenflow.ports import Clock, ConfigStore, Ids

KIND = "api-key"
PREFIX = "wfk_"


def create_api_key(config: ConfigStore, name: str, clock: Clock, ids: Ids) -> str:
    """Make a key and return it; this is the only time it can be seen."""
    secret = PREFIX + ids.secret()
    config.create(KIND, key_hash(secret), {"id": ids.new(), "name": name, "created": iso(clock.now())})
    return secret


def find_api_key(config: ConfigStore, secret: str) -> Mapping[str, Any] | None:
    """Return what is known of a key, or None where it is none of ours."""
    return config.get(KIND, key_hash(secret))


def key_hash(secret: str) -> str:
    """Return what is kept of a key."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
