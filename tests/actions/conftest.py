"""Firings, ready to be acted on."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.stories import order_placed
from tests.world import World

from whenflow.automations import Firing
from whenflow.events import Event

Fire = Callable[..., Firing]


@pytest.fixture
def fire(world: World) -> Fire:
    """A function that lets an automation with these actions see order 7, or another event."""

    def fired(*actions: dict[str, Any], event: Event | None = None) -> Firing:
        event = event or order_placed()
        world.automation(
            {
                "name": "on order",
                "trigger": {"type": "event", "posture": "Reactive", "expect": [event.event]},
                "actions": list(actions),
            }
        )
        return world.firing(event)

    return fired
