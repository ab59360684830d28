"""Slots of concurrency limits: taken by leases, given back, run out, decayed."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY

from whenflow.errors import Conflict, Locked, NotFound, Rejected, Transient
from whenflow.limits import Holder, Mode
from whenflow.limits.inputs import LimitPatch
from whenflow.testing import MemoryConfigStore

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_there_are_as_many_slots_as_the_limit_says(shop):
    shop.limit(limit=3)
    shop.book.take(["db"], 2, lease=HOUR)

    with pytest.raises(Locked, match="All slots of the concurrency limit db are taken"):
        shop.book.take(["db"], 2, lease=HOUR)
    shop.book.take(["db"], 1, lease=HOUR)
    assert shop.taken() == 3


def test_what_is_given_back_can_be_taken_again_and_is_given_back_once(shop):
    shop.limit(limit=2)
    first = shop.book.take(["db"], 1, lease=HOUR)
    shop.book.take(["db"], 1, lease=HOUR)

    shop.book.give_back(first.lease_id)
    shop.book.give_back(first.lease_id)

    assert shop.taken() == 1


def test_the_slots_of_a_dead_holder_come_back_when_its_lease_runs_out(shop):
    shop.limit(limit=1)
    dead = shop.book.take(["db"], 1, lease=MINUTE)
    shop.clock.advance(59)
    with pytest.raises(Locked):
        shop.book.take(["db"], 1, lease=MINUTE)

    shop.clock.advance(1)

    shop.book.take(["db"], 1, lease=MINUTE)
    assert not shop.book.renew(dead.lease_id, MINUTE)
    shop.book.give_back(dead.lease_id)
    assert shop.taken() == 1


def test_a_lease_that_is_renewed_goes_on(shop):
    shop.limit(limit=1)
    taken = shop.book.take(["db"], 1, lease=MINUTE)
    for _ in range(5):
        shop.clock.advance(45)
        assert shop.book.renew(taken.lease_id, MINUTE)

    assert shop.taken() == 1


def test_slots_of_several_limits_are_taken_at_once_or_not_at_all(shop):
    shop.limit("a", 5)
    shop.limit("b", 1)
    both = shop.book.take(["b", "a"], 1, lease=HOUR)
    with pytest.raises(Locked):
        shop.book.take(["a", "b"], 1, lease=HOUR)

    assert (shop.taken("a"), shop.taken("b")) == (1, 1)
    assert shop.book.renew(both.lease_id, HOUR)
    shop.book.give_back(both.lease_id)
    assert (shop.taken("a"), shop.taken("b")) == (0, 0)


def test_names_that_are_no_limits_hold_nobody_up(shop):
    shop.limit("a", 1)

    assert shop.book.take(["nothing"], 9, lease=HOUR).limits == []
    assert [one.name for one in shop.book.take(["nothing", "a"], 1, lease=HOUR).limits] == ["a"]


def test_a_limit_that_is_switched_off_holds_nobody_up_and_keeps_what_is_held(shop):
    limit = shop.limit(limit=1)
    held = shop.book.take(["db"], 1, lease=HOUR)
    shop.registry.change(limit, LimitPatch(active=False))

    free = shop.book.take(["db"], 1, lease=HOUR)

    assert shop.book.renew(free.lease_id, HOUR) and shop.book.renew(held.lease_id, HOUR)
    assert shop.taken() == 1
    shop.book.give_back(held.lease_id)
    assert shop.taken() == 0


def test_more_slots_than_there_will_ever_be_are_refused_at_once(shop):
    shop.limit(limit=2)

    with pytest.raises(Rejected, match="greater than the limit"):
        shop.book.take(["db"], 3, lease=HOUR)


def test_a_lower_limit_holds_for_who_comes_next(shop):
    limit = shop.limit(limit=2)
    first = shop.book.take(["db"], 2, lease=HOUR)
    shop.registry.change(limit, LimitPatch(limit=1))
    assert shop.taken() == 2

    shop.book.give_back(first.lease_id)
    shop.book.take(["db"], 1, lease=HOUR)
    with pytest.raises(Locked):
        shop.book.take(["db"], 1, lease=HOUR)


def test_a_rate_lets_so_many_pass_and_then_one_after_the_other(shop):
    shop.limit("api", 3, slot_decay_per_second=0.5)
    for _ in range(3):
        shop.book.take(["api"], 1, Mode.RATE_LIMIT)
    with pytest.raises(Locked) as told:
        shop.book.take(["api"], 1, Mode.RATE_LIMIT)
    assert 2 <= (told.value.retry_after or 0) <= 2.5

    shop.clock.advance(1.9)
    with pytest.raises(Locked):
        shop.book.take(["api"], 1, Mode.RATE_LIMIT)
    shop.clock.advance(0.1)
    shop.book.take(["api"], 1, Mode.RATE_LIMIT)


def test_a_rate_is_kept_to_however_often_it_is_asked_for(shop):
    shop.limit("api", 1, slot_decay_per_second=1.0)
    passed = 0
    for _ in range(100):
        try:
            shop.book.take(["api"], 1, Mode.RATE_LIMIT)
            passed += 1
        except Locked:
            pass
        shop.clock.advance(0.1)

    assert passed == 10


def test_a_limit_without_decay_limits_no_rate(shop):
    shop.limit("steady", 3)

    with pytest.raises(Rejected, match="slot decay.*steady"):
        shop.book.take(["steady"], 1, Mode.RATE_LIMIT)


def test_slots_of_a_limit_with_decay_can_be_held_and_given_back_too(shop):
    shop.limit("api", 2, slot_decay_per_second=0.001)
    taken = shop.book.take(["api"], 2, lease=HOUR)
    shop.book.give_back(taken.lease_id)
    shop.book.give_back(taken.lease_id)

    assert shop.taken("api") == 0


def test_slots_without_a_lease_are_given_back_by_number_or_after_a_day(shop):
    shop.limit(limit=3)
    shop.book.take(["db"], 2)
    shop.book.take(["db"], 1)
    shop.book.give_back_loose(["db"], 2)
    assert shop.taken() == 1

    shop.clock.advance(86_400)

    assert shop.taken() == 0


def test_slots_of_a_lease_are_not_given_back_by_number(shop):
    shop.limit(limit=3)
    shop.book.take(["db"], 2, lease=HOUR)
    shop.book.give_back_loose(["db"], 2)

    assert shop.taken() == 2


def test_who_holds_slots_is_known_and_can_give_them_back(shop):
    shop.limit("tag:db", 3)
    holder = Holder("task_run", NOBODY)
    limits = shop.book.take(["tag:db"], 1, lease=HOUR, holder=holder).limits
    assert shop.book.holders(limits)[limits[0].id] == (1, [holder])

    shop.book.give_back_of(["tag:db"], NOBODY)

    assert shop.taken("tag:db") == 0


def test_a_limit_that_is_removed_lets_go_of_who_holds_it(shop):
    limit = shop.limit(limit=1)
    taken = shop.book.take(["db"], 1, lease=HOUR)
    shop.registry.delete(limit)

    assert shop.book.renew(taken.lease_id, HOUR)
    shop.book.give_back(taken.lease_id)
    with pytest.raises(NotFound):
        shop.registry.find("db")


def test_a_limit_is_found_by_name_and_by_id_also_under_its_new_name(shop):
    limit = shop.limit(limit=1)
    taken = shop.book.take(["db"], 1, lease=HOUR)
    shop.limit("other")
    with pytest.raises(Conflict):
        shop.registry.change(limit, LimitPatch(name="other"))

    shop.registry.change(limit, LimitPatch(name="database"))

    assert shop.registry.find("database").id == shop.registry.find(limit.id).id == limit.id
    assert shop.taken("database") == 1
    assert shop.book.renew(taken.lease_id, HOUR)
    shop.book.give_back(taken.lease_id)
    assert shop.taken("database") == 0


@pytest.mark.parametrize("is_done", [False, True], ids=["before it was stored", "after it was stored"])
@pytest.mark.parametrize("by", ["db", "id"])
def test_a_process_that_dies_in_a_rename_loses_no_limit_and_doubles_none(shop, monkeypatch, is_done, by):
    limit = shop.limit(limit=1)
    shop.book.take(["db"], 1, lease=HOUR)
    with monkeypatch.context() as broken:
        dies_at_each_write(broken, is_done)
        with pytest.raises(Transient):
            shop.registry.change(limit, LimitPatch(name="database"))

    (found,) = shop.registry.all()
    assert (found.name, found.id) == ("database" if is_done else "db", limit.id)
    assert shop.registry.find(limit.id) == found

    again = shop.registry.find(limit.id if by == "id" or is_done else "db")
    shop.registry.change(again, LimitPatch(name="database"))

    assert [one.name for one in shop.registry.all()] == ["database"]
    assert shop.registry.find(limit.id).name == "database"
    assert shop.taken("database") == 1


def dies_at_each_write(monkeypatch, is_done):
    """Have whatever writes to the config store die, before the write or after it."""

    def deadly(write):
        def dies(*given, **named):
            if is_done:
                write(*given, **named)
            raise Transient("the process died")

        return dies

    for name in ("create", "replace", "move", "delete"):
        monkeypatch.setattr(MemoryConfigStore, name, deadly(getattr(MemoryConfigStore, name)))


def test_how_much_is_taken_can_be_set(shop):
    limit = shop.limit(limit=3, active_slots=2)
    assert shop.taken() == 2

    shop.registry.change(limit, LimitPatch(active_slots=0))

    assert shop.taken() == 0


def test_each_change_is_an_event(shop):
    limit = shop.limit(limit=3)
    shop.registry.change(limit, LimitPatch(limit=4))
    shop.registry.delete(limit)

    told = [one for one in shop.events.stored.values() if one.event.startswith("prefect.")]
    assert [one.event.rpartition(".")[2] for one in told] == ["created", "updated", "deleted"]
    assert told[1].resource_id == f"prefect.concurrency-limit.{limit.id}"
    assert told[1].payload == {"name": "db", "limit": 4, "active": True, "slot_decay_per_second": 0.0}


def test_who_waits_is_told_to_ask_again_in_a_while_that_grows_with_how_long_slots_are_held(shop):
    shop.limit(limit=1)

    def asked_again() -> float:
        with pytest.raises(Locked) as told:
            shop.book.take(["db"], 1, lease=HOUR)
        return told.value.retry_after or 0

    first = shop.book.take(["db"], 1, lease=HOUR)
    assert 0.3 < asked_again() < 5
    shop.clock.advance(600)
    shop.book.give_back(first.lease_id)
    shop.book.take(["db"], 1, lease=HOUR)

    assert 20 < asked_again() < 40
