"""While a flow runs its log is kept, it shows that it lives, and it can be paused, suspended and cancelled."""

from datetime import timedelta

import pytest
from tests.stories import ann_signs_up, welcoming

from whenflow import runtime
from whenflow.errors import Rejected, Transient
from whenflow.flows import flow, get_run_logger, pause_flow_run, resume_flow_run, suspend_flow_run, task
from whenflow.flows.companion import Companion, heartbeat_every
from whenflow.flows.logs import MAX_LINES, LogBuffer
from whenflow.flows.recorder import Recorder
from whenflow.flows.task_engine import nap
from whenflow.runs import StateType
from whenflow.runs.heartbeats import Heartbeats, pulse_of


@task
def step() -> None:
    """Do a little."""


def lines(world) -> list[str]:
    return [line.message for line in world.runs.logs(world.run().id)]


def beside(world, run) -> tuple[Companion, LogBuffer]:
    log = LogBuffer()
    return Companion(run, world.backend, log, Recorder(world.backend, run.id)), log


def say(log: LogBuffer, text: str) -> None:
    log.emit(get_run_logger().makeRecord("flow", 20, "", 0, text, (), None))


def test_lines_are_kept_while_the_flow_runs(world, launched):
    companion, log = beside(world, launched())
    say(log, "first")

    companion.tick(world.clock.advance(4))
    assert lines(world) == []
    companion.tick(world.clock.advance(1))
    assert lines(world) == ["first"]


def test_lines_that_cannot_be_kept_now_are_kept_with_the_next_in_their_order(world, launched, monkeypatch):
    companion, log = beside(world, launched())
    add = world.runs.add_logs

    def throttled(*_: object) -> None:
        raise Transient("DynamoDB: ThrottlingException")

    say(log, "first")
    with monkeypatch.context() as patch:
        patch.setattr(world.runs, "add_logs", throttled)
        companion.keep()
    say(log, "second")
    companion.keep()

    assert add.__self__ is world.runs
    assert lines(world) == ["first", "second"]


def test_the_last_line_says_how_many_were_left_out(world, serve):
    @flow
    def talks() -> None:
        for number in range(MAX_LINES + 2):
            get_run_logger().info("line %s", number)

    serve(talks)

    assert len(lines(world)) == MAX_LINES + 1
    assert lines(world)[-1] == "2 more lines were logged; a run keeps its first 5,000."


def test_a_flow_shows_that_it_lives(world, launched):
    companion, _ = beside(world, launched())

    for _ in range(6):
        companion.tick(world.clock.advance(60))

    beats = world.events.named("prefect.flow-run.heartbeat")
    assert [beat.occurred - beats[0].occurred for beat in beats] == [timedelta(0), timedelta(seconds=180)]
    assert beats[0].resource_id == world.run().resource_id
    assert [one["prefect.resource.role"] for one in beats[0].related][0] == "flow"


def claimed(world, run) -> Companion:
    """What goes on beside a run that a process of the SDK has claimed."""
    started = world.ledger.start(run.id, "launch-1", heartbeat_every().total_seconds())
    recorder = Recorder(world.backend, run.id)
    return Companion(started, world.backend, LogBuffer(), recorder, pulse_of(started))


def beats(world) -> list[float]:
    """When heartbeats were due, in seconds after the run began."""
    began = world.run().state.timestamp
    return [(one.occurred - began).total_seconds() for one in world.events.named("prefect.flow-run.heartbeat")]


def test_a_flow_that_claimed_its_run_shows_at_the_times_it_promised_that_it_lives(world, launched):
    companion = claimed(world, launched())

    for _ in range(100):
        companion.tick(world.clock.advance(7))

    assert beats(world) == [180, 360, 540]
    assert Heartbeats(world.events).last(world.run(), world.clock.now()) == world.run().state.timestamp + timedelta(
        seconds=540
    )


def test_a_heartbeat_that_cannot_be_told_now_is_told_soon_and_its_loss_is_logged_once(
    world, launched, monkeypatch, caplog
):
    companion = claimed(world, launched())

    def throttled(*_: object) -> None:
        raise Transient("DynamoDB: ThrottlingException")

    with monkeypatch.context() as patch:
        patch.setattr(world.events, "put", throttled)
        for _ in range(20):
            companion.tick(world.clock.advance(10))
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1
    companion.tick(world.clock.advance(10))

    assert beats(world) == [180]


def test_a_deployment_says_how_often_its_runs_show_that_they_live(world, monkeypatch):
    monkeypatch.setenv("WHENFLOW_HEARTBEAT_SECONDS", "60")
    variables = world.deployment()["job_variables"]
    deployment = world.deployment(job_variables={**variables, "heartbeat_seconds": 45})
    world.automation(welcoming(deployment))
    world.happens(ann_signs_up())
    companion = claimed(world, world.run())

    companion.tick(world.clock.advance(100))

    assert beats(world) == [90]


@pytest.mark.parametrize("wanted", ["often", True, -5, 0, None, 1e9, float("nan")])
def test_a_deployment_that_says_nothing_of_use_leaves_it_at_what_the_process_says(world, wanted):
    variables = world.deployment()["job_variables"]
    world.automation(welcoming(world.deployment(job_variables={**variables, "heartbeat_seconds": wanted})))
    world.happens(ann_signs_up())
    companion = claimed(world, world.run())

    companion.tick(world.clock.advance(200))

    assert beats(world) == [180]


@pytest.mark.parametrize(("given", "seconds"), [("", 180), ("60", 60), ("1", 30), ("often", 180)])
def test_how_often_it_does_is_a_setting(monkeypatch, given, seconds):
    monkeypatch.setenv("WHENFLOW_HEARTBEAT_SECONDS", given)

    assert heartbeat_every() == timedelta(seconds=seconds)


def test_a_flow_that_is_cancelled_stops_at_its_next_task(world, serve):
    done = []

    @flow
    def long() -> None:
        try:
            step()
            world.control.cancel(world.run().id, "enough")
            world.clock.advance(2)
            step()
            done.append("went on")
        except Exception:
            done.append("caught")

    serve(long)

    assert done == []
    assert [state.name for state in world.run().states[-2:]] == ["Cancelling", "Cancelled"]
    assert world.events.names()[-1] == "prefect.flow-run.Cancelled"


def test_a_flow_looks_no_oftener_than_once_a_second_whether_it_is_cancelled(world, serve, monkeypatch):
    looks: list[str] = []
    get = world.runs.get

    def looked(run_id):
        looks.append(run_id)
        return get(run_id)

    monkeypatch.setattr(world.runs, "get", looked)

    @flow
    def quick() -> None:
        looks.clear()
        for _ in range(50):
            step()
        assert looks == []
        for _ in range(3):
            world.clock.advance(1)
            step()
        assert len(looks) == 3

    serve(quick)

    assert world.run().state.name == "Completed"


def test_a_flow_that_is_suspended_from_outside_stops_and_stays_suspended(world, serve):
    @flow
    def long() -> None:
        world.control.suspend(world.run().id, "wait")
        world.clock.advance(2)
        step()

    serve(long)

    assert world.run().state.name == "Suspended"


def test_a_flow_pauses_until_it_is_resumed(world, serve):
    waited = []

    @flow
    def careful() -> None:
        pause_flow_run(timeout=60, poll_interval=5)
        waited.append(world.clock.now())

    def resumed_soon(seconds: float) -> None:
        world.clock.advance(seconds)
        assert world.run().state.name == "Paused"
        world.control.resume(world.run().id)

    nap.set(resumed_soon)
    serve(careful)

    assert len(waited) == 1
    assert [state.name for state in world.run().states[-3:]] == ["Paused", "Running", "Completed"]


def test_a_flow_that_nobody_resumes_fails(world, serve):
    @flow
    def careful() -> None:
        pause_flow_run(timeout=12, poll_interval=5)

    nap.set(world.clock.advance)
    serve(careful)

    assert world.run().state.name == "Failed"
    assert "never resumed" in world.run().state.message


def test_a_flow_that_is_cancelled_while_it_is_paused_is_cancelled(world, serve):
    @flow
    def careful() -> None:
        pause_flow_run(poll_interval=5)

    nap.set(lambda _seconds: world.control.cancel(world.run().id, "enough"))
    serve(careful)

    assert world.run().state.name == "Cancelled"


def test_a_flow_that_suspends_itself_gets_past_that_when_it_is_resumed(world, launched):
    seen = []

    @flow
    def careful() -> None:
        seen.append("begins")
        suspend_flow_run(timeout=600)
        seen.append("goes on")

    run = launched("careful")
    world.serve(careful).serve({"flow_run_id": run.id, "launch": "l-1"})
    assert world.run().state.name == "Suspended"

    resume_flow_run_of(world, run.id)
    world.wait(0)
    world.serve(careful).serve({"flow_run_id": run.id, "launch": "l-2"})

    assert seen == ["begins", "begins", "goes on"]
    assert world.run().state.name == "Completed"


def resume_flow_run_of(world, run_id: str) -> None:
    from whenflow.flows import runtime as finding

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "connected", lambda: world.backend)
        assert resume_flow_run(run_id).state.name == "Resuming"


@pytest.mark.parametrize("call", [pause_flow_run, suspend_flow_run])
def test_what_is_no_flow_cannot_be_paused(call):
    with pytest.raises(Rejected, match="within a flow"):
        call()


def test_a_run_that_is_not_paused_cannot_be_resumed(connected, launched):
    run = launched()

    with pytest.raises(Rejected, match="only one that is paused"):
        resume_flow_run(run.id)


def test_a_flow_knows_its_own_run(world, serve):
    seen: list[tuple] = []

    @task
    def looks() -> None:
        seen.append((runtime.task_run.name, runtime.task_run.id is not None))

    @flow
    def curious(name: str) -> None:
        run = runtime.flow_run
        seen.append((run.id, run.name, run.parameters, run.flow_name, run.run_count, runtime.deployment.name))
        looks()

    serve(curious, name="Ann")

    run = world.run()
    assert seen == [(run.id, run.name, {"name": "Ann"}, "curious", 1, "welcome"), ("looks", True)]
    assert (runtime.flow_run.id, runtime.flow_run.parameters, runtime.task_run.id) == (None, {}, None)


def test_a_flow_with_retries_waits_for_its_next_attempt(world, launched):
    @flow(retries=1, retry_delay_seconds=60)
    def flaky() -> None:
        raise LookupError("not yet")

    run = launched("flaky")
    answer = world.serve(flaky).serve({"flow_run_id": run.id, "launch": "l-1"})

    assert answer["state"] == world.run().state.name == "AwaitingRetry"
    assert world.run().due == world.clock.now() + timedelta(seconds=60)
    world.wait(60)
    assert len(world.launcher.launched) == 2
    world.serve(flaky).serve({"flow_run_id": run.id, "launch": "l-2"})
    assert [state.name for state in world.run().states][-2:] == ["Retrying", "Failed"]


def test_a_process_that_is_told_to_end_crashes_its_run(world, launched):
    @flow
    def ends() -> None:
        raise SystemExit(1)

    run = launched("ends")
    with pytest.raises(SystemExit):
        world.serve(ends).serve({"flow_run_id": run.id, "launch": "l"})

    assert world.run().state.type == StateType.CRASHED
