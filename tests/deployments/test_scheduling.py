"""Schedules of deployments: the next runs can be seen, start in time, go and come with the schedule (D7, D8)."""

from datetime import UTC, datetime

import pytest
from tests.stories import ann_signs_up, run_of, welcoming

from whenflow.deployments import RunRequest
from whenflow.runs import StateType

HOURLY = {"schedule": {"cron": "0 * * * *"}}
HOUR = 3_600


def due_at(world):
    """When the runs that are scheduled are due, in order."""
    waiting = [run for run in world.runs.newest(200) if run.state.type == StateType.SCHEDULED]
    return sorted(run.expected_start_time.strftime("%d %H:%M:%S") for run in waiting)


def pass_time(world, minutes):
    """Let minutes pass, with all that the timer does in each."""
    for _ in range(minutes):
        world.wait(60)
        world.desk.scheduler.sweep()
        world.schedule.sweep()
        world.wait(0)


def test_the_next_three_runs_of_a_schedule_are_there_at_once(world):
    world.deployment(schedules=[HOURLY])

    assert due_at(world) == ["20 13:00:00", "20 14:00:00", "20 15:00:00"]


def test_a_run_that_a_schedule_made_says_so(world):
    deployment = world.deployment(schedules=[HOURLY | {"parameters": {"name": "all"}}], tags=["eu"])

    run = min(world.runs.newest(9), key=lambda one: one.expected_start_time)

    (schedule,) = deployment["schedules"]
    assert run.tags == ("eu", "auto-scheduled")
    assert run.auto_scheduled
    assert run.parameters == {"name": "all"}
    assert run.idempotency_key == f"scheduled {deployment['id']} {schedule['id']} 2026-11-20T13:00:00.000000Z"
    assert run.created_by == {"id": deployment["id"], "type": "DEPLOYMENT", "display_value": "welcome"}


def test_runs_start_in_time_and_the_next_are_made(world):
    world.deployment(schedules=[HOURLY])

    pass_time(world, 125)

    assert len(world.launcher.launched) == 2
    assert due_at(world) == ["20 15:00:00", "20 16:00:00", "20 17:00:00"]


def test_a_schedule_of_seconds_misses_none(world):
    world.deployment(schedules=[{"schedule": {"interval": 10}}])

    pass_time(world, 10)

    times = sorted(run.expected_start_time for run in world.launcher.launched)
    assert len(times) == 60
    assert {(after - before).total_seconds() for before, after in zip(times, times[1:], strict=False)} == {10}


def test_after_a_down_time_the_runs_that_were_there_start_and_no_flood(world):
    world.deployment(schedules=[HOURLY])
    world.clock.advance(50 * HOUR)

    pass_time(world, 1)

    assert len(world.launcher.launched) == 3
    assert len(world.events.named("prefect.flow-run.Late")) == 3
    assert due_at(world) == ["22 15:00:00", "22 16:00:00", "22 17:00:00"]


@pytest.mark.parametrize(("most", "there"), [(1, 1), (2, 2), (50, 3)])
def test_no_more_runs_are_there_than_the_schedule_says(world, most, there):
    world.deployment(schedules=[HOURLY | {"max_scheduled_runs": most}])

    assert len(due_at(world)) == there


def test_a_schedule_that_is_not_active_makes_no_runs(world):
    world.deployment(schedules=[HOURLY | {"active": False}])
    pass_time(world, 2)

    assert due_at(world) == []


def test_sweeping_again_makes_nothing_twice(world):
    world.deployment(schedules=[HOURLY, {"schedule": {"cron": "30 * * * *"}}])

    assert [world.desk.scheduler.sweep() for _ in range(3)] == [0, 0, 0]
    assert len(due_at(world)) == 6


def test_a_sweep_makes_what_a_crash_left_undone(world):
    deployment = world.deployment(schedules=[HOURLY])
    for run in world.runs.newest(9):
        world.ledger.delete(run.id)
    world.config.replace("deployment", deployment["id"], deployment)

    assert world.desk.scheduler.sweep() == 3


def test_d8_pausing_takes_the_runs_away_and_resuming_brings_them_back(world):
    deployment = world.deployment(schedules=[HOURLY])

    world.desk.registry.pause(deployment["id"], paused=True)
    assert due_at(world) == []
    pass_time(world, 65)
    assert world.launcher.launched == []

    world.desk.registry.pause(deployment["id"], paused=False)
    assert due_at(world) == ["20 14:00:00", "20 15:00:00", "20 16:00:00"]


def test_d8_automations_and_people_still_make_runs_of_a_deployment_that_is_paused(world):
    deployment = world.deployment(parameters={"name": "Ann"}, paused=True)
    world.automation(welcoming(deployment, actions=[run_of(deployment)]))

    world.happens(ann_signs_up())
    world.desk.maker.create(deployment, RunRequest())
    world.wait(0)

    assert len(world.launcher.launched) == 2


def test_a_deployment_that_an_action_paused_loses_its_runs_with_the_next_sweep(world):
    deployment = world.deployment(schedules=[HOURLY])
    world.config.replace("deployment", deployment["id"], deployment | {"paused": True})

    world.desk.scheduler.sweep()

    assert due_at(world) == []


def test_a_run_of_a_schedule_that_is_gone_does_not_start(world):
    deployment = world.deployment(schedules=[HOURLY])
    run = min(world.runs.newest(9), key=lambda one: one.expected_start_time)
    world.config.replace("deployment", deployment["id"], deployment | {"schedules": []})

    world.clock.advance(HOUR)
    world.schedule.ring(run.id, "ring-1")

    assert world.launcher.launched == []
    assert world.runs.get(run.id) is None


def test_a_schedule_that_changes_takes_its_runs_with_it(world):
    deployment = world.deployment(schedules=[HOURLY])
    (schedule,) = deployment["schedules"]

    world.desk.registry.change_schedule(deployment["id"], schedule["id"], {"schedule": {"cron": "15 * * * *"}})

    assert due_at(world) == ["20 12:15:00", "20 13:15:00", "20 14:15:00"]


def test_deploying_the_same_again_leaves_schedules_and_runs_as_they_are(world):
    first = world.deployment(schedules=[HOURLY])
    runs = {run.id for run in world.runs.newest(9)}

    again = world.deployment(schedules=[HOURLY])

    assert again["schedules"] == first["schedules"]
    assert {run.id for run in world.runs.newest(9)} == runs


def test_a_day_that_is_an_hour_longer_keeps_nine_oclock(world):
    world.clock.advance((datetime(2027, 3, 27, tzinfo=UTC) - world.clock.now()).total_seconds())
    world.deployment(schedules=[{"schedule": {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}}])

    assert due_at(world) == ["27 08:00:00", "28 07:00:00", "29 07:00:00"]


def test_d7_a_run_that_could_not_start_is_late_after_fifteen_seconds(world):
    run, _ = world.desk.maker.create(world.deployment(), RunRequest())
    world.timers.launches.clear()

    world.clock.advance(16)
    world.schedule.sweep()
    world.wait(0)

    names = [state.name for state in world.ledger.get(run.id).states]
    assert names == ["Scheduled", "Late", "Pending"]


def test_a_run_that_starts_in_time_is_never_late(world):
    world.desk.maker.create(world.deployment(), RunRequest())

    world.wait(14)

    assert world.events.named("prefect.flow-run.Late") == []
    assert len(world.launcher.launched) == 1
