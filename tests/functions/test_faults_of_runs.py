"""Each AWS call fails once, in each way, on the ways of a run beside the shortest one: executions, time, slots, people.

No launch is lost or doubled, and each run ends in the right state, with each of its events once. The everyday suite
lets each call that may change something fail in two ways; `make test-faults` every call in all four.
"""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from tests.functions.ordeal import KINDS, Ordeal, assert_each_state_told_once, states_of, until
from tests.functions.stack import Stack, queue_record
from tests.stories import ANN, run_of, welcoming

from whenflow.aws import wiring
from whenflow.runs import FlowRun

DONE = ["Scheduled", "Pending", "Running", "Completed"]
ROLE = "arn:aws:iam::123456789012:role/machine"


ALL = "WHENFLOW_ALL_FAULTS" in os.environ
EVERYDAY = ("throttled", "the process dead after it")


@pytest.fixture(params=KINDS if ALL else EVERYDAY)
def ordeal(stack: Stack, request: pytest.FixtureRequest) -> Ordeal:
    """A stack, each of whose calls fails once in one way."""
    return Ordeal(stack, request.param, reads=ALL)


@pytest.fixture
def machine(ordeal: Ordeal) -> str:
    """The ARN of a state machine."""
    machines = wiring.client("stepfunctions")
    arn: str = machines.create_state_machine(name="m", definition="{}", roleArn=ROLE)["stateMachineArn"]
    return arn


def on_machine(machine: str, **more: Any) -> dict[str, Any]:
    return {"work_pool_name": "step-functions", "job_variables": {"state_machine_arn": machine}, **more}


def signs_up(ordeal: Ordeal, slug: str, person: str) -> None:
    until(lambda: ordeal.stack.hook(slug, ANN | {"userid": person, "name": person}).status == 204)


def executions(machine: str) -> list[str]:
    """Return the names of all executions, sorted."""
    pages = wiring.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    return sorted(one["name"] for page in pages for one in page["executions"])


def run_named(person: str) -> FlowRun:
    (run,) = [one for one in wiring.runs().newest(1_000) if one.parameters.get("name") == person]
    return run


def asked_for(ordeal: Ordeal, deployment: dict[str, Any], person: str, **more: Any) -> FlowRun:
    """Ask for a run by the API, with no call failing."""
    with ordeal.calls.spared():
        body = {"parameters": {"name": person}, **more}
        ordeal.stack.api("POST", f"/deployments/{deployment['id']}/create_flow_run", body)
        return run_named(person)


def assert_all(ordeal: Ordeal, failed: dict[str, object], states: list[str]) -> list[FlowRun]:
    """Look for one run for each telling of the story, that went through these states, each told once."""
    runs = wiring.runs().newest(1_000)
    found = {run.parameters["name"]: run for run in runs if "name" in run.parameters}
    assert sorted(found) == sorted(run.parameters["name"] for run in runs if "name" in run.parameters)
    for name, what in failed.items():
        assert states_of(found[name]) == states, (name, what, found[name].state.message)
    assert_each_state_told_once(ordeal.stack, [found[name] for name in failed], ordeal)
    return [found[name] for name in failed]


# ---- Step Functions ----


def test_an_execution_is_started_once_and_its_run_ends_as_it_does(ordeal: Ordeal, machine: str) -> None:
    deployment = ordeal.stack.deployment(**on_machine(machine))
    action = run_of(deployment, parameters={"name": "{{ event.payload.name }}"})
    ordeal.stack.automation(welcoming(deployment, actions=[action]))
    slug = ordeal.stack.webhook(delivery_id="{{ body.userid }}")

    def story(person: str) -> None:
        with ordeal.calls.spared():  # the way to the firing is the same for each target
            signs_up(ordeal, slug, person)
            ordeal.deliver("matcher", ordeal.stack.new_records("EventsTable"))
        ordeal.deliver("action", ordeal.stack.new_records("FiringsTable"))
        ordeal.deliver("action", ordeal.stack.retries())
        with ordeal.calls.spared():
            run = run_named(person)
        ordeal.tell(run.id, "RUNNING")
        ordeal.tell(run.id, "SUCCEEDED")

    runs = assert_all(ordeal, ordeal.told(story), DONE)

    assert executions(machine) == sorted(run.id for run in runs)


def test_an_execution_whose_news_are_lost_is_asked_how_it_went(ordeal: Ordeal, machine: str) -> None:
    deployment = ordeal.stack.deployment(**on_machine(machine))
    client = wiring.client("stepfunctions")

    def story(person: str) -> None:
        run = asked_for(ordeal, deployment, person)
        with ordeal.calls.spared():
            ordeal.settle()
            ordeal.tell(run.id, "RUNNING")
            (arn,) = [
                one["executionArn"]
                for page in client.get_paginator("list_executions").paginate(stateMachineArn=machine)
                for one in page["executions"]
                if one["name"] == run.id
            ]
            client.stop_execution(executionArn=arn)
            ordeal.wait(11 * 60)
            ordeal.minutes(2)  # it is on the watch now
            ordeal.wait(7 * 60)
        ordeal.minutes(2)

    runs = assert_all(ordeal, ordeal.told(story), ["Scheduled", "Pending", "Running", "Cancelled"])

    assert executions(machine) == sorted(run.id for run in runs)


def test_an_execution_that_is_cancelled_is_stopped(ordeal: Ordeal, machine: str) -> None:
    deployment = ordeal.stack.deployment(**on_machine(machine))

    def story(person: str) -> None:
        run = asked_for(ordeal, deployment, person)
        with ordeal.calls.spared():
            ordeal.settle()
            ordeal.tell(run.id, "RUNNING")
        ordeal.ask("POST", f"/flow_runs/{run.id}/set_state", {"state": {"type": "CANCELLING"}})
        ordeal.settle()
        ordeal.minutes()
        ordeal.tell(run.id, "ABORTED")

    runs = assert_all(ordeal, ordeal.told(story), ["Scheduled", "Pending", "Running", "Cancelling", "Cancelled"])

    client = wiring.client("stepfunctions")
    arn = machine.replace(":stateMachine:", ":execution:")
    for run in runs:
        assert client.describe_execution(executionArn=f"{arn}:{run.id}")["status"] == "ABORTED"


def test_a_run_that_is_suspended_and_resumed_is_started_once_more(ordeal: Ordeal, machine: str) -> None:
    deployment = ordeal.stack.deployment(**on_machine(machine))

    def story(person: str) -> None:
        run = asked_for(ordeal, deployment, person)
        with ordeal.calls.spared():
            ordeal.settle()
            ordeal.tell(run.id, "RUNNING")
        until_later = (run.created + timedelta(days=30)).isoformat()
        details = {"pause_reschedule": True, "pause_timeout": until_later, "pause_key": "once"}
        paused = {"state": {"type": "PAUSED", "name": "Suspended", "state_details": details}}
        ordeal.ask("POST", f"/flow_runs/{run.id}/set_state", paused)
        ordeal.ask("POST", f"/flow_runs/{run.id}/resume", {})
        ordeal.settle()
        ordeal.minutes()
        ordeal.tell(run.id, "SUCCEEDED")  # the first execution ends late
        for status in ("RUNNING", "SUCCEEDED"):
            ordeal.tell(f"{run.id}-1", status)

    states = ["Scheduled", "Pending", "Running", "Suspended", "Resuming", "Pending", "Running", "Completed"]
    runs = assert_all(ordeal, ordeal.told(story), states)

    assert executions(machine) == sorted(name for run in runs for name in (run.id, f"{run.id}-1"))


# ---- time ----


def test_a_run_that_waits_for_its_time_is_started_then(ordeal: Ordeal) -> None:
    deployment = ordeal.stack.deployment()
    action = run_of(deployment, parameters={"name": "{{ event.payload.name }}"}, schedule_after=90)
    ordeal.stack.automation(welcoming(deployment, actions=[action]))
    slug = ordeal.stack.webhook(delivery_id="{{ body.userid }}")

    def story(person: str) -> None:
        with ordeal.calls.spared():
            signs_up(ordeal, slug, person)
            ordeal.settle(streams=True)
            assert run_named(person).state.name == "Scheduled"
            ordeal.wait(30)
        ordeal.minute_that_counts()
        ordeal.minutes(2)

    runs = assert_all(ordeal, ordeal.told(story), DONE)

    assert all(run.start_time and run.start_time - run.created > timedelta(seconds=85) for run in runs)


def test_the_runs_of_a_schedule_are_made_and_started_once_for_each_date(ordeal: Ordeal) -> None:
    made: dict[str, str] = {}

    def story(person: str) -> None:
        with ordeal.calls.spared():
            schedule = {"schedule": {"interval": 120.0}, "active": True, "max_scheduled_runs": 1}
            deployment = ordeal.stack.deployment(name=person, parameters={"name": person}, schedules=[schedule])
            made[person] = deployment["id"]
        ordeal.minute_that_counts()
        ordeal.minutes(2)
        with ordeal.calls.spared():
            ordeal.stack.api("PATCH", f"/deployments/{deployment['id']}", {"schedules": []})
            ordeal.minutes()

    failed = ordeal.told(story)

    runs = [run for run in wiring.runs().newest(2_000) if run.auto_scheduled]
    for person, deployment in made.items():
        own = [run for run in runs if run.deployment_id == deployment]
        dates = [run.expected_start_time for run in own]
        assert len(set(dates)) == len(dates), (person, failed[person])
        done = [run for run in own if states_of(run)[-1] == "Completed"]
        assert 1 <= len(done) <= 2, (person, failed[person], [states_of(run) for run in own])
    assert_each_state_told_once(ordeal.stack, runs, ordeal)


# ---- slots ----


def in_turn(ordeal: Ordeal, person: str, machine: str, strategy: str) -> tuple[dict[str, Any], FlowRun, FlowRun]:
    """Ask for two runs of a deployment that lets one work at a time; the first works."""
    with ordeal.calls.spared():
        options = {"collision_strategy": strategy}
        deployment = ordeal.stack.deployment(
            name=person, concurrency_limit=1, concurrency_options=options, **on_machine(machine)
        )
    first = asked_for(ordeal, deployment, f"{person}, first")
    ordeal.settle()
    return deployment, first, asked_for(ordeal, deployment, f"{person}, second")


def test_one_too_many_waits_for_the_slot_that_is_given_back(ordeal: Ordeal, machine: str) -> None:
    deployments: list[str] = []

    def story(person: str) -> None:
        deployment, first, second = in_turn(ordeal, person, machine, "ENQUEUE")
        deployments.append(deployment["id"])
        ordeal.settle()
        for status in ("RUNNING", "SUCCEEDED"):
            ordeal.tell(first.id, status)
        ordeal.settle()
        ordeal.minutes()
        for status in ("RUNNING", "SUCCEEDED"):
            ordeal.tell(second.id, status)

    failed = ordeal.told(story)

    waited = ["Scheduled", "AwaitingConcurrencySlot", "Pending", "Running", "Completed"]
    assert_all(ordeal, {f"{person}, first": what for person, what in failed.items()}, DONE)
    assert_all(ordeal, {f"{person}, second": what for person, what in failed.items()}, waited)
    assert len(executions(machine)) == 2 * len(failed) == len(set(executions(machine)))
    assert [(wiring.runs().slots_taken(one), wiring.runs().waiting(one, 5)) for one in deployments] == [(0, [])] * len(
        deployments
    )


def test_one_too_many_is_cancelled_and_the_slot_stays_with_the_first(ordeal: Ordeal, machine: str) -> None:
    deployments: list[str] = []

    def story(person: str) -> None:
        deployment, first, _ = in_turn(ordeal, person, machine, "CANCEL_NEW")
        deployments.append(deployment["id"])
        ordeal.settle()
        with ordeal.calls.spared():
            assert wiring.runs().slots_taken(deployment["id"]) == 1
        for status in ("RUNNING", "FAILED"):
            ordeal.tell(first.id, status)

    failed = ordeal.told(story)

    assert_all(ordeal, {f"{person}, first": what for person, what in failed.items()}, [*DONE[:3], "Failed"])
    assert_all(ordeal, {f"{person}, second": what for person, what in failed.items()}, ["Scheduled", "Cancelled"])
    assert len(executions(machine)) == len(failed) == len(set(executions(machine)))
    assert [wiring.runs().slots_taken(one) for one in deployments] == [0] * len(deployments)


# ---- invocations that failed for good ----


def test_an_invocation_that_failed_for_good_crashes_its_run_once(ordeal: Ordeal) -> None:
    deployment = ordeal.stack.deployment()

    def story(person: str) -> None:
        run = asked_for(ordeal, deployment, person)
        with ordeal.calls.spared():
            ordeal.deliver("timer", ordeal.stack.rings())
            (payload,) = ordeal.stack.waiting_invocations()
            assert payload["flow_run_id"] == run.id
        error = {"errorType": "Runtime.ExitError", "errorMessage": "the process died"}
        record = queue_record(json.dumps({"requestPayload": payload, "responsePayload": error}), f"failure of {person}")
        for _ in range(2):  # the queue delivers it twice
            ordeal.deliver("tracker", {"Records": [record]})
        ordeal.minutes()

    assert_all(ordeal, ordeal.told(story), ["Scheduled", "Pending", "Crashed"])
