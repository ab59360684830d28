"""Ports: the clock and ids."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return this moment, in UTC."""
        ...


class Ids(Protocol):
    """Where ids come from."""

    def new(self) -> str:
        """Return a fresh UUID, version 7."""
        ...

    def secret(self) -> str:
        """Return 128 random bits as 22 URL-safe characters."""
        ...

    def event_id(self, occurred: datetime, resource_id: str) -> str:
        """Return a fresh id for an event of this moment and resource."""
        ...

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        """Return the id that an event of this moment and resource always has for these words."""
        ...
