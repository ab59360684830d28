"""A simulated stack: its tables, its queues, and the functions between them, each with processes that come and go."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from whenflow.automations import Engine, Firing
from whenflow.automations.settle import Record
from whenflow.events import Event
from whenflow.events.ids import shard_of
from whenflow.ports import Clock, Due
from whenflow.testing.doubles import SequentialIds
from whenflow.testing.memory import MemoryEventStore, MemoryFiringStore, MemoryRunStore
from whenflow.testing.memory_config import MemoryConfigStore
from whenflow.testing.outside import RecordedTopics
from whenflow.testing.simulation.channels import Queue, Stream
from whenflow.testing.simulation.code import Code
from whenflow.testing.simulation.faults import Failing, Faults
from whenflow.testing.simulation.outside import Targets
from whenflow.testing.simulation.processes import Process
from whenflow.testing.simulation.setup import automations, deployment_id, deployments, target
from whenflow.testing.simulation.stage import Crash, Stage
from whenflow.testing.windows import MemoryHoldStore, MemoryProgressStore, MemoryWindowStore

T = TypeVar("T")
SHARDS = 4


class _Inserts(dict[str, T]):
    """A table whose stream tells of new items."""

    def __init__(self, told: Callable[[T], None]) -> None:
        super().__init__()
        self._told = told

    def __setitem__(self, key: str, item: T) -> None:
        is_new = key not in self
        super().__setitem__(key, item)
        if is_new:
            self._told(item)


class _Events(MemoryEventStore):
    """Knows shards, as the real one does."""

    def latest(self, start: datetime, end: datetime) -> dict[int, datetime]:
        occurred: dict[int, datetime] = {}
        for event in self.between(start, end):
            occurred[shard_of(event.resource_id, SHARDS)] = event.occurred
        return occurred


class Cloud:
    """The stack. Whoever wants something of it calls `accept` or `cancel`, as the functions at its edge would.

    Attributes:
        code: The code of flows.
        queues: By name.
    """

    def __init__(self, seed: int, stage: Stage, faults: Faults) -> None:
        """Start with nothing but what is set up."""
        self.stage, self.clock, self.faults = stage, stage.clock, faults
        self.chance = Random(f"stack of {seed}")  # noqa: S311 - no secret
        self.ids = SequentialIds(SHARDS)
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self.events, self.firings = _Events(), MemoryFiringStore()
        self.events.stored, self.firings.stored = _Inserts(self._to_matcher), _Inserts(self._to_action)
        self.runs = MemoryRunStore(self.events)
        self.windows = MemoryWindowStore(self.firings)
        self.config, self.progress, self.topics = MemoryConfigStore(), MemoryProgressStore(), RecordedTopics()
        self.holds = _Holds(self._sender("timer"), self.clock)
        self.targets = Targets(
            self.chance,
            self.ids,
            deployment_id("refused"),
            stage.after,
            self._sender("flows"),
            self._sender("tracker"),
        )
        self.automations = automations()
        self.engine = Engine(self.automations)
        self.code = Code(self)
        self._idle: defaultdict[str, list[Process]] = defaultdict(list)
        self._set_up()
        self.matching: Stream[Record] = Stream(self.chance, stage, lambda batch: self._call("matcher", _matched(batch)))
        self.acting: Stream[Firing] = Stream(self.chance, stage, lambda batch: self._call("action", _acted(batch)))
        self.queues = self._queues()

    def accept(self, event: Event) -> None:
        """Store an event that comes from outside.

        Raises:
            Exception: It is not known to be stored; whoever sent it sends it again.
        """
        self._call("webhook", lambda process: process.events.put(event))

    def cancel(self, run_id: str) -> None:
        """Cancel a run, as a user would."""
        self._call("api", lambda process: process.control.cancel(run_id, "as the user asked"))

    def sweep_if_possible(self) -> None:
        """Let the timer sweep, as each minute; where it fails, the next minute's sweep makes up for it."""
        with contextlib.suppress(Crash, Exception):
            self._call("timer", lambda process: process.timers.sweep())

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way."""
        return not (self.matching.waiting + self.acting.waiting + sum(queue.waiting for queue in self.queues.values()))

    @property
    def is_settled(self) -> bool:
        """Whether no run waits for anything, and no window for its end."""
        runs = self.runs.newest_first()
        return all(run.state.type.is_final for run in runs) and not any(row.due for row in self.windows.rows.values())

    def _sender(self, name: str) -> Callable[[dict[str, Any], float], None]:
        def send(message: dict[str, Any], seconds: float) -> None:
            self.queues[name].send(message, seconds)

        return send

    def _set_up(self) -> None:
        for deployment in deployments():
            self.config.create("deployment", deployment["id"], deployment)
        self.config.create("block-document", target()["id"], target())
        for automation in self.automations:
            self.config.create("automation", automation.id, automation.as_stored())

    def _queues(self) -> dict[str, Queue]:
        def queue(handle: Callable[[dict[str, Any], int], object], tries: int, *waits: float, **more: Any) -> Queue:
            return Queue(self.chance, self.stage, handle, tries, waits or (2.0,), **more)

        return {
            "retries": queue(self._try_again, 5, 30, 120, 480, 1800),
            "timer": queue(lambda message, _: self._call("timer", lambda one: one.timers.ring(message)), 5, 6),
            "tracker": queue(self._execution_changed, 3),
            "failures": queue(self._invocation_failed, 5),
            "flows": queue(
                lambda message, _: self._call("flows", self.code.of(message)), 3, 20, give_up=self._given_up
            ),
        }

    def _call(self, function: str, work: Callable[[Process], T]) -> T:
        """Have a process of a function do something; one that dies is never used again."""
        idle = self._idle[function]
        process = idle.pop(self.chance.randrange(len(idle))) if idle else self._new_process(function)
        try:
            done = work(process)
        except Crash:
            raise
        except Exception:
            idle.append(process)
            raise
        idle.append(process)
        return done

    def _new_process(self, function: str) -> Process:
        self._numbers[function] += 1
        name = f"{function} {self._numbers[function]}"

        def port(real: object, kind: str) -> Any:
            return Failing(real, f"{name}: {kind}", self.faults)

        return Process(self, port)

    def _to_matcher(self, event: Event) -> None:
        shard = shard_of(event.resource_id, SHARDS)
        self._numbers["sequence"] += 1
        self.matching.put(shard, Record(event, f"{event.occurred:%Y-%m-%dT%H}#{shard}", self._numbers["sequence"]))

    def _to_action(self, firing: Firing) -> None:
        self.acting.put(shard_of(firing.id, SHARDS), firing)

    def _try_again(self, message: dict[str, Any], tries: int) -> None:
        self._call("action", lambda one: one.dispatcher.retry(message["firing_id"], message["action_index"], tries))

    def _execution_changed(self, notification: dict[str, Any], _: int) -> None:
        self._call("tracker", lambda one: one.tracker.execution_changed(notification))

    def _invocation_failed(self, record: dict[str, Any], _: int) -> None:
        self._call("tracker", lambda one: one.tracker.invocation_failed(record))

    def _given_up(self, message: dict[str, Any]) -> None:
        error = {"errorType": "Runtime.ExitError", "errorMessage": "the process died"}
        self.code.died[message["flow_run_id"]].append(message["launch"])
        self.queues["failures"].send({"requestPayload": message, "responsePayload": error})


class _Holds(MemoryHoldStore):
    """Held events are asked for through the timer's queue."""

    def __init__(self, ask: Callable[[dict[str, Any], float], None], clock: Clock) -> None:
        super().__init__(clock)
        self._ask = ask

    def hold(self, event_id: str, seconds: int, attempt: int) -> None:
        super().hold(event_id, seconds, attempt)
        self._ask({"held": event_id, "attempt": attempt}, seconds)


class Rings:
    """The timer's queue, as a port."""

    def __init__(self, cloud: Cloud) -> None:
        """Send to this stack's queue."""
        self._cloud = cloud

    def ring_at(self, due: Due) -> None:
        """Ask for a ring at its time."""
        self._send({"trigger_id": due.key.trigger_id, "sort": due.key.sort}, due.at)

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run."""
        self._send({"flow_run_id": run_id, "ring": ring}, at)

    def _send(self, message: dict[str, Any], at: datetime) -> None:
        wait = max(timedelta(0), at - self._cloud.clock.now())
        self._cloud.queues["timer"].send(message, wait.total_seconds())


class Retries:
    """The retry queue, as a port."""

    def __init__(self, cloud: Cloud) -> None:
        """Send to this stack's queue."""
        self._cloud = cloud

    def send(self, firing_id: str, action_index: int, reason: str, wait: float | None = None) -> None:
        """Put one action of one firing aside."""
        message = {"firing_id": firing_id, "action_index": action_index, "reason": reason}
        self._cloud.queues["retries"].send(message, max(5.0, wait or 0.0))


def _matched(batch: Sequence[Record]) -> Callable[[Process], int]:
    return lambda process: len(process.matcher.match(batch).failed)


def _acted(batch: Sequence[Firing]) -> Callable[[Process], int]:
    def act(process: Process) -> int:
        for number, firing in enumerate(batch):
            try:
                process.dispatcher.dispatch(firing)
            except Exception:  # as the function's edge does: from here on, the batch comes again
                return len(batch) - number
        return 0

    return act
