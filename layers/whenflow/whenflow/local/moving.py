"""The embedded AWS on another port than last time: its saved state names the old one, in queue URLs for example."""

import re
from pathlib import Path

from whenflow.local.process import endpoint


def move(state: Path, old: int, new: int) -> None:
    """Replace the old address by the new one in all saved state."""
    address = re.compile(re.escape(endpoint(old)) + r"(?!\d)")
    for path in state.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        moved = address.sub(endpoint(new), text)
        if moved != text:
            path.write_text(moved, encoding="utf-8")
