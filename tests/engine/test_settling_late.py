"""Records that come late or again, to automations that were switched on meanwhile: none counts that must not."""

from dataclasses import replace

import pytest
from tests.engine.durable import (
    Cloud,
    held,
)
from tests.engine.settling import cloud_of, counts, happens
from tests.engine.story import Document, at, compound, on, proactive, reactive

from whenflow.automations.held import lane_of

HOURS = 3_600


@pytest.mark.parametrize(
    ("trigger", "story"),
    [
        (reactive(after=["a"], expect=["b"], within=600), [("a", 0), ("a", 3 * HOURS), ("b", 3 * HOURS + 1)]),
        (reactive(expect=["a"], threshold=2), [("a", 3 * HOURS), ("a", 0), ("a", 3 * HOURS + 1)]),
        (compound("all", on("a"), on("b")), [("a", 0), ("a", 3 * HOURS), ("b", 3 * HOURS + 1)]),
        (
            proactive(after=["a"], expect=["b"], within=600),
            [("a", 0), ("b", 1), ("a", 3 * HOURS), ("b", 3 * HOURS + 1)],
        ),
        (proactive(expect=["a"], within=600), [("a", 0), ("a", 3 * HOURS)]),
    ],
    ids=["after", "no deadline", "compound", "proactive", "standing"],
)
def test_what_opened_a_window_hours_ago_opens_none_when_it_comes_again(trigger: Document, story: list[tuple[str, int]]):
    cloud = cloud_of(trigger)

    records = [happens(cloud, name, seconds, lane=lane_of(at(seconds), 0)) for name, seconds in story]
    for record in records:
        cloud.process().match(record)
    fired, before = cloud.fired(), held(cloud)
    for record in records:
        cloud.process().match(record)
    assert (cloud.fired(), held(cloud)) == (fired, before)


def switched_on(cloud: Cloud, seconds: float) -> None:
    """Switch the only automation off and on; processes that are started from now on know it."""
    cloud.go_to(at(seconds))
    cloud.automations = [cloud.automations[0].model_copy(update={"since": at(seconds)})]


@pytest.mark.parametrize(
    "trigger",
    [
        on("x"),
        reactive(expect=["x"], threshold=3, within=600),
        compound("all", on("x"), reactive(expect=["x"], threshold=3, within=600)),
    ],
    ids=["each", "counted", "compound"],
)
def test_what_was_received_before_an_automation_was_switched_on_does_not_count(trigger: Document):
    cloud = cloud_of(trigger)
    before = [happens(cloud, "x", seconds) for seconds in (1, 2)]
    cloud.process().match(*before)
    fired = cloud.fired()

    switched_on(cloud, 10)
    late = happens(cloud, "x", 3)
    after = happens(cloud, "x", 11)
    assert not cloud.process().match(*before, late, after).failed
    assert len(cloud.fired()) == len(fired) + (trigger == on("x"))
    assert all(
        row.content["window"]["count"] == 1 for row in cloud.rows.values() if row.content and "window" in row.content
    )


def test_an_event_that_occurred_before_and_was_received_after_it_was_switched_on_counts():
    cloud = cloud_of(reactive(expect=["x"], threshold=3, within=600))
    switched_on(cloud, 10)
    early = happens(cloud, "x", 5)

    cloud.process().match(replace(early, event=replace(early.event, received=at(12))))
    assert counts(cloud) == [1]


def test_a_process_that_does_not_know_yet_that_it_was_switched_on_anew_takes_nothing_back():
    cloud = cloud_of(reactive(expect=["x"], threshold=3, within=600))
    old = cloud.process()
    old.match(happens(cloud, "x", 1))
    switched_on(cloud, 10)
    cloud.process().match(happens(cloud, "x", 11, lane="lane 1"))

    record = happens(cloud, "x", 12, lane="lane 2")
    assert list(old.match(record).failed) == [record], "it comes again, to a process that has read the automations"
    [row] = cloud.rows.values()
    assert row.since == at(10)
    assert counts(cloud) == [1]
    assert not cloud.process().match(record).failed
    assert counts(cloud) == [2]
