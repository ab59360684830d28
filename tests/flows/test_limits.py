"""Concurrency limits in flows and tasks."""

import asyncio
import threading
from contextvars import ContextVar
from datetime import timedelta

import pytest

from whenflow import concurrency, flow, rate_limit, task
from whenflow.errors import Transient
from whenflow.flows import AcquireConcurrencySlotTimeoutError, ConcurrencySlotAcquisitionError
from whenflow.flows.limits import Slots, _Asking
from whenflow.limits import Holder
from whenflow.limits.inputs import LimitInput


@pytest.fixture
def limit(connected):
    """A function that makes a limit."""

    def make(name="db", slots=1, **more):
        return connected.limits.registry.create(LimitInput.model_validate({"name": name, "limit": slots, **more}))

    return make


@pytest.fixture
def taken(world):
    """A function that tells how many slots of a limit are taken."""

    def count(name="db"):
        found = world.limits.registry.find(name)
        return world.limits.book.holders([found])[found.id][0]

    return count


def test_a_block_holds_a_slot_and_gives_it_back(limit, taken):
    limit()

    with concurrency("db"):
        assert taken() == 1

    assert taken() == 0


def test_it_gives_it_back_whatever_happens(limit, taken):
    limit()

    with pytest.raises(KeyError), concurrency("db"):
        raise KeyError

    assert taken() == 0


def test_several_slots_of_several_limits_are_held_at_once(limit, taken):
    limit("a", 5)
    limit("b", 3)

    with concurrency(["a", "b"], occupy=3):
        assert (taken("a"), taken("b")) == (3, 3)


def test_a_block_waits_until_a_slot_is_free(limit, world, naps):
    limit()
    world.limits.book.take(["db"], 1, lease=timedelta(minutes=2))
    begun = world.clock.now()

    with concurrency("db"):
        assert world.clock.now() - begun >= timedelta(minutes=2)

    assert max(naps) <= 5


def test_it_does_not_wait_longer_than_it_may(limit, world):
    limit()
    world.limits.book.take(["db"], 1, lease=timedelta(hours=1))
    begun = world.clock.now()

    with pytest.raises(AcquireConcurrencySlotTimeoutError), concurrency("db", timeout_seconds=20):
        pass

    assert timedelta(seconds=20) <= world.clock.now() - begun < timedelta(seconds=21)


def test_it_does_not_ask_oftener_than_it_may(limit, world):
    limit()
    world.limits.book.take(["db"], 1, lease=timedelta(hours=1))

    with pytest.raises(ConcurrencySlotAcquisitionError, match="are taken"), concurrency("db", max_retries=2):
        pass


def test_where_there_is_no_limit_nothing_is_held_up_unless_it_is_strict(connected):
    with concurrency("nothing"):
        pass
    rate_limit("nothing")
    with concurrency([]):
        pass

    with pytest.raises(ConcurrencySlotAcquisitionError, match="no concurrency limit nothing"):
        concurrency("nothing", strict=True).__enter__()


@pytest.mark.parametrize("lease_duration", [59, 86_401])
def test_a_lease_is_a_minute_to_a_day(connected, lease_duration):
    with pytest.raises(ConcurrencySlotAcquisitionError, match="60 to 86400"):
        concurrency("db", lease_duration=lease_duration)


def test_more_than_there_will_ever_be_is_refused_at_once(limit, naps):
    limit()

    with pytest.raises(ConcurrencySlotAcquisitionError, match="greater than the limit"), concurrency("db", occupy=2):
        pass
    assert naps == []


def test_a_lease_is_renewed_until_it_ran_out(limit, taken, world):
    limit()
    with concurrency("db", lease_duration=60) as slots:
        for _ in range(3):
            world.clock.advance(45)
            assert slots.renew()
        assert taken() == 1
        world.clock.advance(61)
        assert not slots.renew()


def test_the_lease_is_renewed_beside_the_block(limit, taken, world, monkeypatch):
    monkeypatch.setattr("whenflow.flows.limits.RENEWED_AFTER", 0.0005)
    renewed, renew = threading.Event(), Slots.renew

    def noted(slots):
        kept = renew(slots)
        renewed.set()
        return kept

    monkeypatch.setattr(Slots, "renew", noted)
    limit()
    with concurrency("db", lease_duration=60):
        for _ in range(3):
            world.clock.advance(45)
            for _ in range(2):  # the first may have begun before
                renewed.clear()
                assert renewed.wait(5)
        assert taken() == 1


def test_taking_and_giving_back_are_events_that_follow_each_other(limit, world):
    from whenflow.flows import flush_events

    made = limit(slots=4)
    with concurrency("db", occupy=2):
        pass
    flush_events()

    (acquired,) = world.events.named("prefect.concurrency-limit.acquired")
    (released,) = world.events.named("prefect.concurrency-limit.released")
    assert acquired.resource == {
        "prefect.resource.id": f"prefect.concurrency-limit.{made.id}",
        "prefect.resource.name": "db",
        "slots-acquired": "2",
        "limit": "4",
    }
    assert released.follows == acquired.id


def test_a_rate_limit_waits_for_what_decays(limit, world):
    limit("calls", 2, slot_decay_per_second=0.5)
    begun = world.clock.now()

    for _ in range(5):
        rate_limit("calls")

    assert timedelta(seconds=6) <= world.clock.now() - begun <= timedelta(seconds=8)


def test_a_table_that_is_too_busy_is_asked_again(limit, world, monkeypatch):
    limit()
    take, tries = world.limits.book.take, []

    def busy(*arguments):
        tries.append(arguments)
        if len(tries) < 3:
            raise Transient("busy")
        return take(*arguments)

    monkeypatch.setattr(type(world.limits.book), "take", lambda _self, *arguments: busy(*arguments))

    with concurrency("db"):
        assert len(tries) == 3


def test_coroutines_hold_slots_too(limit, taken):
    limit()

    async def work():
        async with concurrency("db"):
            return taken()

    assert asyncio.run(work()) == 1
    assert taken() == 0


def test_a_coroutine_that_is_cancelled_while_it_waits_takes_no_slots_later(limit, taken, world, monkeypatch):
    limit()
    asked, may_ask = threading.Event(), threading.Event()

    def wait(seconds):
        asked.set()
        assert may_ask.wait(5)
        world.clock.advance(seconds)

    monkeypatch.setattr("whenflow.flows.limits.nap", ContextVar("nap", default=wait))

    async def work():
        with concurrency("db"):
            waits = asyncio.create_task(concurrency("db").__aenter__())
            await asyncio.to_thread(asked.wait, 5)
            waits.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waits
        may_ask.set()

    asyncio.run(work())  # ends when its threads have ended

    assert taken() == 0


def test_slots_that_come_when_the_coroutine_is_cancelled_are_given_back(limit, taken, monkeypatch):
    limit()
    asked, may_get, ask = threading.Event(), threading.Event(), _Asking.ask

    def late(*args):
        found = ask(*args)
        asked.set()
        assert may_get.wait(5)
        return found

    monkeypatch.setattr(_Asking, "ask", late)

    async def work():
        waits = asyncio.create_task(concurrency("db").__aenter__())
        await asyncio.to_thread(asked.wait, 5)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        may_get.set()

    asyncio.run(work())

    assert taken() == 0


def test_the_lease_is_renewed_when_the_same_block_is_run_again(limit, monkeypatch):
    monkeypatch.setattr("whenflow.flows.limits.RENEWED_AFTER", 0.0005)
    limit()
    renewed = threading.Event()
    block = concurrency("db", lease_duration=60)
    with block:
        pass
    monkeypatch.setattr(Slots, "renew", lambda _slots: renewed.set())

    with block:
        assert renewed.wait(5)


# ---- limits of the tags of tasks ----


def test_a_task_holds_a_slot_of_each_of_its_tags_while_it_runs(limit, taken, world, serve):
    limit("tag:db", 3)
    limit("tag:disk", 3)
    seen = []

    @task(tags=["db", "disk", "no limit"])
    def load():
        seen.append((taken("tag:db"), taken("tag:disk")))
        found = world.limits.registry.find("tag:db")
        seen.append(world.limits.book.holders([found])[found.id][1])

    @flow
    def new_user_flow():
        load()

    assert serve(new_user_flow)["state"] == "Completed"
    (row,) = world.task_runs.of_group(world.run().id)
    assert seen == [(1, 1), [Holder("task_run", row.id)]]
    assert (taken("tag:db"), taken("tag:disk")) == (0, 0)


def test_a_task_waits_for_its_slot_and_is_running_only_then(limit, world, serve):
    limit("tag:db", 1)
    world.limits.book.take(["tag:db"], 1, lease=timedelta(minutes=3))
    begun = world.clock.now()

    @task(tags=["db"])
    def load():
        """Do nothing."""

    @flow
    def new_user_flow():
        load()

    serve(new_user_flow)

    (row,) = world.task_runs.of_group(world.run().id)
    assert row.start_time - begun >= timedelta(minutes=3)


def test_a_task_that_is_tried_again_keeps_its_slot(limit, taken, connected):
    limit("tag:db", 1)
    seen = []

    @task(tags=["db"], retries=2, retry_delay_seconds=5)
    def load():
        seen.append(taken("tag:db"))
        if len(seen) < 3:
            raise ValueError

    load()

    assert seen == [1, 1, 1]
    assert taken("tag:db") == 0


def test_a_task_that_is_a_coroutine_holds_its_slot_too(limit, taken, connected):
    limit("tag:db", 1)

    @task(tags=["db"])
    async def load():
        return taken("tag:db")

    assert asyncio.run(load()) == 1
    assert taken("tag:db") == 0


def test_a_task_whose_tag_allows_none_fails_and_is_not_tried_again(limit, connected, naps):
    limit("tag:never", 0)

    @task(tags=["never"], retries=3)
    def load():
        """Never called."""

    state = load(return_state=True)

    assert state.is_failed()
    assert "greater than the limit" in str(state.message)
    assert naps == []


def test_tags_without_limits_are_asked_for_once_in_a_while(world, serve, monkeypatch):
    asked, of_task = [], Slots.of_task

    def noted(names, task_run_id):
        asked.append(list(names))
        return of_task(asked[-1], task_run_id)

    monkeypatch.setattr(Slots, "of_task", noted)

    @task(tags=["a", "b"])
    def load():
        """Do nothing."""

    @flow
    def new_user_flow():
        load()
        load()
        world.clock.advance(31)
        load()

    serve(new_user_flow)

    assert asked == [["tag:a", "tag:b"]] * 2
