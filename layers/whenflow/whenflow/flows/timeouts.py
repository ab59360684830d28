"""How long a flow or task may take."""

import contextlib
import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType


class TimedOut(TimeoutError):
    """It took longer than it may."""

    def __init__(self, what: str, seconds: float) -> None:
        """Say what took how long."""
        super().__init__(f"{what} exceeded timeout of {float(seconds)} second(s)")


class _Expired(BaseException):
    """Raised where the code is at that moment; nothing of the author's own catches it."""


@contextlib.contextmanager
def timed(what: str, seconds: float | None) -> Iterator[None]:
    """Stop what runs within after some seconds.

    In the main thread an alarm stops it, even in the middle of a call that waits; in any other thread it is stopped
    when it next runs Python code.

    Raises:
        TimedOut: It took too long.
    """
    if not seconds:
        yield
        return
    own: type[_Expired] = type("_OwnExpired", (_Expired,), {})
    is_main = threading.current_thread() is threading.main_thread()
    stopping = _by_alarm if is_main and hasattr(signal, "SIGALRM") else _by_thread
    try:
        with stopping(float(seconds), own):
            yield
    except own:  # any other is that of a timeout around this one
        raise TimedOut(what, seconds) from None


@contextlib.contextmanager
def _by_alarm(seconds: float, expired: type[_Expired]) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise expired

    begun = _seconds_now()
    before = signal.signal(signal.SIGALRM, stop)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    outer_first = 0 < left < seconds
    if outer_first:  # the timeout around this one comes sooner
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (_seconds_now() - begun)))


@contextlib.contextmanager
def _by_thread(seconds: float, expired: type[_Expired]) -> Iterator[None]:
    thread, lock, over = threading.get_ident(), threading.Lock(), False

    def stop() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(expired))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()


def _seconds_now() -> float:
    return time.monotonic()  # noqa: TID251 - what is left of a timer, not a moment of the product
