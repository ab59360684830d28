"""Every sample invocation in events/ works with its function."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.built.world import SCHEDULED_RUN, prepare
from tests.functions.stack import Stack, functions
from tests.tables import ROOT

from whenflow.aws import wiring

SAMPLES = sorted((ROOT / "events").glob("*.json"))
HTTP_STATUS = {
    "api_get_health": 200,
    "api_post_events": 204,
    "ui_home": 303,
    "webhook_signup": 204,
    "webhook_unknown_slug": 404,
}


class Prepared:
    """What the samples refer to, set up in the stores of the stack."""

    state_machine_arn = ""
    tables = ("samples",)

    def __init__(self) -> None:
        self.clock, self.ids = wiring.clock(), wiring.ids()
        self.config, self.firings, self.ledger = wiring.config(), wiring.firings(), wiring.ledger()
        self.client = wiring.client


@pytest.fixture
def prepared(stack: Stack) -> Stack:
    """The stack, with all that the samples refer to."""
    world: Any = Prepared()
    prepare(world)
    return stack


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_works_with_its_function(prepared: Stack, path: Path) -> None:
    answer = prepared.invoke(path.stem.partition("_")[0], json.loads(path.read_text()))

    if path.stem in HTTP_STATUS:
        assert answer["statusCode"] == HTTP_STATUS[path.stem]
    elif isinstance(answer, dict):
        assert answer.get("batchItemFailures", []) == []


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("webhook_signup", "user.signed-up"),
        ("notification_s3_object_created", "aws.s3.object-created"),
        ("notification_eventbridge_custom", "com.example.billing.invoice-paid"),
        ("notification_s3_record", "aws.s3.object-created"),
        ("notification_kafka", "kafka.record-received"),
        ("api_post_events", "order.placed"),
        ("action_firing_inserted", "prefect.automation.action.executed"),
        ("action_retry", "prefect.automation.action.executed"),
        ("flows_new_user_flow", "prefect.flow-run.Completed"),
        ("flows_task", "prefect.task-run.Completed"),
        ("flows_background_task", "prefect.task-run.Completed"),
        ("tracker_execution_succeeded", "prefect.flow-run.Completed"),
        ("tracker_lambda_failure", "prefect.flow-run.Crashed"),
    ],
)
def test_a_sample_does_what_it_is_a_sample_of(prepared: Stack, sample: str, name: str) -> None:
    path = ROOT / "events" / f"{sample}.json"

    prepared.invoke(sample.partition("_")[0], json.loads(path.read_text()))

    assert name in prepared.names()


def test_the_sample_of_the_matcher_becomes_a_firing(prepared: Stack) -> None:
    path = ROOT / "events" / "matcher_event_inserted.json"
    prepared.new_records("FiringsTable")

    prepared.invoke("matcher", json.loads(path.read_text()))

    assert len(prepared.new_records("FiringsTable")["Records"]) == 1


def test_the_ring_of_the_timer_becomes_a_firing(prepared: Stack) -> None:
    prepared.new_records("FiringsTable")

    prepared.invoke("timer", json.loads((ROOT / "events" / "timer_ring.json").read_text()))

    assert len(prepared.new_records("FiringsTable")["Records"]) == 1


def test_the_ring_of_a_scheduled_run_starts_it(prepared: Stack) -> None:
    prepared.invoke("timer", json.loads((ROOT / "events" / "timer_scheduled_run.json").read_text()))

    assert wiring.ledger().get(SCHEDULED_RUN).state.name == "Pending"


def test_the_sweep_of_the_timer_asks_for_both_rings(prepared: Stack) -> None:
    [ring] = json.loads((ROOT / "events" / "timer_ring.json").read_text())["Records"]

    prepared.invoke("timer", json.loads((ROOT / "events" / "timer_sweep.json").read_text()))

    rings = [json.loads(one["body"]) for one in prepared.rings()["Records"]]
    assert json.loads(ring["body"]) in rings
    assert SCHEDULED_RUN in [one.get("flow_run_id") for one in rings]


def test_every_function_has_a_sample() -> None:
    assert {path.stem.partition("_")[0] for path in SAMPLES} == set(functions())
