"""Triggers that count, and triggers that miss something, on the whole stack."""

from datetime import datetime, timedelta

import pytest
from tests.e2e.stacks import Document, Stack, unique

pytestmark = pytest.mark.stack

WITHIN = 10
NOTHING = {"type": "do-nothing"}


def watching(stack: Stack, trigger: Document) -> Document:
    """Make an automation that only tells that it fired."""
    document = {"name": unique("watcher"), "trigger": trigger, "actions": [NOTHING]}
    made = stack._make("/automations", document)
    stack.settle()
    return made


def fired(stack: Stack, automation: Document) -> Document:
    """Wait for the event that an automation fired."""
    return stack.event("prefect.automation.triggered", f"prefect.automation.{automation['id']}")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_three_events_of_one_key_within_a_minute_fire_with_the_third(stack: Stack) -> None:
    name, key = unique("door.opened"), unique("door")
    trigger = {
        "posture": "Reactive",
        "expect": [name],
        "for_each": ["prefect.resource.id"],
        "threshold": 3,
        "within": 60,
    }
    automation = watching(stack, trigger)

    stack.emit(name, "another door")
    stack.emit(name, key)
    stack.emit(name, key)
    third = stack.emit(name, key)

    told = fired(stack, automation)["payload"]
    assert told["triggering_labels"] == {"prefect.resource.id": key}
    assert told["triggering_event"]["id"] == third


def test_what_does_not_follow_in_time_is_missed_at_the_end_of_the_window_and_not_before(stack: Stack) -> None:
    started, done, good, bad = unique("job.started"), unique("job.done"), unique("job"), unique("job")
    trigger = {
        "posture": "Proactive",
        "after": [started],
        "expect": [done],
        "for_each": ["prefect.resource.id"],
        "within": WITHIN,
    }
    automation = watching(stack, trigger)

    stack.emit(started, good)
    armed_by = stack.emit(started, bad)
    stack.emit(done, good)

    told = fired(stack, automation)
    assert told["payload"]["triggering_labels"] == {"prefect.resource.id": bad}
    assert told["payload"]["triggering_event"]["id"] == armed_by
    due = moment(told["payload"]["triggering_event"]["occurred"]) + timedelta(seconds=WITHIN)
    assert moment(told["occurred"]) >= due


def test_a_sequence_fires_when_both_have_come_in_order(stack: Stack) -> None:
    file, manifest = unique("file.arrived"), unique("manifest.arrived")
    steps = [{"posture": "Reactive", "expect": [name]} for name in (file, manifest)]
    automation = watching(stack, {"type": "sequence", "within": 60, "triggers": steps})

    stack.emit(file, "clients.csv")
    second = stack.emit(manifest, "clients.manifest")

    assert fired(stack, automation)["payload"]["triggering_event"]["id"] == second
