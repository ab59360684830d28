"""Reactive triggers once more, as plainly as can be: seconds, lists, nothing kept that is not written down here.

An event opens a window that reaches 15 minutes back and `within` ahead, but not back over the end of the last one.
It is counted if it is not before the window's start. At the threshold the trigger fires, and is deaf until the end.
"""

from collections.abc import Iterable

QUARTER = 15 * 60


class Counter:
    """Windows of one key."""

    def __init__(self, threshold: int, within: float) -> None:
        self.threshold, self.within = max(1, threshold), within
        self.windows: list[tuple[float, float]] = []  # all there were; the last is the present one, if it is open
        self.is_open = False
        self.counted = 0

    def happens(self, occurred: float) -> bool:
        """Take in an event; tell whether the trigger fires."""
        if self.is_open and self.within and occurred >= self.windows[-1][1]:
            self.is_open = False
        if not self.is_open and not self._open(occurred):
            return False
        start, end = self.windows[-1]
        if occurred < start:
            return False
        self.counted += 1
        if self.counted < self.threshold:
            return False
        self.is_open, self.counted = bool(self.within), 0
        if self.within:
            self.windows.append((end, end + self.within))
        else:
            self.windows.clear()
        return True

    def _open(self, occurred: float) -> bool:
        over = self.windows[-1][1] if self.windows else float("-inf")
        if occurred < over:
            return False
        self.windows.append((max(occurred - QUARTER, over), occurred + self.within))
        self.is_open, self.counted = True, 0
        return True


def firings(threshold: int, within: float, events: Iterable[tuple[str, float]]) -> list[int]:
    """Return the places of the events that fire; each event is its key and when it occurred."""
    counters: dict[str, Counter] = {}
    return [
        place
        for place, (key, occurred) in enumerate(events)
        if counters.setdefault(key, Counter(threshold, within)).happens(occurred)
    ]
