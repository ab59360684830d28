"""The matcher: events become stored firings."""

import pytest
from tests.stories import ann_signs_up, order_placed, welcoming

from whenflow.automations import Firing
from whenflow.automations.match import Matcher
from whenflow.errors import Transient
from whenflow.testing import MemoryFiringStore, an_automation


class Known(list):
    """Automations that are known."""

    def current(self):
        """Return them."""
        return self


class BusyFirings(MemoryFiringStore):
    """Takes the first firing, and is busy at the second, once."""

    def put(self, firing: Firing) -> bool:
        """Store a firing."""
        if len(self.stored) == 1 and firing.id not in self.stored and not getattr(self, "was_busy", False):
            self.was_busy = True
            raise Transient("busy")
        return super().put(firing)


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
    world.config.replace("automation", automation.id, automation.as_document() | {"enabled": True})

    assert world.matcher.match(ann_signs_up(id=world.ids.new())) == 1


def test_what_a_crash_left_undone_is_done_when_the_event_comes_again(clock):
    firings = BusyFirings()
    matcher = Matcher(Known([an_automation("a"), an_automation("b")]), firings, clock)
    with pytest.raises(Transient):
        matcher.match(order_placed())

    matcher.match(order_placed())

    assert [firing.automation_name for firing in firings.stored.values()] == ["a", "b"]
