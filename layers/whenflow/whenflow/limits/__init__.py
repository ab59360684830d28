"""Concurrency limits: how many may do something at once, or how often, wherever they run."""

from whenflow.limits.book import LimitBook, Mode, Taken
from whenflow.limits.model import KIND, Limit, LimitFacts, tag_limit
from whenflow.limits.occupancy import Hold, Holder, Occupancy
from whenflow.limits.registry import LimitRegistry

__all__ = [
    "Hold",
    "Holder",
    "KIND",
    "Limit",
    "LimitBook",
    "LimitFacts",
    "LimitRegistry",
    "Mode",
    "Occupancy",
    "Taken",
    "tag_limit",
]
