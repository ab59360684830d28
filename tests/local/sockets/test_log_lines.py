"""Log lines over a WebSocket, as `prefect deployment run --watch` reads them."""

from datetime import timedelta

import pytest
from tests.local.sockets.conftest import play
from tests.stories import NOBODY, NOON

from whenflow.ports import LogLine

LOGS = "/api/logs/out"
OTHER = "0190163d-8694-7000-8000-0000000000ab"


def line(message, level=20, second=0):
    return LogLine(NOON + timedelta(seconds=second), level, "prefect.flow_runs", message)


def asking(*run_ids, **more):
    nothing = {"task_run_id": None, "level": None, "text": None, "operator": "and_"}
    return {"type": "filter", "filter": {**nothing, "flow_run_id": {"any_": list(run_ids)}, **more}}


async def heard(client, count):
    return [(await client.hears())["log"]["message"] for _ in range(count)]


def test_lines_that_are_there_come_first_then_each_as_it_is_kept_and_each_once(world, let_in):
    world.runs.add_logs(NOBODY, [line("one"), line("two", second=1)])

    async def story():
        client = await let_in(LOGS)
        await client.says(asking(NOBODY))
        assert await heard(client, 2) == ["one", "two"]
        await client.hears_nothing()
        world.runs.add_logs(NOBODY, [line("three", second=2)])
        world.runs.add_logs(OTHER, [line("of another")])
        told = await client.hears()
        assert (told["type"], told["log"]["message"], told["log"]["flow_run_id"]) == ("log", "three", NOBODY)
        await client.hears_nothing()
        await client.leaves()

    play(story())


def test_the_filter_holds_for_what_was_and_what_comes(world, let_in):
    world.runs.add_logs(NOBODY, [line("old", 40), line("low", 10, 60), line("high", 30, 60)])

    async def story():
        client = await let_in(LOGS)
        since = {"after_": "2026-11-20T12:01:00Z", "before_": "2027-11-20T12:00:00Z"}
        await client.says(asking(NOBODY, level={"ge_": 20}, timestamp=since))
        assert await heard(client, 1) == ["high"]
        world.runs.add_logs(NOBODY, [line("low again", 10, 61), line("high again", 50, 61)])
        assert await heard(client, 1) == ["high again"]
        await client.leaves()

    play(story())


def test_several_runs_are_followed_and_a_long_log_comes_whole(world, let_in):
    world.runs.add_logs(NOBODY, [line(f"line {number}") for number in range(450)])
    world.runs.add_logs(OTHER, [line("other")])

    async def story():
        client = await let_in(LOGS)
        await client.says(asking(NOBODY, OTHER))
        told = await heard(client, 451)
        assert [one for one in told if one != "other"] == [f"line {number}" for number in range(450)]
        await client.leaves()

    play(story())


@pytest.mark.parametrize(
    "first",
    [
        {"type": "filter", "filter": {}},
        {"type": "filter"},
        {"type": "filter", "filter": {"flow_run_id": {"any_": []}}},
        {"type": "filter", "filter": {"flow_run_id": {"any_": [NOBODY] * 21}}},
        asking(NOBODY, level={"ge_": "high"}),
        {"type": "event"},
    ],
)
def test_a_filter_that_names_no_run_or_is_not_valid_is_refused(let_in, first):
    async def story():
        client = await let_in(LOGS)
        await client.says(first)
        code, reason = await client.hears_close()
        assert code == 1002
        assert reason

    play(story())
