"""Concurrency limits in flows and tasks: `concurrency` holds slots for as long as a block runs, `rate_limit` waits."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from types import TracebackType

from whenflow.errors import Locked, NotFound, Rejected, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event
from whenflow.flows import runtime
from whenflow.flows.backend import Backend
from whenflow.flows.context import RunContext, current
from whenflow.flows.emit import emit_event
from whenflow.flows.logs import get_run_logger
from whenflow.flows.task_engine import in_copy, nap
from whenflow.limits import Holder, LimitFacts, Mode, Taken
from whenflow.limits.book import LONGEST_LEASE, SHORTEST_LEASE

LEASE_SECONDS = 300.0
RENEWED_AFTER = 0.5
"""Which part of a lease goes by before it is renewed."""
LONGEST_NAP = 5.0
TRIES = 5
RESOURCE = "prefect.concurrency-limit."


class ConcurrencySlotAcquisitionError(Exception):
    """Slots cannot be had: there is no such limit, it never allows so many, or it cannot be asked."""


class AcquireConcurrencySlotTimeoutError(TimeoutError):
    """No slots became free in time."""


def concurrency(
    names: str | Sequence[str],
    occupy: int = 1,
    timeout_seconds: float | None = None,
    max_retries: int | None = None,
    lease_duration: float = LEASE_SECONDS,
    strict: bool = False,
) -> "Slots":
    """Hold slots of concurrency limits for as long as a block runs.

    `with concurrency("database"):`, in a coroutine function `async with`. Slots are held by a lease, which is renewed
    for as long as the block runs: if the process dies, they come back when it runs out.

    Args:
        names: One limit, or several, of which all slots are taken at once. Names of no limit are passed over.
        occupy: How many slots of each.
        timeout_seconds: For how long to wait; without it, until they are free.
        max_retries: How often to ask again; without it, as often as it takes.
        lease_duration: Seconds of the lease, 60 to 86,400.
        strict: Refuse to go on where there is none of these limits.

    Raises:
        AcquireConcurrencySlotTimeoutError: They were not free in time.
        ConcurrencySlotAcquisitionError: They cannot be had.
        NotConnected: Nobody said which Whenflow to ask.
    """
    lease = timedelta(seconds=lease_duration)
    if not SHORTEST_LEASE <= lease <= LONGEST_LEASE:
        raise ConcurrencySlotAcquisitionError(f"lease_duration is {lease_duration}: it must be 60 to 86400 seconds.")
    return Slots(_Asking(names, occupy, Mode.CONCURRENCY, timeout_seconds, max_retries, strict), lease)


def rate_limit(
    names: str | Sequence[str], occupy: int = 1, timeout_seconds: float | None = None, strict: bool = False
) -> None:
    """Wait until limits that decay let so many pass.

    Args:
        names: One limit with a slot decay, or several.
        occupy: How many are to pass at once.
        timeout_seconds: For how long to wait; without it, until they may.
        strict: Refuse to go on where there is none of these limits.

    Raises:
        AcquireConcurrencySlotTimeoutError: They could not pass in time.
        ConcurrencySlotAcquisitionError: A limit has no decay, is not there, or cannot be asked.
        NotConnected: Nobody said which Whenflow to ask.
    """
    context = current.get()
    asking = _Asking(names, occupy, Mode.RATE_LIMIT, timeout_seconds, None, strict)
    taken = asking.ask(context.backend if context else runtime.outside(), context, None)
    for limit in taken.limits:
        _tell("acquired", limit, taken.limits, occupy, None)


class _Asking:
    """Asks for slots until there are some."""

    def __init__(
        self,
        names: str | Sequence[str],
        slots: int,
        mode: Mode,
        timeout: float | None,
        retries: int | None,
        strict: bool,
    ) -> None:
        self.names = [names] if isinstance(names, str) else list(names)
        self.slots, self._mode, self._strict = slots, mode, strict
        self._timeout, self._retries = timeout, retries
        self.abandoned = threading.Event()
        """Set once nobody waits for the slots any more."""

    def ask(
        self, backend: Backend, context: RunContext | None, lease: timedelta | None, holder: Holder | None = None
    ) -> Taken:
        """Return slots, once there are some."""
        if not self.names:
            return Taken("", ())
        taken = self._insist(backend, context, lease, holder)
        if not taken.limits and self._strict:
            raise ConcurrencySlotAcquisitionError(f"There is no concurrency limit {' or '.join(self.names)}.")
        return taken

    def _insist(
        self, backend: Backend, context: RunContext | None, lease: timedelta | None, holder: Holder | None
    ) -> Taken:
        until = backend.clock.now() + timedelta(seconds=self._timeout) if self._timeout is not None else None
        troubles = refusals = 0
        while not self.abandoned.is_set():
            try:
                return backend.take_slots(self.names, self.slots, self._mode, lease, holder)
            except Locked as locked:
                refusals += 1
                if locked.retry_after is None or (self._retries is not None and refusals > self._retries):
                    raise ConcurrencySlotAcquisitionError(str(locked)) from locked
                _wait(backend, context, locked.retry_after, until, self.abandoned)
            except Transient as trouble:
                troubles += 1
                if troubles == TRIES:
                    raise ConcurrencySlotAcquisitionError(f"The limits cannot be asked: {trouble}") from trouble
                _wait(backend, context, float(2**troubles), until, self.abandoned)
            except (NotFound, Rejected) as refused:
                raise ConcurrencySlotAcquisitionError(str(refused)) from refused
        raise ConcurrencySlotAcquisitionError("Nobody waits for the slots any more.")


class Slots:
    """Slots that are held for as long as a block runs."""

    def __init__(self, asking: _Asking, lease: timedelta, holder: Holder | None = None) -> None:
        """Take none yet."""
        self._asking, self._lease, self._holder = asking, lease, holder
        self._taken = Taken("", ())
        self._told: dict[str, Event] = {}
        self._over = threading.Event()
        self._entering = threading.Lock()
        self._is_held = False

    @classmethod
    def of_task(cls, names: Iterable[str], task_run_id: str) -> "Slots":
        """Return one slot each for a task run; it waits as long as it takes."""
        asking = _Asking(list(names), 1, Mode.CONCURRENCY, None, None, strict=False)
        return cls(asking, SHORTEST_LEASE, Holder("task_run", task_run_id))

    @property
    def names(self) -> Sequence[str]:
        """What was named."""
        return self._asking.names

    @property
    def limits(self) -> Sequence[LimitFacts]:
        """The limits that there are of those that were named."""
        return self._taken.limits

    def __enter__(self) -> "Slots":
        """Wait for the slots and take them."""
        context = current.get()
        self._over = threading.Event()  # the same block may be run again
        self._backend = context.backend if context else runtime.outside()
        self._taken = self._asking.ask(self._backend, context, self._lease, self._holder)
        if self.limits:
            threading.Thread(target=in_copy(self._keep, self._over), daemon=True, name="whenflow-lease").start()
            try:
                for limit in self.limits:
                    self._told[limit.id] = _tell("acquired", limit, self.limits, self._asking.slots, None)
            except BaseException:
                self._give_back()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give them back."""
        if not self.limits:
            return
        self._give_back()
        for limit in self.limits:
            _tell("released", limit, self.limits, self._asking.slots, self._told[limit.id])

    async def __aenter__(self) -> "Slots":
        """Wait for the slots and take them; other coroutines go on meanwhile. Cancelled, it takes none."""
        self._is_held = False
        self._asking.abandoned.clear()
        try:
            return await asyncio.to_thread(self._enter_if_wanted)
        except asyncio.CancelledError:  # the thread is not
            with self._entering:
                self._asking.abandoned.set()
            if self._is_held:
                await asyncio.to_thread(self.__exit__, None, None, None)
            raise

    def _enter_if_wanted(self) -> "Slots":
        """Wait for the slots; those that come when nobody waits any more are given back."""
        self.__enter__()
        with self._entering:
            self._is_held = not self._asking.abandoned.is_set()
        if not self._is_held:
            self.__exit__(None, None, None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give them back."""
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def _give_back(self) -> None:
        self._over.set()
        try:
            self._backend.give_back_slots(self._taken.lease_id)
        except Transient as trouble:
            get_run_logger().warning("Slots are not given back now, but when their lease runs out: %s", trouble)

    def _keep(self, over: threading.Event) -> None:
        """Renew the lease until the block is over."""
        seconds = self._lease.total_seconds() * RENEWED_AFTER
        while not over.wait(seconds):
            if not self.renew():
                return

    def renew(self) -> bool:
        """Renew the lease; False where it has run out, which is logged."""
        try:
            kept = self._backend.renew_slots(self._taken.lease_id, self._lease)
        except (Transient, Rejected):  # it is tried again before the lease runs out
            return True
        if not kept and not self._over.is_set():
            names = ", ".join(limit.name for limit in self.limits)
            get_run_logger().error("The lease on slots of %s ran out: others may hold them as well now.", names)
        return kept


def _wait(
    backend: Backend,
    context: RunContext | None,
    seconds: float,
    until: datetime | None,
    abandoned: threading.Event,
) -> None:
    """Wait a while; a flow run that is cancelled meanwhile, or a caller who is gone, waits no longer."""
    end = backend.clock.now() + timedelta(seconds=seconds)
    if until is not None:
        if backend.clock.now() >= until:
            raise AcquireConcurrencySlotTimeoutError("No slots of the concurrency limits became free in time.")
        end = min(end, until)
    while (left := (end - backend.clock.now()).total_seconds()) > 0 and not abandoned.is_set():
        nap.get()(min(left, LONGEST_NAP))
        if context:
            context.check()


def _tell(what: str, limit: LimitFacts, limits: Sequence[LimitFacts], slots: int, follows: Event | None) -> Event:
    """Tell of slots that were taken or given back."""
    labels = {RESOURCE_ID: RESOURCE + limit.id, RESOURCE_NAME: limit.name}
    return emit_event(
        f"prefect.concurrency-limit.{what}",
        resource=labels | {"slots-acquired": str(slots), "limit": str(limit.limit)},
        related=[
            {RESOURCE_ID: RESOURCE + one.id, RESOURCE_ROLE: "concurrency-limit"} for one in limits if one.id != limit.id
        ],
        follows=follows,
    )
