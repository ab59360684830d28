"""What goes on beside a flow: its log and task runs are kept every few seconds, and it shows that it lives."""

import logging
import os
import threading
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from whenflow.errors import WhenflowError
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event
from whenflow.flows.backend import Backend
from whenflow.flows.logs import LogBuffer
from whenflow.flows.recorder import Recorder
from whenflow.ports import LogLine
from whenflow.runs import FlowRun
from whenflow.runs.events import related_to
from whenflow.runs.heartbeats import DEFAULT_SECONDS, HEARTBEAT, Pulse
from whenflow.runs.states import LEAST_HEARTBEAT_SECONDS

KEEP_EVERY = timedelta(seconds=5)
logger = logging.getLogger("whenflow.flows")


def heartbeat_every() -> timedelta:
    """Return how often a flow shows that it lives: `WHENFLOW_HEARTBEAT_SECONDS`, at least 30; 180 if it is not set."""
    given = os.environ.get("WHENFLOW_HEARTBEAT_SECONDS", "")  # noqa: TID251 - the SDK's own setting, in a stack or not
    try:
        seconds = float(given) if given else DEFAULT_SECONDS
    except ValueError:
        logger.warning("WHENFLOW_HEARTBEAT_SECONDS is no number: %r", given)
        seconds = DEFAULT_SECONDS
    return timedelta(seconds=max(LEAST_HEARTBEAT_SECONDS, seconds))


class Companion:
    """Looks after one flow run in a thread of its own."""

    def __init__(
        self, run: FlowRun, backend: Backend, log: LogBuffer, recorder: Recorder, pulse: Pulse | None = None
    ) -> None:
        """Look after this run; `pulse` is what heartbeats its process promised, if this is the process of its flow."""
        self._run = run
        self._pulse = pulse
        self._backend = backend
        self._log = log
        self._recorder = recorder
        self._every = heartbeat_every()
        self._kept = self._beat = backend.clock.now()
        self._beats = self._tried = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="whenflow-companion", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and keep what is left."""
        self._over.set()
        self._thread.join()
        self.keep()
        self._add(self._log.last_word(self._backend.clock.now()))

    def tick(self, now: datetime) -> None:
        """Do what is due now."""
        if now - self._kept >= KEEP_EVERY:
            self._kept = now
            self.keep()
        if self._pulse:
            self._keep_pulse(self._pulse, now)
        elif now - self._beat >= self._every:
            self._beat = now
            self._show_life(now, self._backend.ids.event_id(now, self._run.resource_id))

    def keep(self) -> None:
        """Keep what was logged and which tasks ran. What cannot be kept now is kept with the next."""
        self._recorder.flush()
        lines = self._log.take()
        if lines and not self._add(lines):
            self._log.give_back(lines)

    def _work(self) -> None:
        while not self._over.wait(KEEP_EVERY.total_seconds()):
            self.tick(self._backend.clock.now())

    def _add(self, lines: list[LogLine]) -> bool:
        if not lines:
            return True
        try:
            self._backend.add_logs(self._run.id, lines)
        except WhenflowError as error:
            logger.warning("%s lines of flow run %s are not kept, only here: %s", len(lines), self._run.id, error)
            return False
        return True

    def _keep_pulse(self, pulse: Pulse, now: datetime) -> None:
        """Tell the latest heartbeat that is due, until it is told."""
        number = pulse.number_at(now)
        if number > self._beats and self._show_life(pulse.at(number), pulse.id_of(number), again=number == self._tried):
            self._beats = number
        self._tried = number

    def _show_life(self, at: datetime, id_: str, *, again: bool = False) -> bool:
        event = Event(
            id=id_,
            occurred=at,
            event=HEARTBEAT,
            resource={RESOURCE_ID: self._run.resource_id, RESOURCE_NAME: self._run.name},
            related=tuple(related_to(self._run)),
            received=self._backend.clock.now(),
        )
        try:
            self._backend.put(event)
        except WhenflowError as error:
            level = logging.DEBUG if again else logging.WARNING
            logger.log(level, "flow run %s could not show that it lives: %s", self._run.id, error)
            return False
        return True
