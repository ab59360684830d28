"""Sources as the `notification` function needs them: in memory, checked again at short intervals."""

import time
from collections.abc import Sequence

from whenflow.ports import ConfigStore
from whenflow.sources.model import KIND, Source, source_from_stored

FRESH_SECONDS = 1.0


class CachedSources:
    """Knows the sources in their order; what it says is at most one second old. Read only when one has changed."""

    def __init__(self, config: ConfigStore) -> None:
        """Read from this store."""
        self._config = config
        self._sources: tuple[Source, ...] = ()
        self._version: int | None = None
        self._checked = float("-inf")

    def sources(self) -> Sequence[Source]:
        """Return all sources."""
        now = time.monotonic()
        if now - self._checked >= FRESH_SECONDS:
            version = self._config.version(KIND)
            if version != self._version:
                stored = map(source_from_stored, self._config.all(KIND) if version else ())
                self._sources = tuple(sorted(stored, key=lambda source: source.rank))
                self._version = version
            self._checked = now
        return self._sources
