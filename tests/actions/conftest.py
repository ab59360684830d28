"""Firings, ready to be acted on."""

import json
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


@pytest.fixture
def said(world: World, fire: Fire) -> Callable[..., str]:
    """A function that has a text sent as a notification about an event, and returns what was sent."""
    url = "https://hooks.slack.com/services/x"
    team = world.targets.create({"name": "team", "type": "slack-webhook", "data": {"url": url}})

    def sent(body: str, event: Event | None = None) -> str:
        action = {"type": "send-notification", "block_document_id": team["id"], "subject": "-", "body": body}
        world.dispatcher.dispatch(fire(action, event=event))
        text: str = json.loads(world.http.sent[-1].body or b"")["text"]
        return text.removeprefix("-\n")

    return sent
