"""Windows that time closes, in the durable path: at their end, once, and by whatever process the ring reaches."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.engine.durable import Cloud, Died, Failed, conflicting, dies_after, fails_before, no_fault
from tests.engine.story import HOUR, MINUTE, Document, at, automation, compound, on, proactive, reactive, sequence

from whenflow.automations import timekeeping
from whenflow.automations.engine import Engine
from whenflow.automations.rows import SLOT, RowKey
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.witnesses import NEAR_MISS, Witnesses
from whenflow.events import Event
from whenflow.ports import Due
from whenflow.testing import an_event
from whenflow.testing.windows import MemoryWindowStore

ID = "prefect.resource.id"


def event(name: str, seconds: float, resource: str = "r.1") -> Event:
    return an_event(name, resource, id=f"{name}@{seconds:g}", occurred=at(seconds))


class Times:
    """A matcher and a timer, each a process of its own, and a clock that rings what was asked for."""

    def __init__(self, trigger: Document, *, witnesses: bool = True) -> None:
        self.automation = automation(trigger)
        self.cloud = Cloud(self.automation, witnesses=witnesses)
        self.matcher, self.timer = self.cloud.process(), self.cloud.process()
        self._next_sweep = at(0)

    def happens(self, name: str, seconds: float, resource: str = "r.1", *, matched: bool = True) -> Event:
        """Let an event occur and be stored at T+n; and be matched, unless that is still to come."""
        self.time_is(seconds)
        one = event(name, seconds, resource)
        record = self.cloud.record(one)
        if matched:
            self.matcher.match(record)
        return one

    def time_is(self, seconds: float) -> None:
        """Let time pass second by second: a sweep each minute, and each ring when it was asked for."""
        while self.cloud.clock.now() < at(seconds):
            self._minute()
            self.cloud.clock.advance(1)
            self._ring()
        self._minute()

    def fired(self) -> list[tuple[float, str | None]]:
        """Return when each firing was found, in seconds after T, and its event."""
        found = sorted(self.cloud.firings.stored.values(), key=lambda one: one.triggered)
        return [((one.triggered - at(0)).total_seconds(), one.event.id if one.event else None) for one in found]

    def near_misses(self) -> list[Event]:
        return self.cloud.events.named(NEAR_MISS)

    def _minute(self) -> None:
        if self.cloud.clock.now() >= self._next_sweep:
            self._next_sweep += timedelta(minutes=1)
            self.timer.timer.sweep()
            self._ring()

    def _ring(self) -> None:
        for due in self.cloud.timers.ringing(self.cloud.clock.now()):
            self.timer.ring(due)


@pytest.mark.parametrize("within", [10, 59, 60, 61, 119, 150])
def test_a_standing_window_fires_at_each_of_its_ends_to_the_second(within: int):
    times = Times(proactive(expect=["x"], within=within))

    times.time_is(5 * MINUTE)
    assert times.fired() == [(float(end), None) for end in range(within, int(5 * MINUTE) + 1, within)]


def test_an_event_keeps_a_standing_window_quiet():
    times = Times(proactive(expect=["x"], within=60))

    times.happens("x", 10)
    times.happens("x", 60)
    times.time_is(179)
    assert times.fired() == []
    times.time_is(180)
    assert times.fired() == [(180, None)]
    assert times.near_misses() == []


def test_a_timer_that_has_seen_the_window_before_still_finds_it_armed_again():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    times.time_is(31)
    times.happens("a", 40)
    times.happens("b", 50)
    times.happens("a", 100)
    times.time_is(200)
    assert times.fired() == [(30, "a@0"), (130, "a@100")]


def test_a_timer_that_has_seen_the_window_before_counts_what_came_since():
    times = Times(proactive(expect=["x"], within=30, threshold=2))

    for seconds in range(0, 300, 10):
        times.happens("x", seconds)
    assert times.fired() == []
    assert times.near_misses() == []


def test_heartbeats_move_the_limit_on_and_the_last_one_is_told_of():
    times = Times(proactive(after=["beat"], expect=["beat"], within=90))

    for seconds in range(0, 600, 30):
        times.happens("beat", seconds)
    times.time_is(1000)
    assert times.fired() == [(570 + 90, "beat@570")]


def test_a_ring_that_comes_early_late_or_twice_does_no_harm():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    cloud, timer = times.cloud, times.timer
    times.matcher.match(cloud.record(event("a", 0)))
    [row] = cloud.rows.values()
    ring = Due(row.key, row.automation_id, at(30))

    cloud.go_to(at(29.999))
    assert timer.ring(ring) == 0
    cloud.go_to(at(45))
    assert timer.ring(ring) == 1
    assert timer.ring(ring) == cloud.process().ring(ring) == 0
    assert times.fired() == [(45, "a@0")]
    assert cloud.due() == []


def test_two_timers_that_ring_at_once_fire_once():
    times = Times(proactive(expect=["x"], within=30))
    times.timer.timer.sweep()
    times.cloud.go_to(at(30))
    [due] = times.cloud.due()

    times.cloud.faults = [conflicting(lambda: times.matcher.ring(due))]
    times.timer.ring(due)
    assert times.fired() == [(30, None)]


def test_P20_after_a_down_time_everything_that_fell_due_is_told_of():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    times.happens("a", 0, "r.1")
    times.cloud.timers.asked.clear()  # the queue is lost as well

    times.cloud.go_to(at(10 * HOUR))
    times.matcher = times.timer = times.cloud.process()
    times.time_is(10 * HOUR + 1)
    assert times.fired() == [(10 * HOUR, "a@0")]


def test_a_sweep_that_was_interrupted_is_gone_on_with(monkeypatch: pytest.MonkeyPatch):
    times = Times(proactive(after=["a"], expect=["b"], within=5 * MINUTE, for_each=[ID]))
    for number in range(3):
        times.happens("a", number, f"r.{number}")

    times.cloud.go_to(at(4 * MINUTE))
    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(times.cloud.timers, "ring_at", _broken)
        times.timer.timer.sweep()
    times.time_is(6 * MINUTE)
    assert times.fired() == [(300 + number, f"a@{number}") for number in range(3)]


def _broken(_due: Due) -> None:
    raise ConnectionError


def test_after_a_long_down_time_a_sweep_that_is_cut_short_has_come_some_way():
    cloud, ranges = Cloud(), []
    clock, progress = cloud.clock, cloud.progress

    class Windows(MemoryWindowStore):
        def due(self, since: datetime, until: datetime) -> Iterator[Due]:
            ranges.append((since, until))
            if len(ranges) == 20:
                raise ConnectionError
            return iter(())

    keeper = Timekeeper(Windows(cloud.firings), cloud.timers, progress, Witnesses(cloud.events, clock), clock)
    keeper.sweep()
    assert ranges[0][0] >= at(0) - timedelta(hours=2), "a new stack has no past"
    ranges.clear()

    cloud.go_to(at(40 * HOUR))
    with pytest.raises(ConnectionError):
        keeper.sweep()
    keeper.sweep()
    assert ranges[0][0] <= at(0)
    assert ranges[-1][1] > at(40 * HOUR)
    assert all(later[0] <= earlier[1] for earlier, later in zip(ranges, ranges[1:], strict=False)), "without gaps"
    assert len(ranges) < 50, "and hardly twice"
    keeper.sweep()
    assert ranges[-1][0] < at(40 * HOUR), "it overlaps with the one before"


def test_a_process_that_dies_before_it_has_asked_for_the_ring_loses_nothing():
    times = Times(proactive(after=["a"], expect=["b"], within=90))
    times.time_is(30)

    record = times.cloud.record(event("a", 30))
    times.cloud.faults = [dies_after]
    with pytest.raises(Died):
        times.matcher.match(record)
    times.cloud.process().match(record)
    assert times.cloud.timers.asked == []
    times.time_is(200)
    assert times.fired() == [(120, "a@30")]


def test_a_window_that_was_over_when_its_event_came_is_closed_at_once_even_if_the_process_dies():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    late = times.cloud.record(event("a", 0))
    times.time_is(5 * MINUTE)

    times.cloud.faults = [dies_after]
    with pytest.raises(Died):
        times.matcher.match(late)
    times.cloud.progress.note(at(5 * MINUTE), at(5 * MINUTE))
    times.time_is(7 * MINUTE)
    assert [fired for _, fired in times.fired()] == ["a@0"]


def test_a_ring_that_fails_is_given_again():
    times = Times(proactive(expect=["x"], within=30))
    times.timer.timer.sweep()
    times.cloud.go_to(at(30))
    [due] = times.cloud.due()

    times.cloud.faults = [fails_before]
    with pytest.raises(Failed):
        times.timer.ring(due)
    assert times.timer.ring(due) == 1


def test_while_a_backlog_is_read_the_events_clock_decides():
    times = Times(proactive(after=["a"], expect=["b"], within=5 * MINUTE), witnesses=False)
    old = times.cloud.record(event("a", 0))

    times.cloud.go_to(at(20 * MINUTE))
    times.matcher.match(old)
    times._next_sweep = at(20 * MINUTE)
    times.time_is(24.9 * MINUTE)
    assert times.fired() == [], "b may be in what is still to be read"
    times.time_is(26 * MINUTE)
    assert times.fired() == [(25 * MINUTE, "a@0")]


def test_before_an_absence_is_told_of_the_event_store_is_asked():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    missed = times.happens("b", 10, matched=False)
    times.time_is(100)
    assert times.fired() == []
    [told] = times.near_misses()
    assert told.resource_id == times.automation.resource_id
    assert told.payload["missed"] == 1
    times.matcher.match(times.cloud.record(missed))
    times.time_is(200)
    assert times.fired() == []
    assert len(times.near_misses()) == 1


def test_an_event_of_another_key_is_no_witness():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    times.happens("b", 10, "r.2", matched=False)
    times.happens("c", 11, matched=False)
    times.time_is(100)
    assert times.fired() == [(90, "a@0")], "the matcher is waited for, in vain"


def test_the_event_that_armed_it_is_no_witness():
    times = Times(proactive(after=["a"], expect=["*"], within=30))

    times.happens("a", 0)
    times.time_is(60)
    assert times.fired() == [(30, "a@0")]


def test_P23_what_was_delivered_too_early_without_a_link_is_found_by_its_time():
    times = Times(proactive(after=["a"], expect=["b"], within=10))

    times.cloud.go_to(at(3))
    times.matcher.match(times.cloud.record(event("b", 2)), times.cloud.record(event("a", 0)))
    times.time_is(11)
    assert times.fired() == []
    assert len(times.near_misses()) == 1


def test_events_of_an_earlier_window_are_no_witnesses():
    times = Times(proactive(expect=["x"], for_each=[ID], threshold=2, within=60))

    times.happens("x", 10)
    times.time_is(75)
    assert times.fired() == [(70, "x@10")]
    times.happens("x", 80)
    times.time_is(200)
    assert times.fired() == [(70, "x@10"), (140, "x@80")]
    assert times.near_misses() == []


def test_a_standing_trigger_that_is_replaced_begins_anew():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(HOUR + 10)
    before = len(times.fired())

    changed = automation(proactive(expect=["y"], within=60)).model_copy(update={"updated": at(HOUR + 10)})
    times.cloud.automations = [changed]
    times.matcher = times.timer = times.cloud.process()
    times.time_is(HOUR + 150)
    assert times.fired()[before:] == [(HOUR + 70, None), (HOUR + 130, None)]


def test_a_ring_for_what_is_switched_off_finds_nothing():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(30)
    [row] = times.cloud.rows.values()

    times.cloud.automations = [times.automation.model_copy(update={"enabled": False})]
    assert times.cloud.process().ring(Due(row.key, row.automation_id, at(60))) == 0


def test_switched_off_and_on_a_window_begins_anew():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(30)

    times.cloud.automations = [times.automation.model_copy(update={"since": at(45), "updated": at(45)})]
    times.timer = times.matcher = times.cloud.process()
    times.time_is(200)
    assert times.fired() == [(105, None), (165, None)]


def test_a_silence_can_complete_a_sequence_once():
    times = Times(sequence(on("a"), proactive(expect=["x"], within=60)))

    times.happens("a", 5)
    times.time_is(300)
    assert times.fired() == [(60, None)]
    [fired] = times.cloud.firings.stored.values()
    assert [child["event"] for child in fired.children] == ["a@5", None]


def test_a_key_of_any_length_is_told_of_whole():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    long = "s3://a-bucket/" + "a-folder/" * 500

    times.happens("a", 0, long)
    times.time_is(40)
    [fired] = times.cloud.firings.stored.values()
    assert fired.labels == {ID: long}


def test_nothing_is_asked_for_that_is_not_due_soon():
    times = Times(proactive(after=["a"], expect=["b"], within=HOUR))

    times.matcher.match(times.cloud.record(event("a", 0)))
    times.timer.timer.sweep()
    assert times.cloud.timers.asked == []
    key = RowKey(SLOT, times.automation.trigger.id)
    assert times.cloud.rows[key].due == at(HOUR)


def test_a_ring_is_asked_for_once_however_often_its_window_is_counted_in():
    times = Times(proactive(after=["a"], expect=["b"], within=90, threshold=50))
    times.matcher.match(times.cloud.record(event("a", 0)))

    for second in range(1, 30):
        times.happens("b", second)
    assert len(times.cloud.commits) == 30
    assert [due.at for due in times.cloud.timers.asked] == [at(90)] * 2, "when it was opened, and by the sweep"


def test_a_ring_that_was_early_by_a_clock_that_is_ahead_is_asked_for_again():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.matcher.match(times.cloud.record(event("a", 0)))
    [early] = times.cloud.timers.ringing(at(30))

    times.cloud.go_to(at(29.5))
    times.timer.ring(early)
    assert [due.at for due in times.cloud.timers.asked] == [at(30)]


def test_an_absence_waits_for_a_matcher_that_is_behind_and_is_decided_by_what_it_counts():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("b", 10, matched=False)

    times.time_is(40)
    assert (times.fired(), times.near_misses()) == ([], [])
    times.matcher.match(times.cloud.record(late))
    times.time_is(200)
    assert (times.fired(), times.near_misses()) == ([], [])
    assert times.cloud.due() == []


def test_once_the_matcher_has_caught_up_an_absence_is_told_soon():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("c", 20, matched=False)

    times.time_is(33)
    times.matcher.match(times.cloud.record(late))
    times.happens("c", 33)
    times.time_is(60)
    assert times.fired() == [(34, "a@0")]


def test_a_dead_matcher_delays_an_absence_by_a_minute_and_silences_none():
    times = Times(proactive(expect=["x"], within=30))
    times.happens("y", 10, matched=False)

    times.time_is(200)
    assert times.fired() == [(90, None), *((float(end), None) for end in range(120, 201, 30))]
    assert times.near_misses() == []


def test_each_window_waits_for_the_matcher_anew():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.happens("c", 20, matched=False)
    times.time_is(100)
    times.happens("a", 300)
    times.happens("c", 320, matched=False)

    times.time_is(500)
    assert times.fired() == [(90, "a@0"), (390, "a@300")]


def test_a_window_that_has_moved_on_waits_for_the_matcher_anew():
    times = Times(proactive(after=["beat"], expect=["beat"], within=30))
    times.happens("beat", 0)
    second = times.happens("beat", 25, matched=False)
    times.time_is(35)
    times.matcher.match(times.cloud.record(second))
    times.happens("d", 36)

    times.happens("c", 50, matched=False)
    times.time_is(300)
    assert times.fired() == [(25 + 30 + 60, "beat@25")]


def test_a_timer_that_was_down_waits_for_the_matcher_as_well():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("b", 10, matched=False)
    times.cloud.timers.asked.clear()

    times.cloud.go_to(at(10 * MINUTE))
    times._next_sweep = at(10 * MINUTE)
    times.time_is(10 * MINUTE + 5)
    assert (times.fired(), times.near_misses()) == ([], [])
    times.matcher.match(times.cloud.record(late))
    times.time_is(20 * MINUTE)
    assert (times.fired(), times.near_misses()) == ([], [])


def test_events_of_after_a_window_are_not_waited_for():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.cloud.record(event("b", 30.5))

    times.time_is(40)
    assert times.fired() == [(30, "a@0")]


def test_events_that_the_matcher_saw_before_it_knew_of_the_trigger_are_not_waited_for():
    times = Times(proactive(expect=["x"], within=30))
    times.happens("y", 1, matched=False)

    times.time_is(40)
    assert times.fired() == [(30, None)]


def test_a_batch_that_failed_is_not_read():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    times.happens("a", 0)
    times.time_is(6)
    records = [times.cloud.record(event("a", seconds, f"r.{seconds}")) for seconds in (7, 8, 9)]

    times.cloud.faults = [no_fault, fails_before]
    times.matcher.match(*records)
    assert times.cloud.progress.reached() == {0: at(7)}
    times.matcher.match(*records)
    assert times.cloud.progress.reached() == {0: at(9)}


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


def test_before_an_event_closes_a_window_for_absence_the_event_store_is_asked_as_well():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.happens("b", 10, matched=False)
    times.cloud.go_to(at(31))

    times.matcher.match(times.cloud.record(event("a", 31)))
    assert times.fired() == []
    assert [one.payload["missed"] for one in times.near_misses()] == [1]
    times.time_is(200)
    assert times.fired() == [(61, "a@31")]


def test_an_event_that_closes_a_window_for_absence_tells_it_where_nobody_knows_better():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.cloud.go_to(at(31))

    times.matcher.match(times.cloud.record(event("a", 31)))
    assert times.fired() == [(31, "a@0")]


def test_a_sweep_that_does_not_know_yet_that_an_automation_was_switched_on_anew_goes_on():
    times = Times(proactive(expect=["x"], within=30))
    times.time_is(5)
    old = times.cloud.process()
    times.cloud.automations = [times.automation.model_copy(update={"since": at(6), "updated": at(6)})]
    times.timer = times.cloud.process()
    times.timer.timer.sweep()

    times.cloud.go_to(at(7))
    times.cloud.timers.asked.clear()
    assert old.timer.sweep() == 1
    [row] = times.cloud.rows.values()
    assert (row.since, row.due) == (at(6), at(36))
