"""What a flow logs, kept with its run."""

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from whenflow.flows.context import current
from whenflow.ports import LogLine

FLOW_LOGGER = "whenflow.flow_runs"
MAX_LINES = 5_000
MAX_LINE_CHARS = 10_000
_formatter = logging.Formatter()


def get_run_logger() -> logging.Logger:
    """Return the logger of the running flow: its lines are kept with the run and go to the function's log as well."""
    logger = logging.getLogger(FLOW_LOGGER)
    if logger.__class__ is logging.Logger:
        logger.__class__ = _RunLogger
    return logger


class LogBuffer(logging.Handler):
    """Collects the lines of one run; the first lines are kept where there are too many, and the rest is counted.

    Attributes:
        lines: What was collected and not yet taken.
        dropped: How many were left out.
    """

    def __init__(self, run_id: str | None = None, *, strays: bool = True) -> None:
        """Start empty.

        Args:
            run_id: The flow run whose lines these are; None for all.
            strays: Whether it takes the lines of threads that know of no run.
        """
        super().__init__(logging.INFO)
        self.lines: list[LogLine] = []
        self.dropped = 0
        self._run_id = run_id
        self._strays = strays
        self._taken = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if not self._is_ours():
            return
        if self._taken + len(self.lines) >= MAX_LINES:
            self.dropped += 1
            return
        moment = datetime.fromtimestamp(record.created, UTC)
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + _formatter.formatException(record.exc_info)
        context = current.get()
        task = context.task.id if context and context.task else None
        self.lines.append(LogLine(moment, record.levelno, record.name, message[:MAX_LINE_CHARS], task))

    def take(self) -> list[LogLine]:
        """Take out the lines that were collected so far."""
        with self.lock or contextlib.nullcontext():
            taken, self.lines = self.lines, []
            self._taken += len(taken)
        return taken

    def give_back(self, lines: list[LogLine]) -> None:
        """Put back lines that could not be kept."""
        with self.lock or contextlib.nullcontext():
            self.lines = lines + self.lines
            self._taken -= len(lines)

    def last_word(self, moment: datetime) -> list[LogLine]:
        """Return the line that says how many were left out, if any were."""
        if not self.dropped:
            return []
        told = f"{self.dropped:,} more lines were logged; a run keeps its first {MAX_LINES:,}."
        return [LogLine(moment, logging.WARNING, FLOW_LOGGER, told)]

    def _is_ours(self) -> bool:
        context = current.get()
        if self._run_id is None:
            return True
        if context is None or context.run is None:
            return self._strays
        return context.run.id == self._run_id


@contextlib.contextmanager
def collecting(run_id: str | None = None, *, strays: bool = True) -> Iterator[LogBuffer]:
    """Collect what flows log while this is open; of one run, if its id is given."""
    log, buffer = get_run_logger(), LogBuffer(run_id, strays=strays)
    level = log.level
    log.addHandler(buffer)
    log.setLevel(logging.INFO)
    try:
        yield buffer
    finally:
        log.removeHandler(buffer)
        log.setLevel(level)


class _Lines(io.TextIOBase):
    """A text stream whose lines are logged, for each thread its own.

    A log handler may itself write to the standard output, as Lambda's does: while a thread logs a line, what it writes
    goes to the original stream.
    """

    def __init__(self, original: TextIO) -> None:
        self._here = threading.local()
        self._original = original

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if getattr(self._here, "logs", False):
            self._original.write(text)  # Lambda's stream tells no length
            return len(text)
        *lines, self._here.rest = (getattr(self._here, "rest", "") + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        if getattr(self._here, "logs", False):
            self._original.flush()

    def finish(self) -> None:
        """Log what has no end of line yet."""
        rest, self._here.rest = getattr(self._here, "rest", ""), ""
        if rest:
            self._log(rest)

    @contextlib.contextmanager
    def logging(self) -> Iterator[None]:
        """Let what this thread writes through to the original stream while this is open."""
        before, self._here.logs = getattr(self._here, "logs", False), True
        try:
            yield
        finally:
            self._here.logs = before

    def _log(self, line: str) -> None:
        get_run_logger().info("%s", line)


class _RunLogger(logging.Logger):
    """What its handlers write is no print of the flow's."""

    def handle(self, record: logging.LogRecord) -> None:
        stream = sys.stdout
        with stream.logging() if isinstance(stream, _Lines) else contextlib.nullcontext():
            super().handle(record)


@contextlib.contextmanager
def prints_logged(enabled: bool) -> Iterator[None]:
    """Log what is printed while this is open."""
    if not enabled or isinstance(sys.stdout, _Lines):
        yield
        return
    lines = _Lines(sys.stdout)
    with contextlib.redirect_stdout(lines):
        try:
            yield
        finally:
            lines.finish()
