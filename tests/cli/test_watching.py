"""`whenflow flow-run ls|cancel|logs|watch`, against the product's own API."""

import json
from threading import Timer

import pytest

from whenflow.cli.watching import EXIT_CODES
from whenflow.flows import flow, task
from whenflow.runs import StateType

QUICK = ("--every", "0.01")


@flow(log_prints=True)
def new_user_flow(name: str) -> str:
    print(f"Hello, {name}!")
    if name == "Bad":
        raise ValueError("no")
    return name


@task
def noop() -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def _deployed(product):
    product.deployment(name="main", flow_name="new_user_flow")


@pytest.fixture
def run(cli, product):
    """Return a function that makes a run, and has its code started."""

    def made(name: str = "Ann", *, started: bool = True):
        run = cli("deployment", "run", "main", "-p", f"name={name}", "--json").document
        if started:
            product.wait(1)
            product.settle(new_user_flow)
        return run

    return made


def moves(product, run_id, type_, name=None):
    product.ledger.move(run_id, type_, name or type_.title(), "said the test")


def test_runs_are_listed_by_state_deployment_and_time(cli, product, run):
    run("Bad")
    good = run("Ann")

    (found,) = cli("flow-run", "ls", "--state", "completed", "--json").document
    assert found["id"] == good["id"]
    assert len(cli("flow-run", "ls", "-s", "failed", "-s", "completed", "--json").document) == 2
    assert len(cli("flow-run", "ls", "--deployment", "main", "--json").document) == 2
    assert cli("flow-run", "ls", "--since", "2126-01-01T00:00:00Z").out == "No flow run is like that.\n"
    assert len(cli("flow-run", "ls", "--since", "2026-01-01", "--json").document) == 2


def test_an_unknown_state_is_told_with_those_there_are(cli):
    told = cli("flow-run", "ls", "--state", "faild")

    assert told.code == 2
    assert "Did you mean Failed?" in told.err


def test_a_run_that_has_not_started_is_cancelled_at_once(cli, product, run):
    made = run(started=False)

    assert cli("flow-run", "cancel", made["name"], "--yes").out == f"Cancelled {made['name']}.\n"
    assert product.runs.get(made["id"]).state.type == StateType.CANCELLED


def test_a_run_that_has_ended_is_not_cancelled_and_the_reason_is_told(cli, run):
    made = run()

    told = cli("flow-run", "cancel", made["id"], "--yes")

    assert told.code == 1
    assert f"{made['name']} was not cancelled" in told.err


def test_cancelling_asks_first(cli, run, person, alone):
    made = run(started=False)

    assert cli("flow-run", "cancel", made["id"]).code == 2
    person("n\n")
    assert cli("flow-run", "cancel", made["id"]).code == 1
    person("y\n")
    assert cli("flow-run", "cancel", made["id"]).code == 0


def test_the_log_is_shown_with_its_levels(cli, run):
    made = run()

    told = cli("flow-run", "logs", made["name"])

    assert "INFO" in told.out
    assert "Hello, Ann!" in told.out
    assert any("Hello, Ann!" in line["message"] for line in cli("flow-run", "logs", made["id"], "--json").document)


def test_less_grave_lines_are_left_out(cli, run):
    made = run()

    told = cli("flow-run", "logs", made["id"], "--level", "critical")

    assert told.out == f"{made['name']} has logged nothing.\n"


def test_a_log_is_followed_until_the_run_has_ended(cli, run):
    made = run()

    assert "Hello, Ann!" in cli("flow-run", "logs", made["id"], "--follow", *QUICK).out


def test_a_run_is_watched_to_its_end(cli, run):
    made = run()

    told = cli("flow-run", "watch", made["id"], *QUICK)

    assert told.code == 0
    for word in ("Scheduled", "Running", "Hello, Ann!", "Completed"):
        assert word in told.out
    assert told.out.index("Hello, Ann!") < told.out.rindex("Completed")
    assert f"{made['name']} is Completed" in told.out


def test_a_run_that_failed_ends_the_command_likewise(cli, run):
    assert cli("flow-run", "watch", run("Bad")["id"], *QUICK).code == EXIT_CODES["FAILED"] == 3


def test_cancelled_and_crashed_have_codes_of_their_own(cli, product, run):
    cancelled, crashed = run(started=False), run(started=False)
    cli("flow-run", "cancel", cancelled["id"], "--yes")
    moves(product, crashed["id"], StateType.CRASHED)

    assert cli("flow-run", "watch", crashed["id"], *QUICK).code == 4
    assert cli("flow-run", "watch", cancelled["id"], *QUICK).code == 5


def test_what_happens_while_one_watches_is_told_once(cli, product, run):
    made = run(started=False)
    Timer(0.15, moves, (product, made["id"], StateType.PENDING)).start()
    Timer(0.3, moves, (product, made["id"], StateType.CANCELLED)).start()

    told = cli("flow-run", "watch", made["id"], "--json", "--every", "0.02")

    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["name"] for line in lines[:-1]] == ["Scheduled", "Pending", "Cancelled"]
    assert lines[-1]["state_type"] == "CANCELLED"
    assert told.code == 5


def test_watching_ends_when_the_time_is_up_and_the_run_goes_on(cli, run):
    told = cli("flow-run", "watch", run(started=False)["id"], "--timeout", "0.05", *QUICK)

    assert told.code == 6
    assert "the time is up" in told.err


def test_a_deployment_is_run_and_watched_in_one(cli, product, monkeypatch):
    monkeypatch.setattr("whenflow.cli.watching.time.sleep", lambda _: (product.wait(1), product.settle(new_user_flow)))

    told = cli("deployment", "run", "main", "-p", "name=Ann", "--watch")

    assert told.code == 0
    assert "is Completed" in told.out


def test_an_api_that_fails_for_a_moment_is_asked_again(cli, product, run, monkeypatch):
    made, answer, calls = run(), product._api, []

    def flaky(event, context):
        calls.append(event["rawPath"])
        return {"statusCode": 503, "body": "{}"} if len(calls) in {3, 4} else answer(event, context)

    monkeypatch.setattr(product, "_api", flaky)
    told = cli("flow-run", "watch", made["id"], *QUICK)

    assert told.code == 0, told.err
    assert len(calls) > 5
    assert told.out.count("Hello, Ann!") == 1
