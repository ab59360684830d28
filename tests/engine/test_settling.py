"""Batches in the durable path: each thing that happens counted once, whoever was faster and whatever broke."""

import random
from datetime import timedelta
from itertools import permutations

import pytest
from tests.engine.durable import (
    Fault,
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
from tests.engine.settling import ID, cloud_of, counts, deliver, happens
from tests.engine.story import Document, at, compound, on, proactive, reactive, sequence
from tests.tables import template

from whenflow.automations.held import lane_of
from whenflow.automations.rows import ASIDE, MARKS_AT_HAND, PUT_ASIDE_AT_ONCE, SLOT, STREAM_REACH, RowKey
from whenflow.automations.settle import FIRINGS_AT_ONCE, PARTS_AT_ONCE, TRIES

TROUBLE: list[Fault] = [no_fault, loses, fails_before, fails_after, dies_before, dies_after]


@pytest.mark.parametrize("first", TROUBLE)
@pytest.mark.parametrize("second", TROUBLE)
@pytest.mark.parametrize(
    "trigger",
    [
        on("x"),
        reactive(expect=["x"], threshold=2, within=60),
        compound("all", on("x"), reactive(expect=["x"], threshold=2, within=60)),
        sequence(reactive(after=["x"], expect=["x"], within=60), on("y"), within=60),
    ],
    ids=["each", "counted", "compound", "sequence"],
)
def test_a_batch_interrupted_anywhere_and_delivered_again_fires_as_if_nothing_had_been(
    trigger: Document, first: Fault, second: Fault
):
    smooth, rough = cloud_of(trigger), cloud_of(trigger)
    for cloud in (smooth, rough):
        batch = [happens(cloud, name, n) for n, name in enumerate("xxyxxxy")]
        cloud.faults = [first, second] if cloud is rough else []
        deliver(cloud, *batch[:3])
        deliver(cloud, *batch)

    assert rough.fired() == smooth.fired() != []
    assert held(rough) == held(smooth)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_C6_children_that_fire_at_once_in_different_processes_fire_their_parent_once(order: tuple[int, ...]):
    cloud = cloud_of(compound("all", on("a"), on("b"), on("c")))
    records = [happens(cloud, name, 1, lane=f"lane {name}") for name in "abc"]
    one, two, three = (records[place] for place in order)

    cloud.faults = [conflicting(lambda: cloud.process().match(two)), conflicting(lambda: cloud.process().match(three))]
    cloud.process().match(one)
    assert len(cloud.fired()) == 1
    [fired] = cloud.firings.stored.values()
    assert len(fired.children) == 3


@pytest.mark.parametrize("seed", range(20))
def test_C6_a_race_of_many_fires_as_often_as_there_are_pairs(seed: int):
    chance = random.Random(seed)
    cloud = cloud_of(compound("all", on("a"), on("b")))
    processes = [cloud.process() for _ in range(4)]
    waiting = [happens(cloud, name, n, lane=f"{name}{n}") for n in range(6) for name in "ab"]
    chance.shuffle(waiting)

    def race() -> None:
        if waiting and processes:
            process = processes.pop()
            record = waiting.pop()
            cloud.faults = [conflicting(race) for _ in range(chance.randint(0, 2))] + cloud.faults
            assert not process.match(record).failed
            processes.append(process)

    while waiting:
        race()
    fired, contents = replayed(cloud)
    assert cloud.fired() == sorted(fired)
    assert held(cloud) == contents
    assert 1 <= len(fired) <= 6


@pytest.mark.parametrize("seed", range(5))
def test_R7_fifty_events_at_once_in_several_processes_fire_once_each(seed: int):
    chance = random.Random(seed)
    cloud = cloud_of(on("x"), reactive(expect=["x"], threshold=50, within=60))
    records = [happens(cloud, "x", n / 100, lane=f"lane {n % 5}") for n in range(50)]
    lanes = [records[n::5] for n in range(5)]

    while any(lanes):
        lane = chance.choice([one for one in lanes if one])
        size = chance.randint(1, len(lane))
        for _ in range(chance.randint(1, 3)):
            cloud.process().match(*lane[:size])
        del lane[:size]
    assert len(cloud.fired()) == 50 + 1


def test_a_busy_window_is_read_once_and_written_once_for_a_batch():
    cloud = cloud_of(reactive(expect=["x"], threshold=1_000, within=3_600))
    process = cloud.process()

    process.match(*(happens(cloud, "x", n) for n in range(100)))
    assert (cloud.loads, len(cloud.commits)) == (1, 1)
    assert counts(cloud) == [100]
    process.match(*(happens(cloud, "x", 100 + n) for n in range(100)))
    assert (cloud.loads, len(cloud.commits)) == (1, 2), "what was read is kept"
    assert counts(cloud) == [200]


def test_each_key_is_a_write_of_its_own():
    cloud = cloud_of(reactive(expect=["x"], threshold=100, within=3_600, for_each=[ID]))

    cloud.process().match(*(happens(cloud, "x", n, f"r.{n % 3}") for n in range(30)))
    assert [len(rows) for rows in cloud.commits] == [1, 1, 1]


def test_an_event_that_no_trigger_looks_at_costs_nothing():
    cloud = cloud_of(reactive(expect=["x"], threshold=2, within=60))

    assert cloud.process().match(*(happens(cloud, "y", n) for n in range(50))).firings == 0
    assert (cloud.loads, cloud.commits, cloud.rows) == (0, [], {})


def test_more_than_one_transaction_holds_is_committed_in_several():
    children = [reactive(expect=["x"], threshold=9, within=60, for_each=[ID]) for _ in range(7)]
    cloud = cloud_of(compound("all", *children), reactive(expect=["y"], threshold=2))

    cloud.process().match(*(happens(cloud, "x", n / 100, f"r.{n}") for n in range(60)))
    assert counts(cloud) == [1] * 420
    cloud.process().match(*(happens(cloud, "y", n / 100) for n in range(100)))
    assert len(cloud.fired()) == 50
    assert max(len(rows) for rows in cloud.commits) <= PARTS_AT_ONCE
    _, contents = replayed(cloud)
    assert held(cloud) == contents


def test_a_transaction_bears_only_so_many_firings():
    cloud = cloud_of(compound("all", on("x"), on("x", "y")))
    before: list[int] = []

    def counted(commit) -> None:
        commit()
        before.append(len(cloud.firings.stored))

    cloud.faults = [counted] * 50
    cloud.process().match(*(happens(cloud, "x", n / 100) for n in range(35)))
    steps = [later - earlier for earlier, later in zip([0, *before], before, strict=False)]
    assert sum(steps) == 35
    assert max(steps) <= FIRINGS_AT_ONCE


def test_a_unit_that_fails_holds_up_no_other_and_its_records_come_again():
    cloud = cloud_of(*(reactive(expect=[name], threshold=3, within=60) for name in "ab"))
    batch = [happens(cloud, name, n) for n, name in enumerate("abab")]

    cloud.faults = [no_fault, fails_before]
    report = cloud.process().match(*batch)
    assert list(report.failed) == batch[1:]
    assert counts(cloud) == [2]
    deliver(cloud, *batch[1:])
    assert counts(cloud) == [2, 2]


def test_where_several_units_fail_all_comes_again_from_the_first_that_did():
    cloud = cloud_of(*(reactive(expect=[name], threshold=5, within=60) for name in "abc"))
    batch = [happens(cloud, name, n) for n, name in enumerate("cabab")]

    cloud.faults = [no_fault, fails_before, fails_before]
    assert list(cloud.process().match(*batch).failed) == batch[1:]


def test_rows_that_others_always_change_first_are_given_up_for_now():
    cloud = cloud_of(reactive(expect=["x"], threshold=3, within=60))
    record = happens(cloud, "x", 1)

    cloud.faults = [loses] * TRIES
    assert list(cloud.process().match(record).failed) == [record]
    cloud.faults = [loses] * (TRIES - 1)
    assert not cloud.process().match(record).failed
    assert counts(cloud) == [1]


def test_a_process_that_has_grown_old_reads_again():
    cloud = cloud_of(reactive(expect=["x"], threshold=5, within=60))
    old, new = cloud.process(), cloud.process()

    old.match(happens(cloud, "x", 1, lane="lane 1"))
    new.match(happens(cloud, "x", 2, lane="lane 2"))
    old.match(happens(cloud, "x", 3, lane="lane 1"))
    assert counts(cloud) == [3]


def test_marks_of_lanes_that_cannot_come_again_are_dropped():
    cloud = cloud_of(reactive(expect=["x"], threshold=1_000, within=100 * 24 * 3_600))
    process = cloud.process()
    key = RowKey(SLOT, cloud.automations[0].trigger.id)

    for hour in range(60):
        cloud.go_to(at(hour * 3_600))
        process.match(happens(cloud, "x", hour * 3_600, lane=f"hour {hour}"))
    reach = STREAM_REACH.total_seconds() / 3_600
    assert set(cloud.rows[key].marks) == {f"hour {hour}" for hour in range(60) if 59 - hour <= reach}


def test_marks_are_kept_for_longer_than_the_stream_delivers_again():
    mapping = template()["Resources"]["MatcherStream"]["Properties"]

    assert timedelta(seconds=mapping["MaximumRecordAgeInSeconds"]) + timedelta(minutes=30) < STREAM_REACH


BUSY = {
    "counted": reactive(expect=["x"], threshold=100_000),
    "after": reactive(after=["x"], expect=["x"], threshold=100_000),
    "absence": proactive(expect=["x"], threshold=100_000, within=100 * 24 * 3_600),
    "composite": compound("all", on("x"), on("y")),
}


@pytest.mark.parametrize("trigger", BUSY.values(), ids=BUSY.keys())
def test_a_busy_row_has_few_marks_at_hand_and_is_seldom_written_with_another(trigger: Document):
    cloud = cloud_of(trigger)
    process, records = cloud.process(), []

    for minute in range(0, 24 * 60, 10):
        cloud.go_to(at(minute * 60))
        for shard in range(4):
            records.append(happens(cloud, "x", minute * 60 + shard, lane=lane_of(at(minute * 60), shard)))
            process.match(records[-1])
    [busy] = [row for row in cloud.rows.values() if row.key.kind != ASIDE]
    assert len(busy.marks) <= MARKS_AT_HAND + 1
    assert sum(len(rows) > 1 for rows in cloud.commits) <= 24 * 4 / PUT_ASIDE_AT_ONCE
    before = held(cloud), len(cloud.steps)
    in_reach = [one for one in records if cloud.clock.now() - one.event.occurred < timedelta(hours=12)]
    cloud.process().match(*in_reach)
    assert (held(cloud), len(cloud.steps)) == before, "what comes again does not count again"


def test_an_event_of_a_lane_that_nobody_has_seen_counts_although_marks_are_put_aside():
    cloud = cloud_of(reactive(expect=["x"], threshold=100_000))
    process = cloud.process()
    for hour in range(12):
        cloud.go_to(at(hour * 3_600))
        for shard in range(4):
            process.match(happens(cloud, "x", hour * 3_600 + shard, lane=lane_of(at(hour * 3_600), shard)))
    assert counts(cloud) == [48]

    cloud.process().match(happens(cloud, "x", 1, resource="late", lane=lane_of(at(-3_600), 2)))
    cloud.process().match(happens(cloud, "x", 2, resource="late", lane=lane_of(at(0), 0)))
    assert counts(cloud) == [50]


def test_switched_off_and_on_what_was_put_aside_says_nothing_any_more():
    cloud = cloud_of(reactive(expect=["x"], threshold=100_000))
    process, lanes = cloud.process(), [(hour, shard) for hour in range(12) for shard in range(4)]
    for hour, shard in lanes:
        cloud.go_to(at(hour * 3_600))
        process.match(happens(cloud, "x", hour * 3_600 + shard, lane=lane_of(at(hour * 3_600), shard)))

    since = cloud.clock.now()
    cloud.automations = [cloud.automations[0].model_copy(update={"since": since})]
    process = cloud.process()
    for hour, shard in [*lanes, *lanes]:
        seconds = 11 * 3_600 + hour * 3_600 + shard
        cloud.go_to(max(at(seconds), cloud.clock.now()))
        process.match(happens(cloud, "x", seconds + 60, lane=lane_of(at(seconds), shard)))
    assert counts(cloud) == [96]


def test_what_a_change_that_failed_has_touched_is_read_again():
    cloud = cloud_of(reactive(expect=["x"], threshold=5, within=60))
    process = cloud.process()
    process.match(happens(cloud, "x", 1))
    record = happens(cloud, "x", 2)

    cloud.faults = [fails_before]
    assert process.match(record).failed
    assert not process.match(record).failed
    assert counts(cloud) == [2]


def test_a_proactive_window_that_is_met_is_written_without_a_ring():
    cloud = cloud_of(proactive(after=["a"], expect=["b"], within=3_600))
    process = cloud.process()

    process.match(happens(cloud, "a", 0), happens(cloud, "b", 1))
    [row] = cloud.rows.values()
    assert (row.content, row.due) == (None, None)


def test_a_reactive_window_needs_no_marks_of_lanes_that_lie_before_it():
    cloud = cloud_of(reactive(expect=["x"], threshold=3, within=1_800))
    process = cloud.process()

    records = []
    for half in range(100):
        cloud.go_to(at(half * 1_800))
        lane = lane_of(at(half * 1_800), half % 4)
        records.append(happens(cloud, "x", half * 1_800, lane=lane))
        process.match(records[-1])
    [row] = cloud.rows.values()
    assert len(row.marks) <= 3
    before = held(cloud)
    cloud.process().match(*records)
    assert held(cloud) == before
