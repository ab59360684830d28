"""emit_event outside of a flow."""

from datetime import datetime, timedelta, timezone

import pytest
from tests.stories import NOBODY, NOON, order_placed

from whenflow.errors import Rejected
from whenflow.flows import EventTooLarge, emit_event, flush_events, runtime

FILE = {"prefect.resource.id": "file.clients.csv"}


@pytest.fixture(autouse=True)
def _outside(world, monkeypatch) -> None:
    """Outside of a flow, events go to the world."""
    monkeypatch.setattr(runtime, "connected", lambda: world.backend)


def test_an_event_is_stored_as_it_was_told(world):
    told = emit_event("custom.file_processed", FILE, payload={"rows": 7})
    flush_events()

    assert world.events.get(told.id) == told
    assert (told.event, told.resource, told.payload) == ("custom.file_processed", FILE, {"rows": 7})
    assert (told.occurred, told.received, told.related, told.follows) == (NOON, NOON, (), None)


def test_an_event_may_have_occurred_before(world):
    earlier = NOON - timedelta(hours=3)

    assert emit_event("e", FILE, occurred=earlier).occurred == earlier


@pytest.mark.parametrize(
    "occurred", [NOON.astimezone(timezone(timedelta(hours=5))), NOON.replace(tzinfo=None)], ids=["zone", "none"]
)
def test_a_moment_may_have_any_zone_and_none_means_utc(world, occurred):
    assert emit_event("e", FILE, occurred=occurred, follows=order_placed()).occurred == NOON


def test_an_event_told_twice_under_its_own_id_is_stored_once(world):
    emit_event("e", FILE, id=NOBODY)
    emit_event("e", FILE, id=NOBODY)
    flush_events()

    assert world.events.names() == ["e"]


def test_an_event_follows_its_cause():
    assert emit_event("e", FILE, follows=order_placed()).follows == order_placed().id


@pytest.mark.parametrize(("minutes", "follows"), [(4.9, True), (-4.9, True), (5, False), (-5, False)])
def test_an_event_follows_only_a_cause_that_is_near(minutes, follows):
    cause = order_placed(occurred=NOON - timedelta(minutes=minutes))

    assert (emit_event("e", FILE, follows=cause).follows is not None) is follows


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resource": {}}, "resource"),
        ({"resource": {"name": "x"}}, "resource"),
        ({"related": [{"prefect.resource.id": "x"}]}, "related"),
        ({"event": "e" * 1025}, "event"),
        ({"id": "7"}, "id"),
        ({"payload": {"x": datetime}}, "payload"),
        ({"payload": {"x": float("nan")}}, "payload"),
    ],
)
def test_what_is_wrong_is_raised_where_it_was_said(world, changes, place):
    with pytest.raises(Rejected) as refusal:
        emit_event(**{"event": "e", "resource": FILE, **changes})

    flush_events()
    assert refusal.value.faults[0].loc[0] == place
    assert world.events.names() == []


def test_f12_an_event_that_is_too_large_is_raised_where_it_was_said(world):
    with pytest.raises(EventTooLarge, match="the limit is 1,500,000"):
        emit_event("e", FILE, payload={"text": "x" * 1_600_000})

    flush_events()
    assert world.events.names() == []


def test_a_lambda_function_outside_of_a_flow_stores_an_event_at_once(world, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "theirs")

    emit_event("e", FILE)

    assert world.events.names() == ["e"]
