"""The windows of what was deleted or switched off go, whoever still knew it."""

import pytest
from tests.engine.story import MINUTE, Document, at, compound, on, proactive, reactive
from tests.engine.times import ID, Times

from whenflow.automations import timekeeping
from whenflow.automations.engine import Engine


def rows(times: Times) -> set[tuple[str, str]]:
    return {(key.kind, key.trigger_id) for key in times.cloud.rows}


def abandon(times: Times) -> None:
    compiled = Engine([times.automation]).compiled(times.automation.id)
    assert compiled
    times.cloud.noted.update(dict.fromkeys(compiled.trigger_ids, times.cloud.clock.now()))


KEPT_FOR_EVER = [
    reactive(expect=["a"], threshold=5),
    proactive(after=["a"], expect=["b"], within=10 * MINUTE),
    compound("all", on("a"), on("b"), reactive(expect=["c"], threshold=3)),
]


@pytest.mark.parametrize("trigger", KEPT_FOR_EVER)
@pytest.mark.parametrize("change", ["deleted", "switched off"])
def test_what_is_deleted_or_switched_off_leaves_no_row_even_if_a_process_knew_it_later(trigger: Document, change: str):
    times = Times(trigger)
    times.happens("a", 1)
    times.happens("c", 2)
    assert rows(times)

    abandon(times)
    times.happens("a", 3)
    off = times.automation.model_copy(update={"enabled": False})
    times.cloud.automations = [off] if change == "switched off" else []
    times.timer = times.matcher = times.cloud.process()
    times.time_is(50)
    assert rows(times), "a process may still work with it"
    times.time_is(200)
    assert rows(times) == set()
    assert times.cloud.noted == {}
    assert times.cloud.due() == []


def test_switched_off_and_on_only_what_was_kept_before_goes():
    times = Times(reactive(expect=["a"], threshold=5, for_each=[ID]))
    times.happens("a", 1, "old")
    times.happens("a", 2, "both")
    abandon(times)
    times.cloud.automations = [times.automation.model_copy(update={"since": at(10), "updated": at(10)})]
    times.timer = times.matcher = times.cloud.process()
    times.happens("a", 20, "both")
    times.happens("a", 21, "new")

    times.time_is(200)
    assert {key.key: row.content["window"]["count"] for key, row in times.cloud.rows.items() if row.content} == {
        ("both",): 1,
        ("new",): 1,
    }
    assert times.cloud.noted == {}


def test_what_was_noted_and_then_not_changed_stays():
    times = Times(reactive(expect=["a"], threshold=5))
    times.happens("a", 1)
    before = dict(times.cloud.rows)

    abandon(times)
    times.time_is(200)
    assert times.cloud.rows == before
    assert times.cloud.noted == {}


def test_many_rows_go_in_several_sweeps(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timekeeping, "REMOVED_AT_ONCE", 4)
    times = Times(reactive(expect=["a"], threshold=5, for_each=[ID]))
    for number in range(10):
        times.happens("a", 1 + number / 10, f"r.{number}")
    abandon(times)
    times.cloud.automations = []
    times.timer = times.cloud.process()

    left = []
    for minute in range(1, 6):
        times.time_is(minute * MINUTE + 10)
        left.append(len(times.cloud.rows))
    assert left == [10, 6, 2, 0, 0]
    assert times.cloud.noted == {}
