"""The event, its labels and its document."""

from datetime import timedelta, timezone

import pytest
from tests.stories import BUCKET, NOBODY, NOON, clients_csv_arrives, order_placed

from whenflow.events.codec import decode, encode, from_stored

ROSES = {"prefect.resource.id": "meal.1", "prefect.resource.role": "meal", "genus": "Rosa"}
TULIPS = {"prefect.resource.id": "meal.2", "prefect.resource.role": "meal", "genus": "Tulipa", "colour": "red"}


def test_the_resource_is_known_by_its_id():
    assert order_placed().resource_id == "order.7"


def test_the_resource_is_involved_first_and_then_the_related_ones_in_order():
    order = order_placed(related=[ROSES, TULIPS])

    assert [labels["prefect.resource.id"] for labels in order.involved()] == ["order.7", "meal.1", "meal.2"]


def test_the_first_related_resource_of_a_role_has_the_role():
    assert order_placed(related=[BUCKET, ROSES, TULIPS]).in_role("meal") == ROSES


def test_a_role_that_nothing_has_is_empty():
    assert order_placed(related=[ROSES]).in_role("buyer") is None


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("prefect.resource.id", "order.7"),
        ("size", "large"),
        ("related:meal:genus", "Rosa"),
        ("related:meal:colour", None),
        ("related:buyer:name", "by its full name"),
        ("related:meal", "two parts only"),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_label_is_looked_up(label, value):
    labels = {
        "prefect.resource.id": "order.7",
        "size": "large",
        "related:buyer:name": "by its full name",
        "related:meal": "two parts only",
    }

    assert order_placed(resource=labels, related=[ROSES, TULIPS]).find_label(label) == value


def test_a_role_may_hold_colons():
    toast = {"prefect.resource.id": "t", "prefect.resource.role": "a:b", "genus": "Triticum"}

    assert order_placed(related=[toast]).find_label("related:a:b:genus") == "Triticum"


def test_an_event_is_shown_with_all_its_fields():
    document = clients_csv_arrives(follows=NOBODY).as_document()

    assert document == {
        "id": document["id"],
        "occurred": "2026-11-20T12:00:00.000000Z",
        "event": "aws.s3.object-created",
        "resource": {"prefect.resource.id": "s3://incoming/clients.csv", "prefect.resource.name": "clients.csv"},
        "related": [BUCKET],
        "payload": {"bucket": "incoming", "key": "clients.csv", "size": 1024},
        "follows": NOBODY,
        "received": "2026-11-20T12:00:00.000000Z",
    }


def test_moments_are_shown_in_utc():
    paris = timezone(timedelta(hours=1))

    assert order_placed(occurred=NOON.astimezone(paris)).as_document()["occurred"] == "2026-11-20T12:00:00.000000Z"


def test_what_is_shown_can_be_read_again():
    file = clients_csv_arrives(follows=NOBODY)

    assert from_stored(file.as_document()) == file


def test_an_event_survives_being_bytes():
    file = clients_csv_arrives(follows=NOBODY, payload={"key": "ä\ud83d\x00"})

    assert decode(encode(file)) == file
