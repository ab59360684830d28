"""The key that page tokens are signed with: made once per stack, kept with the rest of the configuration."""

from whenflow.errors import Conflict
from whenflow.ports import ConfigStore, Ids

KIND = "secret"
ID = "page-tokens"


class PageKey:
    """Finds the key, or makes it."""

    def __init__(self, config: ConfigStore, ids: Ids) -> None:
        """Keep it in this store."""
        self._config = config
        self._ids = ids
        self._key: bytes | None = None

    def get(self) -> bytes:
        """Return the key; the first to ask makes it."""
        if self._key is None:
            self._key = self._stored() or self._made()
        return self._key

    def _stored(self) -> bytes | None:
        stored = self._config.get(KIND, ID)
        return str(stored["key"]).encode() if stored else None

    def _made(self) -> bytes:
        key = self._ids.secret() + self._ids.secret()
        try:
            self._config.create(KIND, ID, {"key": key})
        except Conflict:  # somebody else was quicker
            return self._stored() or self._made()
        return key.encode()
