"""An explanation never disagrees with the engine: whatever the automation, the events and the state."""

from collections.abc import Iterator
from copy import deepcopy

from hypothesis import given, settings
from tests.backtest.worlds import automations, histories

from whenflow.automations.engine import Engine
from whenflow.automations.explain import explain
from whenflow.automations.explain_text import explanation_text
from whenflow.automations.explanation import CompositeExplanation, Explanation, Node, Outcome, TriggerExplanation
from whenflow.automations.state import State


def nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, CompositeExplanation):
        for child in node.children:
            yield from nodes(child.node)


def of_triggers(explanation: Explanation) -> Iterator[TriggerExplanation]:
    return (node for node in nodes(explanation.trigger) if isinstance(node, TriggerExplanation))


@settings(max_examples=150)
@given(automations(), histories())
def test_an_explanation_fires_as_the_engine_does_and_leaves_the_state_alone(automations, events):
    engine, state = Engine(automations), State()
    for one in automations:
        engine.stand_up(one.id, state, events[0].received)

    for event in events:
        before = deepcopy(state)
        explained = {one.id: explain(one, event, state) for one in automations}
        assert state.slots == before.slots and state.children == before.children

        fired = engine.on_event(state, event, event.received)

        for one in automations:
            own = [found.fired for found in fired if found.automation.id == one.id]
            assert list(explained[one.id].firings) == own
            assert explained[one.id].fired == bool(own) == bool(getattr(explained[one.id].trigger, "fired", ()))
            check_clauses(engine, state, explained[one.id])


def check_clauses(engine: Engine, after: State, explanation: Explanation) -> None:
    event = explanation.event
    for node in of_triggers(explanation):
        watch = engine.watch(node.trigger.id)
        assert watch is not None
        all_met = node.name.met and node.match.met and all(clause.met for clause in node.match_related)
        assert all_met == watch.looks_at(event) == (node.outcome is not Outcome.NOT_LOOKED_AT)
        if not all_met:
            continue
        slot = after.slots.get((watch.id, watch.key_of(event)))
        left = slot.window if slot else None
        seen = (left.start, left.end, left.count) if left else None
        assert seen == (node.after and (node.after.start, node.after.end, node.after.count))
        assert (node.outcome is Outcome.FIRED) <= bool(node.fired)


@given(automations(), histories(max_size=12))
def test_every_explanation_can_be_said_and_written(automations, events):
    engine, state = Engine(automations), State()

    for event in events:
        for one in automations:
            explanation = explain(one, event, state)
            text = explanation_text(explanation)
            assert text.startswith(("Fired", "Did not fire", "Did not look at this event"))
            assert text.splitlines()[0].endswith(".")
            assert "None" not in text
            assert explanation.as_document()["fired"] == text.startswith("Fired")
        engine.on_event(state, event, event.received)
