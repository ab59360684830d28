"""What a flow logs, kept with its run."""

import contextlib
import io
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from whenflow.ports import LogLine

FLOW_LOGGER = "whenflow.flow_runs"
MAX_LINES = 5_000
MAX_LINE_CHARS = 10_000
_formatter = logging.Formatter()


def get_run_logger() -> logging.Logger:
    """Return the logger of the running flow: its lines are kept with the run and go to the function's log as well."""
    return logging.getLogger(FLOW_LOGGER)


class LogBuffer(logging.Handler):
    """Collects the lines of one run; the first lines are kept where there are too many, and the rest is counted."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(logging.INFO)
        self.lines: list[LogLine] = []
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if len(self.lines) >= MAX_LINES:
            self.dropped += 1
            return
        moment = datetime.fromtimestamp(record.created, UTC)
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + _formatter.formatException(record.exc_info)
        self.lines.append(LogLine(moment, record.levelno, record.name, message[:MAX_LINE_CHARS]))


@contextlib.contextmanager
def collecting() -> Iterator[LogBuffer]:
    """Collect what flows log while this is open."""
    log, buffer = get_run_logger(), LogBuffer()
    level = log.level
    log.addHandler(buffer)
    log.setLevel(logging.INFO)
    try:
        yield buffer
    finally:
        log.removeHandler(buffer)
        log.setLevel(level)


class _Lines(io.TextIOBase):
    """A text stream whose lines are logged.

    A log handler may itself write to the standard output, as Lambda's does: while a line is logged, the original stream
    is back in its place.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._original = sys.stdout

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self._log(self._rest)
            self._rest = ""

    def _log(self, line: str) -> None:
        with contextlib.redirect_stdout(self._original):
            get_run_logger().info("%s", line)


@contextlib.contextmanager
def prints_logged(enabled: bool) -> Iterator[None]:
    """Log what is printed while this is open."""
    if not enabled:
        yield
        return
    lines = _Lines()
    with contextlib.redirect_stdout(lines):
        try:
            yield
        finally:
            lines.flush()
