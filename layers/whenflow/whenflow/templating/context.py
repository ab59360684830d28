"""What a template is rendered with."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any


class Context(Mapping[str, Any]):
    """Plain data by name, the time, and the address of the UI.

    Attributes:
        now: When it is, for filters such as `humanize_naturaltime`; where it is not known, those fail.
        site: The address of the UI, for filters such as `ui_url`; where it is not known, those give nothing.
    """

    def __init__(self, values: Mapping[str, Any], *, now: datetime | None = None, site: str = "") -> None:
        """Take the values by name."""
        self._values = values
        self.now = now
        self.site = site

    def __getitem__(self, name: str) -> Any:
        """Return the value of a name."""
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._values)
