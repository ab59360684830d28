"""The benchmark of matching runs, and measures what it says it does."""

import pytest
from benchmarks.matching.__main__ import main
from benchmarks.matching.peers import rule_of
from benchmarks.matching.world import worlds


def test_the_smallest_sizes_run_through_and_end_with_one_line_of_figures(capsys):
    main(["--sizes", "1", "100", "--events", "40", "--rounds", "1", "--no-peers"])

    *_, last = capsys.readouterr().out.splitlines()
    figures = dict(pair.split("=") for pair in last.split())
    assert list(figures) == ["events_per_second_1", "events_per_second_100"]
    assert all(int(value) > 0 for value in figures.values())


def test_the_worlds_are_always_the_same():
    assert worlds(100, 40) == worlds(100, 40)


def test_one_in_a_hundred_automations_is_live_and_all_kinds_are_alike_often():
    (world,) = worlds(1_000, 40)

    assert len(world.automations) == 1_000
    assert len({automation["id"] for automation in world.automations}) == 1_000
    assert len({event["resource"]["prefect.resource.id"] for event in world.matching}) >= 10
    assert [len(one.automations) for one in worlds(100, 40)] == [100] * 10
    assert [len(one.automations) for one in worlds(1, 40)] == [1] * 10


def test_a_size_that_cannot_be_made_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--sizes", "250"])

    assert "a multiple of 1,000: 250" in capsys.readouterr().err


def test_a_trigger_becomes_a_rule_of_event_ruler():
    trigger = {
        "after": ["order.paid"],
        "expect": ["order.*"],
        "match": {"prefect.resource.id": "shop.*", "region": ["eu", "us"]},
        "match_related": {"prefect.resource.role": "customer"},
    }

    assert rule_of(trigger) == {
        "event": [{"prefix": "order."}, "order.paid"],
        "resource": {"prefect.resource.id": [{"prefix": "shop."}], "region": ["eu", "us"]},
        "related": {"prefect.resource.role": ["customer"]},
    }
