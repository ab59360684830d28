"""From what a client sends to an event, or to a list of what is wrong with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stories import NOON, order_document

from whenflow.errors import Rejected, TooLarge
from whenflow.events import Event, event_from_document
from whenflow.events.limits import MAX_DEPTH, MAX_EVENT_BYTES, MAX_LABELS, MAX_NAME_CHARS, MAX_RELATED

ORDER = {"prefect.resource.id": "order.7"}


def accepted(document: Any) -> Event:
    return event_from_document(document, NOON)


def refused(document: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where the faults are, and of what kind."""
    with pytest.raises(Rejected) as refusal:
        event_from_document(document, NOON)
    return [(fault.loc, fault.type) for fault in refusal.value.faults]


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in order_document().items() if key != name}


def related(**labels: Any) -> dict[str, Any]:
    return order_document(related=[{"prefect.resource.id": "ann", "prefect.resource.role": "buyer"} | labels])


def nested(levels: int) -> Any:
    value: Any = "tea"
    for _ in range(levels):
        value = [value]
    return value


def test_a_whole_document_becomes_an_event():
    event = accepted(order_document(related=[{"prefect.resource.id": "ann", "prefect.resource.role": "buyer"}]))

    assert event == Event(
        id="0190163d-8694-7000-8000-000000000007",
        occurred=NOON,
        event="order.placed",
        resource=ORDER,
        related=({"prefect.resource.id": "ann", "prefect.resource.role": "buyer"},),
        payload={"number": 7},
        follows=None,
        received=NOON,
    )


def test_what_is_left_out_is_empty():
    event = accepted(without("payload"))

    assert (event.payload, event.related, event.follows) == ({}, (), None)


def test_unknown_keys_are_ignored():
    assert accepted(order_document(colour="blue")) == accepted(order_document())


@pytest.mark.parametrize("received", ["2020-01-01T00:00:00Z", None, "nonsense", 7])
def test_a_sender_cannot_set_the_time_of_receipt(received):
    assert accepted(order_document(received=received)).received == NOON


def test_an_id_in_any_form_of_a_uuid_is_kept_in_the_usual_one():
    event = accepted(order_document(id="0190163D-8694-7000-8000-00000000000F"))

    assert event.id == "0190163d-8694-7000-8000-00000000000f"


def test_the_event_that_it_follows_is_kept():
    other = "0190163d-8694-7000-8000-0000000000aa"

    assert accepted(order_document(follows=other.upper())).follows == other


@pytest.mark.parametrize(
    "occurred",
    ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00", "2026-11-20T13:00:00+01:00", "2026-11-20T12:00:00.000000+00:00"],
)
def test_a_moment_may_be_written_in_any_zone_and_none_means_utc(occurred):
    assert accepted(order_document(occurred=occurred)).occurred == NOON


def test_a_moment_is_kept_to_the_microsecond():
    event = accepted(order_document(occurred="2026-11-20T12:00:00.123456Z"))

    assert event.occurred == NOON + timedelta(microseconds=123_456)


@pytest.mark.parametrize("name", ["id", "occurred", "event", "resource"])
def test_a_field_that_must_be_there_is_missed(name):
    assert refused(without(name)) == [((name,), "missing")]


def test_all_faults_are_told_at_once():
    faults = refused({"event": 7, "resource": {}, "payload": []})

    assert {loc[0] for loc, _ in faults} == {"id", "occurred", "event", "resource", "payload"}


@pytest.mark.parametrize("document", [None, 7, "order", [], True])
def test_what_is_no_object_is_no_event(document):
    assert refused(document)


@pytest.mark.parametrize("id_", ["", "7", 7, None, "0190163d-8694-7000-8000-00000000000g"])
def test_an_id_that_is_no_uuid_is_refused(id_):
    assert [loc for loc, _ in refused(order_document(id=id_))] == [("id",)]


@pytest.mark.parametrize("occurred", ["", "yesterday", None, "2026-13-01T00:00:00Z", []])
def test_a_moment_that_is_none_is_refused(occurred):
    assert [loc for loc, _ in refused(order_document(occurred=occurred))] == [("occurred",)]


@pytest.mark.parametrize("occurred", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_of_the_calendar_is_refused(occurred):
    assert [loc for loc, _ in refused(order_document(occurred=occurred))] == [("occurred",)]


@pytest.mark.parametrize("occurred", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_any_moment_of_the_calendar_is_taken(occurred):
    assert accepted(order_document(occurred=occurred)).occurred == datetime.fromisoformat(occurred).astimezone(UTC)


@pytest.mark.parametrize("follows", ["", "7", 7, {}])
def test_an_id_to_follow_that_is_no_uuid_is_refused(follows):
    assert [loc for loc, _ in refused(order_document(follows=follows))] == [("follows",)]


@pytest.mark.parametrize("name", [None, 7, ["order.placed"]])
def test_a_name_that_is_no_text_is_refused(name):
    assert [loc for loc, _ in refused(order_document(event=name))] == [("event",)]


def test_the_longest_name_is_taken():
    assert len(accepted(order_document(event="n" * MAX_NAME_CHARS)).event) == MAX_NAME_CHARS


def test_a_longer_name_is_refused():
    assert refused(order_document(event="n" * (MAX_NAME_CHARS + 1))) == [(("event",), "string_too_long")]


@pytest.mark.parametrize("resource", [{}, {"name": "x"}, {"prefect.resource.id": ""}])
def test_a_resource_without_an_id_is_refused(resource):
    assert [loc for loc, _ in refused(order_document(resource=resource))] == [("resource",)]


@pytest.mark.parametrize("value", [None, 7, True, [], {}])
def test_a_label_that_is_no_text_is_refused_by_its_name(value):
    assert refused(order_document(resource=ORDER | {"size": value})) == [(("resource", "size"), "string_type")]


def test_an_empty_label_is_a_label():
    assert accepted(order_document(resource=ORDER | {"size": ""})).resource["size"] == ""


def test_as_many_labels_as_allowed_are_taken():
    labels = ORDER | {f"label.{n}": "x" for n in range(MAX_LABELS - 1)}

    assert len(accepted(order_document(resource=labels)).resource) == MAX_LABELS


def test_one_label_more_is_refused():
    labels = ORDER | {f"label.{n}": "x" for n in range(MAX_LABELS)}

    assert [loc for loc, _ in refused(order_document(resource=labels))] == [("resource",)]


def test_the_labels_of_related_resources_are_limited_as_well():
    labels = {f"label.{n}": "x" for n in range(MAX_LABELS)}

    assert [loc for loc, _ in refused(related(**labels))] == [("related", 0)]


@pytest.mark.parametrize("missing", ["prefect.resource.id", "prefect.resource.role"])
def test_a_related_resource_without_id_or_role_is_refused_by_its_place(missing):
    assert [loc for loc, _ in refused(related(**{missing: ""}))] == [("related", 0)]


def test_as_many_related_resources_as_allowed_are_taken():
    many = related()["related"] * MAX_RELATED

    assert len(accepted(order_document(related=many)).related) == MAX_RELATED


def test_one_related_resource_more_is_refused():
    many = related()["related"] * (MAX_RELATED + 1)

    assert refused(order_document(related=many)) == [(("related",), "too_long")]


@pytest.mark.parametrize("related", [None, {}, "ann", [7], [None]])
def test_related_resources_that_are_none_are_refused(related):
    assert all(loc[0] == "related" for loc, _ in refused(order_document(related=related)))


@pytest.mark.parametrize("payload", [None, [], "text", 7])
def test_a_payload_that_is_no_object_is_refused(payload):
    assert refused(order_document(payload=payload)) == [(("payload",), "dict_type")]


def test_a_payload_may_hold_any_json():
    payload: dict[str, Any] = {"n": None, "list": [1, 2.5, "x", True, {"deep": []}], "": {}}

    assert accepted(order_document(payload=payload)).payload == payload


def test_an_event_at_the_limit_of_its_size_is_taken():
    room = MAX_EVENT_BYTES - len(str_of(accepted(order_document(payload={"x": ""}))))

    assert len(str_of(accepted(order_document(payload={"x": "x" * room})))) == MAX_EVENT_BYTES


def test_an_event_over_the_limit_of_its_size_is_refused_with_both_numbers():
    with pytest.raises(TooLarge, match=r"The event has 1,500,2\d\d bytes as JSON; the limit is 1,500,000"):
        accepted(order_document(payload={"x": "x" * MAX_EVENT_BYTES}))


def test_the_size_counts_bytes_and_not_characters():
    with pytest.raises(TooLarge):
        accepted(order_document(payload={"x": "€" * (MAX_EVENT_BYTES // 2)}))


def test_a_payload_as_deep_as_allowed_is_taken():
    payload = {"x": nested(MAX_DEPTH - 1)}

    assert accepted(order_document(payload=payload)).payload == payload


@pytest.mark.parametrize("levels", [MAX_DEPTH, 400, 980, 100_000])
def test_a_deeper_payload_is_refused(levels):
    assert [loc for loc, _ in refused(order_document(payload={"x": nested(levels)}))] == [("payload",)]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_in_json_is_refused(number):
    assert [loc for loc, _ in refused(order_document(payload={"x": number}))] == [("payload",)]


@pytest.mark.parametrize("value", [datetime(2026, 11, 20, tzinfo=UTC), b"bytes", {1, 2}, object()])
def test_what_has_no_form_in_json_is_refused(value):
    assert [loc for loc, _ in refused(order_document(payload={"x": [value]}))] == [("payload",)]


def test_a_refusal_does_not_echo_what_was_sent():
    with pytest.raises(Rejected) as refusal:
        accepted(order_document(resource=ORDER | {"password": 31337}))

    assert "31337" not in repr([fault.as_dict() for fault in refusal.value.faults])


def str_of(event: Event) -> bytes:
    import json

    return json.dumps(event.as_document(), ensure_ascii=False, separators=(",", ":")).encode()
