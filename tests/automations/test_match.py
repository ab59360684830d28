"""The matcher: events become stored firings."""

from collections.abc import Iterator

from tests.stories import ann_signs_up, order_placed, welcoming

from whenflow.automations import Automation, Engine, Firing
from whenflow.automations.settle import Record
from whenflow.errors import Transient
from whenflow.testing import ManualClock, MemoryEventStore, MemoryFiringStore, an_automation
from whenflow.testing.matching import LANE, MemoryMatching


class BusyFirings(MemoryFiringStore):
    """Is busy at some attempts to store a firing.

    Attributes:
        busy: Whether it is, for each attempt to come; in the end it is not.
    """

    def __init__(self, *busy: bool) -> None:
        super().__init__()
        self.busy: Iterator[bool] = iter(busy)

    def put(self, firing: Firing) -> bool:
        """Store a firing."""
        if next(self.busy, False):
            raise Transient("busy")
        return super().put(firing)


def matching(firings: MemoryFiringStore, clock: ManualClock, *automations: Automation) -> MemoryMatching:
    return MemoryMatching(lambda: automations, MemoryEventStore(), firings, clock)


def names(firings: MemoryFiringStore) -> list[str]:
    return [firing.automation_name for firing in firings.stored.values()]


def test_an_event_nobody_looks_at_closes_no_firing(world):
    world.welcomes_new_users()

    assert world.matcher.match(order_placed()) == 0
    assert world.firings.stored == {}


def test_an_event_that_is_expected_becomes_a_firing(world):
    world.welcomes_new_users()

    assert world.matcher.match(ann_signs_up()) == 1
    assert [firing.automation_name for firing in world.firings.stored.values()] == ["welcome new users"]


def test_an_event_matched_twice_is_one_firing(world):
    world.welcomes_new_users()
    world.matcher.match(ann_signs_up())
    world.clock.advance(10)

    assert world.matcher.match(ann_signs_up()) == 0
    assert len(world.firings.stored) == 1


def test_an_automation_that_was_removed_does_not_fire(world):
    automation = world.welcomes_new_users()
    world.config.delete("automation", automation.id)

    assert world.matcher.match(ann_signs_up()) == 0


def test_an_automation_that_is_enabled_again_fires_again(world):
    automation = world.automation(welcoming(world.deployment(), enabled=False))
    assert world.matcher.match(ann_signs_up()) == 0
    world.config.replace("automation", automation.id, automation.as_stored() | {"enabled": True})

    assert world.matcher.match(ann_signs_up(id=world.ids.new())) == 1


def test_an_automation_that_cannot_be_settled_holds_up_no_other(clock):
    firings = BusyFirings(True, False)
    matcher = matching(firings, clock, an_automation("a"), an_automation("b")).matcher

    report = matcher.match([Record(order_placed(), LANE, 1)])

    assert (report.firings, names(firings)) == (1, ["b"])


def test_from_the_first_record_that_could_not_be_settled_on_they_are_reported(clock):
    firings = BusyFirings(False, True)
    matcher = matching(firings, clock, an_automation("paid", expect=["order.paid"]), an_automation("placed")).matcher
    events = [order_placed(name="order.paid"), order_placed(2), order_placed(3)]
    records = [Record(event, LANE, number) for number, event in enumerate(events)]

    assert matcher.match(records).failed == records[1:]


def test_what_a_crash_left_undone_is_done_when_the_event_comes_again(clock):
    firings = BusyFirings(False, True)
    matcher = matching(firings, clock, an_automation("a"), an_automation("b")).matcher
    records = [Record(order_placed(), LANE, 1)]
    assert matcher.match(records).failed == records

    assert matcher.match(records).failed == []
    assert names(firings) == ["a", "b"]


def test_records_are_reported_from_the_earliest_on_that_failed_for_whatever_reason(clock, monkeypatch):
    matcher = matching(BusyFirings(False, True), clock, an_automation("a")).matcher
    events = [order_placed(1), order_placed(2), order_placed(3)]
    records = [Record(event, LANE, number) for number, event in enumerate(events)]
    take_in = Engine.take_in

    def broken(engine, watch, state, event, now):
        if event == events[2]:
            raise ZeroDivisionError
        return take_in(engine, watch, state, event, now)

    monkeypatch.setattr(Engine, "take_in", broken)

    assert matcher.match(records).failed == records[1:]
