"""`.delay`: a task reaches a worker, and is worked on once (D12)."""

import json
from datetime import datetime

import pytest
from tests.flows.clients import WorldClient, call_api
from tests.stories import NOON

from whenflow.errors import NotFound, Rejected
from whenflow.flows import flow, get_run_logger, task
from whenflow.flows.remote_backend import RemoteBackend

done: list[tuple] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


@task
def send_mail(to: str, subject: str = "Hello", at: datetime | None = None) -> None:
    """Send a mail."""
    get_run_logger().info("mail to %s", to)
    if to == "nobody":
        raise LookupError(to)
    done.append((to, subject, at))


def records(world) -> dict:
    """What the queue hands to the worker."""
    messages = [{"messageId": str(number), "body": json.dumps(one)} for number, one in enumerate(world.task_queue.sent)]
    return {"Records": messages}


def names(world) -> list[str]:
    return [one.event.rpartition(".")[2] for one in world.events.stored.values() if "task-run" in one.event]


def test_a_task_that_is_delayed_is_scheduled_and_not_run(connected):
    made = send_mail.delay("ann", subject="Welcome")

    row = call_api(connected, "GET", f"/task_runs/{made.id}")
    assert (row["state_name"], row["state"]["state_details"]["deferred"]) == ("Scheduled", True)
    assert done == []
    assert connected.task_queue.sent[0]["parameters"] == {"to": "ann", "subject": "Welcome"}


def test_D12_a_worker_runs_it_and_tells_its_states_on_the_same_task_run(connected):
    made = send_mail.delay("ann")

    answer = connected.serve(send_mail).serve(records(connected))

    assert answer == {"batchItemFailures": []}
    assert done == [("ann", "Hello", None)]
    assert names(connected) == ["Scheduled", "Running", "Completed"]
    row = call_api(connected, "GET", f"/task_runs/{made.id}")
    assert (row["state_name"], row["run_count"]) == ("Completed", 1)


def test_D12_a_task_delivered_twice_is_run_once(connected):
    send_mail.delay("ann")
    worker = connected.serve(send_mail)

    for _ in range(2):
        worker.serve(records(connected))

    assert len(done) == 1


def test_a_task_that_another_worker_has_comes_again_and_is_taken_over_when_that_one_is_dead(connected):
    made = send_mail.delay("ann")
    now = connected.clock.now()
    connected.task_runs.claim(made.id, connected.clock.advance(60), now)
    worker = connected.serve(send_mail)

    assert worker.serve(records(connected))["batchItemFailures"] == []  # the claim ends this very moment
    assert len(done) == 1

    send_mail.delay("bob")
    connected.task_queue.sent = connected.task_queue.sent[1:]
    (message,) = connected.task_queue.sent
    later = connected.clock.now()
    connected.task_runs.claim(message["task_run_id"], connected.clock.advance(60), later)
    connected.clock.advance(-30)
    assert worker.serve(records(connected))["batchItemFailures"] == [{"itemIdentifier": "0"}]
    connected.clock.advance(30)
    assert worker.serve(records(connected))["batchItemFailures"] == []
    assert [to for to, _, _ in done] == ["ann", "bob"]


def test_a_task_that_raises_has_failed_and_does_not_come_again(connected):
    made = send_mail.delay("nobody")

    answer = connected.serve(send_mail).serve(records(connected))

    assert answer == {"batchItemFailures": []}
    assert call_api(connected, "GET", f"/task_runs/{made.id}")["state_name"] == "Failed"


def test_a_task_delayed_by_a_flow_belongs_to_its_run(world, serve):
    @flow
    def welcome() -> None:
        send_mail.delay("ann")

    serve(welcome)
    world.clock.advance(1)
    world.serve(send_mail).serve(records(world))

    (row,) = world.services.task_runs.of_flow_run(world.run().id)
    assert (row.flow_run_id, row.state.name) == (world.run().id, "Completed")
    assert [line.message for line in world.runs.logs(world.run().id)] == ["mail to ann"]


def test_parameters_travel_as_json(connected):
    send_mail.delay("ann", at=NOON)

    assert connected.task_queue.sent[0]["parameters"]["at"] == "2026-11-20T12:00:00Z"


def test_parameters_that_are_no_json_are_refused(connected):
    with pytest.raises(Rejected, match="parameters of task send_mail cannot be written as JSON"):
        send_mail.delay(object())  # type: ignore[arg-type]

    assert connected.task_queue.sent == []


def test_parameters_that_the_task_does_not_take_are_refused_at_once(connected):
    with pytest.raises(TypeError, match="missing a required argument"):
        send_mail.delay()  # type: ignore[call-arg]


def test_a_task_that_the_worker_does_not_have_stays_in_the_queue(connected):
    @task
    def another() -> None: ...

    send_mail.delay("ann")

    assert len(connected.serve(another).serve(records(connected))["batchItemFailures"]) == 1


def test_a_flow_run_that_was_deleted_meanwhile_holds_up_nothing(world, serve):
    @flow
    def welcome() -> None:
        send_mail.delay("ann")

    serve(welcome)
    world.ledger.delete(world.run().id)
    world.serve(send_mail).serve(records(world))

    assert len(done) == 1


def test_a_task_is_delayed_from_outside_of_the_stack_as_well(world, monkeypatch):
    from whenflow.flows import runtime

    monkeypatch.setattr(runtime, "connected", lambda: RemoteBackend(WorldClient(world), world.clock, world.ids))

    made = send_mail.delay("ann")
    world.serve(send_mail).serve(records(world))

    assert done == [("ann", "Hello", None)]
    assert call_api(world, "GET", f"/task_runs/{made.id}")["state_name"] == "Completed"


def test_the_api_makes_no_other_task_runs(world):
    document = {"id": "0190163d-8694-7000-8000-0000000000aa", "task_key": "a", "state": {"type": "RUNNING"}}

    answer = call_api(world, "POST", "/task_runs/", document, status=422)

    assert answer["exception_detail"][0]["loc"] == ["body", "state"]


def test_nobody_else_is_asked_where_the_task_should_go(world):
    with pytest.raises(Exception, match="set WHENFLOW_API_URL"):
        send_mail.delay("ann")


def test_not_found_is_what_an_unknown_task_is(connected):
    from whenflow.flows.background import Worker

    with pytest.raises(NotFound, match="This worker has no task 'x'; it has: none"):
        Worker((), connected.backend, connected.task_runs).work({"task_key": "x"})
