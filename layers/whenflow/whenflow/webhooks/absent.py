"""Stand-ins for a process that keeps no secrets or no log: the pages, which only read, and small set-ups in tests."""

from collections.abc import Sequence
from typing import NoReturn

from whenflow.errors import NotFound
from whenflow.webhooks.log import LoggedRequest


class NoSecrets:
    """Knows no secret: whatever needs one is refused."""

    def get(self, reference: str, *, fresh: bool = False) -> str:  # noqa: ARG002 - it has none, however it is asked
        """Raise NotFound."""
        raise NotFound(f"This process may not read {reference}.")

    def put(self, name: str, value: str) -> NoReturn:  # noqa: ARG002 - nothing is kept
        """Raise NotFound."""
        raise NotFound(f"This process keeps no secrets, {name} neither.")

    def delete(self, reference: str) -> None:
        """Do nothing: there is nothing to forget."""


class NoRequestLog:
    """Forgets every request."""

    def add(self, entry: LoggedRequest) -> None:
        """Do nothing."""

    def newest(self, webhook_id: str, limit: int) -> Sequence[LoggedRequest]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def get(self, webhook_id: str, request_id: str) -> LoggedRequest | None:  # noqa: ARG002
        """Return None."""
        return None
