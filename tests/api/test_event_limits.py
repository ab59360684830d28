"""How large and how many events may be, over HTTP (SPEC 7.2)."""

import pytest
from tests.stories import order_document

from whenflow.api.events import MAX_BATCH
from whenflow.errors import Transient


def test_f12_an_event_that_is_too_large_is_refused_as_such(world, api):
    answer = api("POST", "/events", order_document(payload={"text": "x" * 1_600_000}))

    assert answer.status == 413
    assert "the limit is 1,500,000" in answer.document["exception_message"]
    assert world.events.stored == {}


RELATED = {"prefect.resource.id": "r", "prefect.resource.role": "x"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resource": {"prefect.resource.id": "r", **{f"l{n}": "" for n in range(500)}}}, ["resource"]),
        ({"related": [RELATED] * 101}, ["related"]),
        ({"event": "e" * 1025}, ["event"]),
    ],
    ids=["501 labels", "101 related", "1025 characters"],
)
def test_f12_what_is_over_a_limit_is_refused_by_its_place(world, api, changes, place):
    answer = api("POST", "/events", [order_document(7), order_document(8, **changes)])

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", 1, *place])
    assert [event.resource_id for event in world.events.stored.values()] == ["order.7"]


@pytest.mark.parametrize(
    "changes",
    [
        {"resource": {"prefect.resource.id": "r", **{f"l{n}": "" for n in range(499)}}},
        {"related": [RELATED] * 100},
        {"event": "e" * 1024},
    ],
    ids=["500 labels", "100 related", "1024 characters"],
)
def test_f12_what_just_keeps_a_limit_is_stored(api, changes):
    assert api("POST", "/events", [order_document(**changes)]).status == 204


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resource": {"name": "x"}}, ["resource"]),
        ({"resource": {"prefect.resource.id": ""}}, ["resource"]),
        ({"resource": {"prefect.resource.id": "r", "label": None}}, ["resource", "label"]),
        ({"related": [{"prefect.resource.id": "r"}]}, ["related", 0]),
        ({"related": [{"prefect.resource.role": "x"}]}, ["related", 0]),
        ({"id": None}, ["id"]),
    ],
    ids=["no id", "empty id", "null label", "no role", "related without id", "null event id"],
)
def test_f13_a_resource_without_what_makes_it_one_is_refused(api, changes, place):
    answer = api("POST", "/events", [order_document(**changes)])

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", 0, *place])


def test_a_batch_of_which_a_part_cannot_be_stored_now_is_to_be_sent_again(world, api):
    put = world.events.put

    def busy(event):
        if event.resource_id == "order.8":
            raise Transient("throttled")
        return put(event)

    world.events.put = busy

    answer = api("POST", "/events", [order_document(n) for n in (7, 8, 9)])

    assert answer.status == 503
    assert {event.resource_id for event in world.events.stored.values()} == {"order.7", "order.9"}


def test_the_largest_batch_is_stored(world, api):
    assert api("POST", "/events", [order_document(n) for n in range(MAX_BATCH)]).status == 204
    assert len(world.events.stored) == MAX_BATCH
