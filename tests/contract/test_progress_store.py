"""What every store of progress does, and every store of events that are held."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from tests.stores import Stores

from whenflow.aws.progress_store import DynamoHoldStore, DynamoProgressStore
from whenflow.ports import NOTED_STEP, HoldStore, ProgressStore
from whenflow.testing import ManualClock, an_event
from whenflow.testing.doubles import START
from whenflow.testing.windows import MemoryHoldStore, MemoryProgressStore

EVENT = "0190163d-8694-7000-8000-0000000000aa"


def in_(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def progress(request: pytest.FixtureRequest, stores: Stores) -> Callable[[], ProgressStore]:
    """Gives the progress store, as each process has it."""
    if request.node.callspec.params["stores"] == "memory":
        shared = MemoryProgressStore()
        return lambda: shared
    client = request.getfixturevalue("dynamodb")
    return lambda: DynamoProgressStore(client, "StateTable")


def offset(progress: Callable[[], ProgressStore]) -> float:
    return progress().offset().total_seconds()


def noted(progress: Callable[[], ProgressStore], *moments: tuple[float, float]) -> None:
    for occurred, now in moments:
        progress().note(in_(occurred), in_(now))


def test_before_the_first_event_the_event_clock_does_not_lag(progress):
    assert offset(progress) == 0


def test_the_event_clock_lags_by_the_age_of_the_latest_event_when_it_came(progress):
    noted(progress, (-1_200, 0))

    assert offset(progress) == -1_200
    noted(progress, (-1_199, 0.5))
    assert offset(progress) == -1_199.5
    noted(progress, (5, 5))
    assert offset(progress) == 0


def test_the_event_clock_never_goes_back(progress):
    noted(progress, (10, 10), (4, 15))

    assert offset(progress) == -5
    noted(progress, (12, 15.5))
    assert offset(progress) == -3.5


def test_when_a_backlog_has_been_read_at_once_the_event_clock_has_caught_up(progress):
    process = progress()

    for seconds in range(-1_200, 0, 10):
        process.note(in_(seconds), in_(0))
    process.note(in_(0), in_(0))
    assert offset(progress) == 0


def test_how_far_the_matcher_has_got_is_known_by_shard_and_never_goes_back(progress):
    assert progress().reached() == {}

    progress().note(in_(5), in_(5), {0: in_(5), 3: in_(1)})
    progress().note(in_(7), in_(7), {3: in_(7)})
    progress().note(in_(6), in_(8), {0: in_(2), 3: in_(6.5), 12: in_(6)})
    assert progress().reached() == {0: in_(5), 3: in_(7), 12: in_(6)}
    assert offset(progress) == -1


def test_what_is_known_of_how_far_the_matcher_has_got_lags_by_less_than_a_step(progress):
    process = progress()

    for step in range(50):
        moment = in_(step * 0.3)
        process.note(moment, moment, {step % 2: moment})
        assert all(
            moment - progress().reached()[shard] < NOTED_STEP + timedelta(seconds=0.3) for shard in {0, step % 2}
        )
        assert moment - progress().reached()[step % 2] < NOTED_STEP


def test_a_sweep_is_remembered(progress):
    assert progress().swept() is None

    progress().note_swept(in_(1.25))
    assert progress().swept() == in_(1.25)
    progress().note_swept(in_(60))
    assert progress().swept() == in_(60)
    assert offset(progress) == 0


class Asked:
    """Takes down what a hold store asks the timer queue for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask_for_held(self, event_id: str, seconds: int, attempt: int) -> None:
        self.asked.append(event_id)


@dataclass
class Held:
    store: HoldStore
    asked: Callable[[], Iterable[str]]


@pytest.fixture
def holds(request: pytest.FixtureRequest, stores: Stores, clock: ManualClock) -> Held:
    """The hold store, and what it asked for."""
    if request.node.callspec.params["stores"] == "memory":
        memory = MemoryHoldStore(clock)
        return Held(memory, lambda: memory.asked)
    queue = Asked()
    store = DynamoHoldStore(request.getfixturevalue("dynamodb"), "StateTable", queue, clock)  # type: ignore[arg-type]
    return Held(store, lambda: queue.asked)


def test_an_event_that_nobody_held_is_not_held_and_was_not(holds):
    assert not holds.store.is_held(EVENT)
    assert not holds.store.was_held(EVENT)


def test_an_event_is_held_until_it_is_released_and_was_held_ever_after(holds):
    holds.store.hold(EVENT, 2, attempt=0)
    assert holds.store.is_held(EVENT)
    assert holds.store.was_held(EVENT)

    holds.store.release(EVENT)
    assert not holds.store.is_held(EVENT)
    assert holds.store.was_held(EVENT)


def test_an_event_is_asked_for_each_time_that_it_is_held(holds):
    for attempt in range(3):
        holds.store.hold(EVENT, 2, attempt=attempt)

    assert list(holds.asked()) == [EVENT] * 3
    holds.store.release(EVENT)
    assert not holds.store.is_held(EVENT)


def test_when_an_event_was_last_held_is_known_to_the_minute(holds, clock):
    assert holds.store.last_held() is None

    for _ in range(5):
        clock.advance(45)
        holds.store.hold(EVENT, 2, attempt=0)

        last = holds.store.last_held()
        assert timedelta(0) <= clock.now() - last < timedelta(minutes=1)


def test_one_event_is_held_and_another_is_not(holds):
    holds.store.hold(EVENT, 2, attempt=0)

    assert not holds.store.is_held(EVENT.replace("aa", "bb"))


def test_an_event_that_was_stored_is_not_held_for_that(holds, events):
    events.put(an_event(id=EVENT))

    assert not holds.store.was_held(EVENT)
