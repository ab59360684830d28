"""What every window store does."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.stores import Stores

from whenflow.automations.firing import Firing
from whenflow.automations.rows import ASIDE, CHILDREN, GAUGE, SLOT, Mark, Row, RowKey, row_key_from
from whenflow.aws.window_store import DynamoWindowStore
from whenflow.errors import Conflict
from whenflow.ports import WindowStore
from whenflow.testing import an_event
from whenflow.testing.doubles import START
from whenflow.testing.windows import MemoryWindowStore

TRIGGER = "0f5a6a3c-6c0e-5d59-8a1c-000000000001"
OTHER = "0f5a6a3c-6c0e-5d59-8a1c-000000000002"
EVENT = "0190163d-8694-7000-8000-0000000000aa"
STRANGE_KEYS = [
    (),
    ("",),
    ("", ""),
    ("a#b",),
    ('"',),
    ("\\",),
    ("é✓",),
    ("a,b", "c"),
    ("a", "b,c"),
    ("\n\x00",),
    ("x" * 500,),
    ("x" * 5_000,),
    ("x" * 5_000, "y"),
    ("é" * 460,),
]


def in_(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_row(key: RowKey | None = None, **fields: Any) -> Row:
    window = {
        "start": "2026-11-20T12:00:00.000000Z",
        "end": "2026-11-20T12:10:00.000000Z",
        "count": 2,
        "last_event": EVENT,
    }
    given: dict[str, Any] = {
        "content": {"window": window, "last_end": None},
        "marks": {"2026-11-20T12#3": Mark(10**37 + 1, in_(60))},
    }
    return Row(key or RowKey(SLOT, TRIGGER, ("r.1",)), "automation", START, **given | fields)


def a_firing(id_: str = "f1") -> Firing:
    return Firing(
        id=id_,
        automation_id="automation",
        automation_name="watch",
        trigger_id=TRIGGER,
        triggered=in_(1),
        time=in_(0.5),
        event=an_event(id=EVENT),
        actions=[{"type": "do-nothing"}],
        on_event=1,
        labels={"prefect.resource.id": "r.1"},
        children=[],
    )


@pytest.fixture
def windows(request: pytest.FixtureRequest, stores: Stores) -> WindowStore:
    """The window store, over the firings of the other stores."""
    if request.node.callspec.params["stores"] == "memory":
        return MemoryWindowStore(stores.firings)  # type: ignore[arg-type]
    return DynamoWindowStore(request.getfixturevalue("dynamodb"), "StateTable", stores.firings)  # type: ignore[arg-type]


def stored(windows: WindowStore, *rows: Row) -> list[Row]:
    """Store rows, and return them as they are read."""
    windows.commit([replace(row) for row in rows], [])
    found = windows.load([row.key for row in rows])
    return [found[row.key] for row in rows]


def test_what_was_never_stored_is_not_there(windows):
    assert windows.load([RowKey(SLOT, TRIGGER)]) == {}
    assert windows.load([]) == {}


@pytest.mark.parametrize(
    "row",
    [
        a_row(),
        a_row(due=in_(600)),
        a_row(content=None),
        a_row(marks={}),
        a_row(put_aside=in_(1.5)),
        a_row(behind_since=in_(1.5)),
        a_row(RowKey(ASIDE, TRIGGER, ("r.1",)), content=None),
        a_row(RowKey(CHILDREN, TRIGGER), content={"order": 3, "stored": {"c": [3, {"id": "f"}]}}),
        a_row(RowKey(GAUGE, TRIGGER), content={"any": [1, None, True]}),
    ],
    ids=["slot", "due", "no content", "no marks", "marks put aside", "put off", "aside", "children", "gauge"],
)
def test_a_row_is_read_as_it_was_stored(windows, row):
    [found] = stored(windows, row)

    assert replace(found, version=0) == row
    assert found.version == 1


def test_rows_are_told_apart_by_kind_trigger_and_key(windows):
    keys = [
        *(RowKey(SLOT, TRIGGER, key) for key in STRANGE_KEYS),
        RowKey(CHILDREN, TRIGGER),
        RowKey(GAUGE, TRIGGER),
        RowKey(SLOT, OTHER),
    ]
    for number, key in enumerate(keys):
        windows.commit([a_row(key, content={"number": number})], [])

    found = windows.load(keys)
    assert {key: row.content for key, row in found.items()} == {key: {"number": n} for n, key in enumerate(keys)}
    assert all(row.key == key for key, row in found.items())


def test_many_rows_are_read_at_once_and_those_asked_for_twice_once(windows):
    keys = [RowKey(SLOT, TRIGGER, (f"{number}",)) for number in range(230)]
    for start in range(0, 220, 55):
        windows.commit([a_row(key) for key in keys[start : start + 55]], [])

    assert set(windows.load([*keys, *keys])) == set(keys[:220])


def test_a_row_is_stored_over_the_version_that_was_read(windows):
    [row] = stored(windows, a_row())

    row.content = {"changed": 1}
    windows.commit([row], [])
    assert row.version == 2
    row.content = {"changed": 2}
    windows.commit([row], [])
    [found] = windows.load([row.key]).values()
    assert (found.content, found.version) == ({"changed": 2}, 3)


def test_a_row_that_was_changed_meanwhile_is_not_stored(windows):
    [row] = stored(windows, a_row())
    [meanwhile] = windows.load([row.key]).values()
    windows.commit([replace(meanwhile, content={"theirs": 1})], [])

    with pytest.raises(Conflict):
        windows.commit([replace(row, content={"mine": 1})], [])
    [found] = windows.load([row.key]).values()
    assert found.content == {"theirs": 1}


def test_a_row_that_was_stored_meanwhile_is_not_stored_as_new(windows):
    stored(windows, a_row())

    with pytest.raises(Conflict):
        windows.commit([a_row(content={"mine": 1})], [])


def test_a_row_that_is_gone_is_not_stored_over(windows):
    with pytest.raises(Conflict):
        windows.commit([a_row(version=4)], [])
    assert windows.load([a_row().key]) == {}


def test_rows_and_firings_are_stored_together(windows, firings):
    rows = [a_row(), a_row(RowKey(CHILDREN, OTHER))]

    windows.commit(rows, [a_firing("f1"), a_firing("f2")])
    assert set(windows.load([row.key for row in rows])) == {row.key for row in rows}
    assert [row.version for row in rows] == [1, 1]
    assert firings.get("f1") == a_firing("f1")
    assert firings.get("f2") == a_firing("f2")


def test_of_rows_and_firings_all_are_stored_or_none(windows, firings):
    first, second = stored(windows, a_row(), a_row(RowKey(CHILDREN, OTHER)))
    windows.commit([replace(second, content=None)], [])

    with pytest.raises(Conflict):
        windows.commit([replace(first, content={"mine": 1}), replace(second, content={"mine": 2})], [a_firing()])
    found = windows.load([first.key, second.key])
    assert (found[first.key].content, found[second.key].content) == (first.content, None)
    assert firings.get("f1") is None


def test_firings_are_stored_without_rows_too(windows, firings):
    windows.commit([], [a_firing()])

    assert firings.get("f1") == a_firing()


def test_a_firing_stored_again_is_the_same(windows, firings):
    windows.commit([a_row()], [a_firing()])

    [row] = windows.load([a_row().key]).values()
    windows.commit([row], [a_firing()])
    assert firings.get("f1") == a_firing()
    assert not firings.put(a_firing())


def test_as_much_as_a_transaction_holds_is_stored_together(windows, firings):
    rows = [a_row(RowKey(SLOT, TRIGGER, (f"{number}",))) for number in range(90)]

    windows.commit(rows, [a_firing(f"f{number}") for number in range(10)])
    assert len(windows.load([row.key for row in rows])) == 90
    assert firings.get("f9") is not None


def test_what_was_read_is_ones_own(windows):
    [row] = stored(windows, a_row())

    row.marks["lane"] = Mark(1, START)
    assert row.content
    row.content["window"]["count"] = 99
    [again] = windows.load([row.key]).values()
    assert replace(again, version=0) == a_row()


def due(windows: WindowStore, since: float, until: float) -> list[tuple[str, float]]:
    """Return the keys that are due, and when, in seconds after noon."""
    found = windows.due(in_(since), in_(until))
    return sorted((one.key.key[0], (one.at - START).total_seconds()) for one in found)


def ringing(key: str, seconds: float | None) -> Row:
    return a_row(RowKey(SLOT, TRIGGER, (key,)), due=None if seconds is None else in_(seconds))


def test_what_is_due_is_found_from_the_first_moment_to_before_the_last(windows):
    for seconds in (9.999999, 10, 59.999999, 60, 119, 120, 3_600):
        windows.commit([ringing(f"{seconds}", seconds)], [])
    windows.commit([ringing("never", None)], [])

    assert due(windows, 10, 120) == sorted([("10", 10), ("59.999999", 59.999999), ("60", 60), ("119", 119)])
    assert due(windows, 120.000001, 3_600) == []
    assert due(windows, 3_600, 3_600.000001) == [("3600", 3_600)]
    assert due(windows, 30, 30) == []
    assert due(windows, 20, 59.999999) == []


def test_what_is_due_says_whose_it_is(windows):
    windows.commit([replace(ringing("a", 5), automation_id="mine#1")], [])

    [found] = windows.due(START, in_(60))
    assert (found.key, found.automation_id, found.at) == (ringing("a", 5).key, "mine#1", in_(5))


def test_what_is_due_under_a_key_too_long_to_be_written_out_is_found_when_it_is_read(windows):
    row = ringing("x" * 5_000, 5)
    windows.commit([row], [])

    [found] = windows.due(START, in_(60))
    told = row_key_from(found.key.trigger_id, found.key.sort)
    assert set(windows.load([told])) == {row.key}


def test_what_is_moved_or_taken_back_is_due_no_more(windows):
    moved, taken_back = stored(windows, ringing("moved", 10), ringing("taken back", 10))

    windows.commit([replace(moved, due=in_(100)), replace(taken_back, due=None)], [])
    assert due(windows, 0, 60) == []
    assert due(windows, 0, 600) == [("moved", 100)]


def test_many_that_are_due_at_once_are_all_found(windows):
    for start in range(0, 240, 80):
        windows.commit([ringing(f"{number:03}", 30) for number in range(start, start + 80)], [])

    assert due(windows, 0, 60) == [(f"{number:03}", 30) for number in range(240)]


def test_all_rows_of_a_trigger_are_found_and_no_others(windows):
    mine = [RowKey(SLOT, TRIGGER, key) for key in STRANGE_KEYS] + [RowKey(ASIDE, TRIGGER, ("r.1",))]
    for key in [*mine, RowKey(SLOT, OTHER)]:
        windows.commit([a_row(key)], [])

    found = list(windows.rows_of(TRIGGER))
    assert {row.key for row in found} == set(mine)
    assert all(replace(row, version=0) == a_row(row.key) for row in found)
    assert list(windows.rows_of("nobody's")) == []


def test_a_row_is_removed_as_it_was_read_or_not_at_all(windows):
    [row] = stored(windows, ringing("a", 10))
    windows.commit([replace(row, content={"theirs": 1})], [])

    assert windows.remove(row) is False
    [present] = windows.rows_of(TRIGGER)
    assert windows.remove(present) is True
    assert windows.remove(present) is False
    assert windows.load([row.key]) == {}
    assert due(windows, 0, 60) == []
    windows.commit([a_row(row.key)], [])


def test_triggers_are_noted_as_abandoned_until_they_are_cleared(windows):
    windows.abandon([TRIGGER, OTHER], in_(0))
    windows.abandon([OTHER], in_(1.5))
    windows.abandon([], in_(2))

    assert sorted(windows.abandoned()) == [(TRIGGER, in_(0)), (OTHER, in_(1.5))]
    windows.cleared(OTHER, in_(0))
    windows.cleared("nobody's", in_(0))
    assert sorted(windows.abandoned()) == [(TRIGGER, in_(0)), (OTHER, in_(1.5))], "noted again meanwhile"
    windows.cleared(OTHER, in_(1.5))
    assert list(windows.abandoned()) == [(TRIGGER, in_(0))]
