"""What a caller of a webhook is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and, unless it is 204, a reason.

    Attributes:
        status: Of HTTP.
        reason: What is wrong, and what would be right.
        headers: To be sent besides, by name in lower case.
        body: A JSON object to be sent in place of the reason.
    """

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
