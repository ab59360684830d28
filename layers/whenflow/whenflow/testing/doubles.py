"""A clock that stands still, ids that count, a launcher that writes down what it was asked to start."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from whenflow.errors import Rejected
from whenflow.events.ids import addressed_id, entropy_of, shard_of
from whenflow.runs import FlowRun
from whenflow.runs.attempts import execution_name

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class ManualClock:
    """Shows the time it was set to."""

    def __init__(self, start: datetime = START) -> None:
        """Start at this moment."""
        self._now = start

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on, and return the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now


class SequentialIds:
    """Ids that count from one: every run of a test has the same."""

    def __init__(self, shards: int = 4) -> None:
        """Spread resources over this many shards."""
        self._shards = shards
        self._count = 0

    def new(self) -> str:
        """Return the next UUID."""
        self._count += 1
        return str(UUID(int=0x7 << 76 | 0b10 << 62 | self._count))

    def secret(self) -> str:
        """Return the next text of 22 characters."""
        self._count += 1
        return f"secret{self._count:016d}"

    def event_id(self, occurred: datetime, resource_id: str) -> str:
        """Return the next id for an event of this moment and resource."""
        self._count += 1
        return addressed_id(occurred, shard_of(resource_id, self._shards), self._count)

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        """Return the id that an event of this moment and resource always has for these words."""
        return addressed_id(occurred, shard_of(resource_id, self._shards), entropy_of(*parts))


class RecordedLauncher:
    """Starts nothing, and remembers what it should have started.

    Attributes:
        launched: The runs, in order.
        stopped: The runs that were stopped, in order.
        can_stop: Whether it can.
        status: How the executions of runs are, as Step Functions puts it; None where there are none.
        refusal: Why nobody may ask about them, if nobody may.
        asked: The runs that were asked about, in order.
        errors: What to raise at the next launches, first come first served.
    """

    def __init__(self) -> None:
        """Start with nothing launched."""
        self.launched: list[FlowRun] = []
        self.stopped: list[FlowRun] = []
        self.can_stop = False
        self.status: str | None = "RUNNING"
        self.refusal: str | None = None
        self.asked: list[FlowRun] = []
        self.errors: list[Exception] = []

    def launch(self, run: FlowRun) -> None:
        """Remember a run, or raise the error that was asked for."""
        if self.errors:
            raise self.errors.pop(0)
        self.launched.append(run)

    def stop(self, run: FlowRun) -> bool:
        """Remember a run that was to be stopped."""
        self.stopped.append(run)
        return self.can_stop

    def news(self, run: FlowRun) -> dict[str, str] | None:
        """Remember a run that was asked about, and say how its execution is."""
        self.asked.append(run)
        if self.refusal:
            raise Rejected(self.refusal)
        return {"name": execution_name(run), "status": self.status} if self.status else None
