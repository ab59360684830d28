"""However the stream is cut, repeated, interrupted and interleaved: the firings are those of the pure engine."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.durable import (
    Cloud,
    Died,
    Failed,
    Fault,
    Process,
    conflicting,
    dies_after,
    dies_before,
    fails_after,
    fails_before,
    held,
    loses,
    no_fault,
    replayed,
)
from tests.engine.strategies import automations, streams

from whenflow.automations import rows
from whenflow.automations.engine import Engine
from whenflow.automations.held import lane_of
from whenflow.automations.model import Automation
from whenflow.automations.rows import rows_of
from whenflow.automations.settle import Record
from whenflow.automations.state import State
from whenflow.errors import Transient
from whenflow.events import Event
from whenflow.events.ids import shard_of

laws = settings(deadline=None, derandomize=True, max_examples=100)
FAULTS: list[Fault] = [no_fault, no_fault, fails_before, fails_after, dies_before, dies_after, loses]
LANES = ["lane 1", "lane 2", "lane 3"]


class Stream:
    """Lanes of records, each with a checkpoint, and three processes that they are handed to.

    A lane is handed out from its checkpoint or from before it, never from beyond: that is all that the stream of a
    table promises.
    """

    def __init__(self, cloud: Cloud, lanes: dict[str, list[Record]]) -> None:
        self.cloud, self.lanes = cloud, lanes
        self.checkpoints = dict.fromkeys(lanes, 0)
        self.processes: list[Process | None] = [cloud.process() for _ in range(3)]

    def hand_out(self, lane: str, number: int, back: int, size: int) -> None:
        """Hand a batch of a lane to a process, and move the checkpoint on if it was taken in."""
        process = self.processes[number]
        if process is None:  # it is in the middle of another batch
            return
        done = self.checkpoints[lane]
        start = max(0, done - back)
        batch = self.lanes[lane][start : start + size]
        self.processes[number] = None
        try:
            report = process.match(*batch)
        except Died:
            process = self.cloud.process()
        else:
            taken_in = len(batch) - len(report.failed)
            assert list(report.failed) == batch[taken_in:]
            self.checkpoints[lane] = max(self.checkpoints[lane], start + taken_in)
        finally:
            self.processes[number] = process

    def run_dry(self) -> None:
        """Hand out all that is left, without further trouble."""
        self.cloud.faults.clear()
        for lane, records in self.lanes.items():
            while self.checkpoints[lane] < len(records):
                self.hand_out(lane, 0, back=1, size=4)


def in_lanes(cloud: Cloud, events: list[Event], chosen: list[str]) -> dict[str, list[Record]]:
    lanes: defaultdict[str, list[Record]] = defaultdict(list)
    for number, event in enumerate(events):
        lane = chosen[number % len(chosen)]
        lanes[lane].append(cloud.record(event, lane))
    return lanes


def fired_by_the_engine(watches: list[Automation], events: list[Event]) -> list[str]:
    engine, state = Engine(watches), State()
    return sorted(one.fired.id for event in events for one in engine.on_event(state, event, event.occurred))


deliveries = st.tuples(st.sampled_from(LANES), st.integers(0, 2), st.integers(0, 6), st.integers(1, 6))
faults = st.lists(st.one_of(st.sampled_from(FAULTS), deliveries), max_size=12)


def prepared(stream: Stream, drawn: list[Fault | tuple[str, int, int, int]]) -> list[Fault]:
    """Return faults; where a delivery was drawn, it takes place between a read and its commit."""

    def meanwhile(lane: str, number: int, back: int, size: int) -> Fault:
        return conflicting(lambda: stream.hand_out(lane, number, back, size) if lane in stream.lanes else None)

    return [meanwhile(*one) if isinstance(one, tuple) else one for one in drawn]


@laws
@given(automations("Reactive"), streams(), st.lists(deliveries, max_size=8), faults)
def test_one_lane_gives_the_firings_of_the_engine_whatever_happens(watches, events, given_out, drawn):
    cloud = Cloud(*watches)
    stream = Stream(cloud, in_lanes(cloud, events, ["lane"]))
    cloud.faults = prepared(stream, [("lane", *one[1:]) if isinstance(one, tuple) else one for one in drawn])
    if events:
        for _, number, back, size in given_out:
            stream.hand_out("lane", number, back, size)
    stream.run_dry()

    assert cloud.fired() == fired_by_the_engine(watches, events)


@laws
@given(automations(), streams(), st.lists(deliveries, max_size=8), faults)
def test_proactive_triggers_take_events_in_as_the_engine_does(watches, events, given_out, drawn):
    cloud = Cloud(*watches)
    cloud.process().timer.sweep()
    stream = Stream(cloud, in_lanes(cloud, events, ["lane"]))
    cloud.faults = prepared(stream, [("lane", *one[1:]) if isinstance(one, tuple) else one for one in drawn])
    for _, number, back, size in given_out if events else []:
        stream.hand_out("lane", number, back, size)
    stream.run_dry()

    engine, state = Engine(watches), State()
    for watch in watches:
        engine.stand_up(watch.id, state, watch.created)
    expected = sorted(one.fired.id for event in events for one in engine.on_event(state, event, event.occurred))
    assert cloud.fired() == expected


@laws
@given(
    automations("Reactive"),
    streams(max_size=18),
    st.lists(st.sampled_from(LANES), min_size=1, max_size=6),
    st.lists(deliveries, max_size=12),
    faults,
)
def test_several_lanes_give_the_firings_of_the_engine_for_the_order_that_was_committed(
    watches, events, chosen, given_out, drawn
):
    _several_lanes(watches, events, chosen, given_out, drawn)


@laws
@given(
    automations("Reactive"),
    streams(max_size=18),
    st.lists(st.sampled_from(LANES), min_size=1, max_size=6),
    st.lists(deliveries, max_size=12),
    faults,
    st.integers(0, 3),
)
def test_marks_that_are_put_aside_count_as_those_at_hand(watches, events, chosen, given_out, drawn, at_hand):
    with _marks_put_aside(at_hand):
        _several_lanes(watches, events, chosen, given_out, drawn)


def _several_lanes(watches, events, chosen, given_out, drawn) -> None:
    cloud = Cloud(*watches)
    stream = Stream(cloud, in_lanes(cloud, events, chosen))
    cloud.faults = prepared(stream, drawn)
    for lane, number, back, size in given_out:
        if lane in stream.lanes:
            stream.hand_out(lane, number, back, size)
    stream.run_dry()

    _each_was_counted_once_and_in_order(cloud, stream)
    fired, contents = replayed(cloud)
    assert cloud.fired() == sorted(fired + _fired_at_once(cloud, events))
    assert held(cloud) == contents


@laws
@given(automations("Reactive"), streams(pace=400), st.lists(st.tuples(*[st.integers(0, 13)] * 2), max_size=14))
def test_what_comes_again_from_hours_ago_does_not_count_again(watches, events, again):
    _comes_again(watches, events, again)


@laws
@given(
    automations("Reactive"),
    streams(pace=400),
    st.lists(st.tuples(*[st.integers(0, 13)] * 2), max_size=14),
    st.integers(0, 3),
)
def test_what_comes_again_from_lanes_put_aside_does_not_count_again(watches, events, again, at_hand):
    with _marks_put_aside(at_hand):
        _comes_again(watches, events, again)


@contextmanager
def _marks_put_aside(at_hand: int) -> Iterator[None]:
    """Put marks aside as soon as a row has more than this many."""
    with pytest.MonkeyPatch.context() as eager:
        eager.setattr(rows, "MARKS_AT_HAND", at_hand)
        eager.setattr(rows, "PUT_ASIDE_AT_ONCE", 1)
        eager.setattr(rows, "QUIET_AFTER", timedelta(0))
        yield


def _comes_again(watches, events, again) -> None:
    cloud = Cloud(*watches)
    lanes: defaultdict[str, list[Record]] = defaultdict(list)
    for event in events:
        lane = lane_of(event.occurred, shard_of(event.resource_id, 2))
        lanes[lane].append(cloud.record(event, lane))
        cloud.process().match(lanes[lane][-1])
        for which, start in again[:2]:
            old = sorted(lanes)[which % len(lanes)]
            cloud.process().match(*lanes[old][start % len(lanes[old]) :])
        del again[:2]

    assert cloud.fired() == fired_by_the_engine(watches, events)


@laws
@given(automations(), streams(), st.lists(st.one_of(deliveries, st.integers(0, 40)), max_size=14), faults)
def test_rings_among_events_give_the_firings_of_the_engine_for_the_order_that_was_committed(
    watches, events, happening, drawn
):
    cloud = Cloud(*watches)
    stream = Stream(cloud, in_lanes(cloud, events, LANES[:2]))
    cloud.faults = prepared(stream, drawn)
    for one in happening:
        if isinstance(one, int):
            _let_time_pass(cloud, stream, one)
        elif one[0] in stream.lanes:
            stream.hand_out(*one)
    stream.run_dry()
    for _ in range(3):
        _let_time_pass(cloud, stream, 60)
    assert cloud.due() == [], "no window is left open"

    _each_was_counted_once_and_in_order(cloud, stream)
    fired, contents = replayed(cloud)
    assert cloud.fired() == sorted(fired + _fired_at_once(cloud, events))
    assert held(cloud) == contents


def _let_time_pass(cloud: Cloud, stream: Stream, seconds: int) -> None:
    cloud.clock.advance(seconds)
    process, stream.processes[2] = stream.processes[2], None
    if process is None:
        return
    try:
        process.timer.sweep()
        for due in cloud.timers.ringing(cloud.clock.now()):
            process.ring(due)
    except Died:
        process = cloud.process()
    except (Failed, Transient):
        pass  # the next sweep asks again
    finally:
        stream.processes[2] = process


def _each_was_counted_once_and_in_order(cloud: Cloud, stream: Stream) -> None:
    engine = Engine(cloud.automations)
    expected: Counter[tuple[str, str]] = Counter()
    place: dict[str, tuple[str, int]] = {}
    for lane, records in stream.lanes.items():
        for record in records:
            place[record.event.id] = (lane, record.sequence)
            for watch in engine.watching(record.event):
                if rows_of(watch, watch.key_of(record.event)):
                    expected[watch.id, record.event.id] += 1
    counted = [(step.watch_id, step.key, step.event.id) for step in cloud.steps if step.event]
    assert Counter((watch_id, event) for watch_id, _, event in counted) == expected
    latest: dict[tuple[object, ...], int] = {}
    for watch_id, key, event in counted:
        lane, sequence = place[event]
        assert latest.get((watch_id, key, lane), 0) < sequence
        latest[watch_id, key, lane] = sequence


def _fired_at_once(cloud: Cloud, events: list[Event]) -> list[str]:
    engine = Engine(cloud.automations)
    return [
        one.fired.id
        for event in events
        for watch in engine.watching(event)
        if not rows_of(watch, watch.key_of(event))
        for one in engine.take_in(watch, State(), event, event.occurred)
    ]
