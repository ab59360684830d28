"""The door for everything the embedded AWS does on its own: open once the port listens, closed before the shutdown."""

import threading


class Gate:
    """Deliveries ask here before they start something."""

    def __init__(self) -> None:
        """Begin closed."""
        self._open = threading.Event()

    def open(self) -> None:
        """Let deliveries begin."""
        self._open.set()

    def close(self) -> None:
        """Let no further delivery begin."""
        self._open.clear()

    @property
    def is_open(self) -> bool:
        """Whether deliveries may begin now."""
        return self._open.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the door to open, at most this long; say whether it is open."""
        return self._open.wait(seconds)


GATE = Gate()
