"""The answer of `GET /api/explain`: from the stored automation, the stored event and the events before it."""

from datetime import timedelta

import pytest
from tests.backtest.worlds import at, automation, event, leaf

from whenflow.automations.explaining import explain_document, reach
from whenflow.automations.state import Slot, State, Window
from whenflow.testing import an_automation

KEYED = {"expect": ["a.happened"], "for_each": ["prefect.resource.id"], "threshold": 3, "within": 60}


def since(seconds, **trigger):
    """An automation that is stored, and was switched on then."""
    return an_automation(**trigger).model_copy(update={"created": at(-86_400), "since": at(seconds)})


def sentence(document):
    return document["text"].splitlines()[0]


def test_the_events_before_it_are_played_first():
    history = [event("a.happened", n) for n in range(3)]

    document = explain_document(since(-1, **KEYED), history[2], history)

    assert document["explanation"]["fired"] is True
    assert sentence(document).startswith("Fired: this is number 3 of 3 `a.happened`")
    assert document["explanation"]["history"] == {"events": 2, "since": "2026-11-20T12:00:00.000000Z"}
    assert "  known    2 events before it, from 2026-11-20 12:00:00 UTC on" in document["text"]


def test_later_events_and_the_event_itself_do_not_count():
    history = [event("a.happened", 0), event("a.happened", 9), event("a.happened", 5)]

    document = explain_document(since(-1, **KEYED), event("a.happened", 6), history)

    assert "counted 3 of 3" not in document["text"]
    assert document["explanation"]["trigger"]["counted"] == 3
    assert explain_document(since(-1, **KEYED), history[1], history)["explanation"]["trigger"]["counted"] == 2


def test_what_came_before_the_automation_was_switched_on_does_not_count():
    history = [event("a.happened", n) for n in range(3)]

    assert explain_document(since(1, **KEYED), history[2], history)["explanation"]["trigger"]["counted"] == 2
    document = explain_document(since(100, **KEYED), history[2], history)
    assert document["explanation"]["verdict"] == "not-on-yet"
    assert sentence(document) == (
        "Did not look at this event: the automation was switched on only after it, at 12:01:40."
    )


def test_standing_windows_lie_on_the_grid_that_began_when_it_was_switched_on():
    silent = since(-95, posture="Proactive", expect=["a.happened"], within=60)

    document = explain_document(silent, event("a.happened", 3), [event("b.happened", 0)])

    window = document["explanation"]["trigger"]["after"]
    assert (window["start"][11:19], window["end"][11:19]) == ("11:59:25", "12:00:25")


def test_windows_that_ended_before_the_event_are_closed_before_it():
    silent = since(-1, posture="Proactive", after=["a.happened"], expect=["b.happened"], within=10)

    document = explain_document(silent, event("b.happened", 50), [event("a.happened", 0)])

    assert document["explanation"]["trigger"]["outcome"] == "not-armed"
    assert document["explanation"]["trigger"]["closed"] is None


def test_a_state_that_is_known_needs_no_history():
    given = since(-1, **KEYED)
    state = State({(given.trigger.id, ("r.1",)): Slot(Window(at(-800), at(100), 2))})

    assert explain_document(given, event("a.happened", 5), state=state)["explanation"]["fired"] is True


def test_an_event_that_is_held_says_for_which_it_waits():
    document = explain_document(since(-1, **KEYED), event("a.happened", 5), waits_for="the-leader")

    assert document["explanation"]["verdict"] == "held"
    assert "follows the-leader" in sentence(document)


@pytest.mark.parametrize("known", [True, False])
def test_it_says_whether_the_firing_is_stored(known):
    document = explain_document(since(-1, expect=["a.happened"]), event("a.happened", 0), was_stored=lambda _id: known)

    (firing,) = document["explanation"]["firings"]
    assert document["explanation"]["stored"] == {firing["id"]: known}
    assert f"  stored   {'yes' if known else 'no '}" in document["text"]


def test_a_stored_event_waits_for_none_that_the_history_lacks():
    history = [event("a.happened", 0, follows="00000000-0000-7000-8000-000000000001")]
    last = event("a.happened", 1, follows="00000000-0000-7000-8000-000000000002")

    assert explain_document(since(-1, **KEYED), last, history)["explanation"]["trigger"]["counted"] == 2


def test_with_a_file_as_history_an_event_waits_for_the_one_it_follows():
    last = event("a.happened", 1, follows="00000000-0000-7000-8000-000000000002")

    held = explain_document(automation(), last, [event("b.happened", 0)], is_draft=True)
    alone = explain_document(automation(), last, is_draft=True)

    assert held["explanation"]["verdict"] == "held"
    assert alone["explanation"]["verdict"] == "fired"


@pytest.mark.parametrize(
    ("trigger", "wanted"),
    [
        ({}, timedelta(0)),
        ({"threshold": 2}, None),
        ({"after": ["b.happened"]}, None),
        ({"within": 60}, timedelta(minutes=17)),
        ({"type": "compound", "require": "all", "within": None, "triggers": [leaf()]}, None),
        ({"type": "compound", "require": "all", "within": 60, "triggers": [leaf(threshold=2)]}, None),
        ({"type": "sequence", "within": 60, "triggers": [leaf(), leaf(within=60)]}, timedelta(minutes=18)),
    ],
)
def test_it_is_known_how_far_back_events_matter(trigger, wanted):
    assert reach(automation(**trigger).trigger) == wanted
