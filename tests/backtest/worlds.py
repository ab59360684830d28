"""Automations and events for tests: a few by hand, and strategies that make any."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from whenflow.automations.fixtures import draft_from_document
from whenflow.automations.model import Automation
from whenflow.events import Event, named_id
from whenflow.testing import an_event
from whenflow.testing.doubles import START

NAMES = ("a.happened", "b.happened", "c.happened")
PATTERNS = (*NAMES, "*.happened", "b.*")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(name: str, seconds: float, resource: Any = "r.1", *, received: float | None = None, **more: Any) -> Event:
    made = an_event(name, resource, occurred=at(seconds), **more)
    return made if received is None else _received(made, at(received))


def _received(event: Event, moment: datetime) -> Event:
    return Event(
        event.id, event.occurred, event.event, event.resource, moment, event.related, event.payload, event.follows
    )


def automation(name: Any = "an automation", *, parameters: Any = None, **trigger: Any) -> Automation:
    """An automation of a file; by default it fires at once on `a.happened`."""
    actions = [{"type": "run-deployment", "deployment": "flow/it", "parameters": parameters or {}}]
    given = {"type": "event", "posture": "Reactive", "expect": ["a.happened"]} | trigger
    if given["type"] != "event":
        given = trigger
    return draft_from_document({"name": name, "trigger": given, "actions": actions}).automation


def leaf(expect: str = "a.happened", **more: Any) -> dict[str, Any]:
    return {"type": "event", "posture": "Reactive", "expect": [expect], **more}


event_triggers = st.fixed_dictionaries(
    {
        "type": st.just("event"),
        "posture": st.sampled_from(("Reactive", "Proactive")),
        "expect": st.lists(st.sampled_from(PATTERNS), max_size=2),
        "after": st.lists(st.sampled_from(PATTERNS), max_size=1),
        "for_each": st.sampled_from(([], ["prefect.resource.id"], ["room"])),
        "threshold": st.integers(0, 3),
        "within": st.sampled_from((0, 10, 20, 30)),
        "match": st.sampled_from(({}, {"prefect.resource.id": "r.*"}, {"room": ["attic", "!c*"]})),
        "match_related": st.sampled_from(({}, [{"prefect.resource.role": "keeper"}, {}])),
    }
)


def _composites(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(children, min_size=1, max_size=3)
    within = st.sampled_from((None, 0, 10, 60))
    return st.builds(lambda t, w: {"type": "sequence", "triggers": t, "within": w}, some, within) | st.builds(
        lambda t, w, r: {"type": "compound", "triggers": t, "within": w, "require": min(r, len(t)) or "all"},
        some,
        within,
        st.integers(0, 3),
    )


triggers = st.recursive(event_triggers, _composites, max_leaves=4)


@st.composite
def automations(draw: st.DrawFn) -> list[Automation]:
    drawn = draw(st.lists(triggers, min_size=1, max_size=2))
    return [
        draft_from_document({"name": f"automation {n}", "trigger": trigger, "actions": []}).automation
        for n, trigger in enumerate(drawn)
    ]


@st.composite
def histories(draw: st.DrawFn, max_size: int = 25) -> list[Event]:
    """Events at whole seconds, received up to five seconds later, now and then twice or out of order."""
    events: list[Event] = []
    now = 0
    for number in range(draw(st.integers(1, max_size))):
        if events and draw(st.integers(0, 9)) == 0:
            again = draw(st.sampled_from(events))
            events.append(_received(again, at(now)))
            continue
        now += draw(st.sampled_from((0, 1, 2, 4, 7, 15)))
        labels = {"prefect.resource.id": draw(st.sampled_from(("r.1", "r.2", "s.1")))}
        if draw(st.booleans()):
            labels["room"] = draw(st.sampled_from(("attic", "cellar")))
        related = [{"prefect.resource.id": "k", "prefect.resource.role": "keeper"}] * draw(st.integers(0, 1))
        occurred = at(now - draw(st.sampled_from((0, 0, 1, 5))))
        made = an_event(
            draw(st.sampled_from(NAMES)), labels, id=named_id("n", str(number)), occurred=occurred, related=related
        )
        events.append(_received(made, at(now)))
    return events


def names_of(events: Iterable[Event]) -> list[str]:
    return [one.event for one in events]
