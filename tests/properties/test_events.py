"""Laws of events and documents."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.stories import NOON

from whenflow.documents import is_deeper, pack, parse_json, unpack
from whenflow.errors import Rejected
from whenflow.events import Event, event_from_document
from whenflow.events.codec import decode, encode

any_text = st.text(st.characters(codec=None), max_size=20)
labels = st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=10), max_size=4)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4), max_leaves=12
)
documents = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "occurred": st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
        "event": st.text(max_size=30),
        "resource": labels.map(lambda some: {**some, "prefect.resource.id": "r"}),
        "related": st.lists(
            labels.map(lambda some: {**some, "prefect.resource.id": "r", "prefect.resource.role": "x"}), max_size=3
        ),
        "payload": st.dictionaries(any_text, json_values, max_size=4),
        "follows": st.none() | st.uuids().map(str),
    }
)


@given(document=documents)
def test_a_valid_document_is_shown_as_it_was_sent(document):
    event = made(document)
    if event is None:
        return

    shown = event.as_document()

    for name in ("id", "event", "resource", "related", "payload", "follows"):
        assert shown[name] == document[name]


@given(document=documents)
def test_what_is_shown_can_be_sent_again_and_is_the_same_event(document):
    event = made(document)

    assert event is None or event_from_document(event.as_document(), NOON) == event


@given(document=documents)
def test_an_event_is_stored_and_read_without_loss(document):
    event = made(document)

    assert event is None or decode(encode(event)) == event


@given(document=json_values)
def test_anything_is_an_event_or_is_refused_with_its_faults(document):
    try:
        event_from_document(document, NOON)
    except Rejected as refusal:
        assert refusal.faults


@given(document=st.dictionaries(any_text, json_values, max_size=5))
def test_a_packed_document_is_the_document(document):
    assert unpack(pack(document)) == document


@given(data=st.binary(max_size=60) | st.text(st.sampled_from('[]{}",:0123456789.eE+-tfn\\ '), max_size=60))
def test_anything_is_json_or_is_refused(data):
    try:
        parse_json(data)
    except Rejected as refusal:
        assert refusal.faults


@given(value=json_values, levels=st.integers(0, 6))
def test_depth_is_what_it_says(value, levels):
    assert is_deeper(value, levels) == (depth(value) > levels)


def made(document: Any) -> Event | None:
    """Return the event, or None where its moment lies outside of the calendar."""
    try:
        return event_from_document(document, NOON)
    except Rejected as refusal:
        assert {fault.loc for fault in refusal.faults} == {("occurred",)}
        return None


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0
