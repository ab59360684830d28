"""The clock that breaks off a template's rendering, whatever the count of work has let through.

It counts the time that the process computes, not the time on the wall: a template does nothing but compute, and a
machine that is busy with others must not turn a good request away.
"""

import signal
import threading
from collections.abc import Callable
from typing import Any

from whenflow.templating import TimeUp

LIMIT = 0.25
AGAIN = 0.05


class TemplateClock:
    """Breaks work off after some time: in the main thread only, and only while no other such timer runs."""

    def __init__(self, seconds: float = LIMIT) -> None:
        """Allow so many seconds of computing."""
        self._seconds = seconds

    def __call__(self, work: Callable[[], Any]) -> Any:
        """Return what the work gives.

        Raises:
            TimeUp: It took too long.
        """
        if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_PROF)[0]:
            return work()
        is_running = True

        def ring(_number: int, _frame: Any) -> None:
            if is_running:  # the timer may run out while the work ends
                raise TimeUp

        before = signal.signal(signal.SIGPROF, ring)
        try:
            try:
                # Again and again: Python drops what is raised while it collects garbage.
                signal.setitimer(signal.ITIMER_PROF, self._seconds, AGAIN)
                return work()
            finally:
                is_running = False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
