"""`prefect work-queue …`, and commands for what Whenflow has as something else or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.e2e.stacks import Stack
from tests.prefect_client.conftest import Prefect


def test_work_queues_are_made_listed_paused_resumed_and_removed(prefect: Prefect, stack: Stack, name: str) -> None:
    assert "Created work queue" in prefect("work-queue", "create", name, "--pool", "lambda").output
    assert name in prefect("work-queue", "ls").output
    assert name in prefect("work-queue", "ls", "--pool", "lambda").output
    assert "already exists" in prefect("work-queue", "create", name, "--pool", "lambda", code=1).output
    assert "paused" in prefect("work-queue", "pause", name, "--pool", "lambda").output
    assert stack.get(f"/work_pools/lambda/queues/{name}")["is_paused"] is True
    assert "resumed" in prefect("work-queue", "resume", name, "--pool", "lambda").output
    assert prefect("work-queue", "inspect", name, "--output", "json").document["status"] == "READY"
    assert "Successfully deleted" in prefect("work-queue", "delete", name, "--pool", "lambda").output
    assert "No work queue named" in prefect("work-queue", "inspect", name, code=1).output


def test_kinds_of_notification_targets_are_block_types(prefect: Prefect, name: str) -> None:
    assert "slack-webhook" in prefect("block", "type", "ls").output
    assert "slack-webhook" in prefect("block", "type", "inspect", "slack-webhook").output
    assert "not found" in prefect("block", "type", "inspect", name, code=1).output
    assert "Blocks" in prefect("block", "ls").output
    assert "not found" in prefect("block", "inspect", f"slack-webhook/{name}", code=1).output


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (("artifact", "ls"), 0, "Artifacts"),
        (("artifact", "inspect", "nothing"), 1, "nothing"),
        (("worker", "start", "--pool", "lambda"), 1, "Unable to start worker"),
        (("work-pool", "preview", "lambda"), 0, "No runs found"),
        (("work-queue", "create", "somewhere"), 1, "not found"),
        (("work-queue", "read-runs", "default", "--pool", "lambda"), 0, "Read 0 runs"),
    ],
)
def test_what_is_not_here_is_told_without_a_stack_trace(
    prefect: Prefect, command: tuple[str, ...], code: int, told: str
) -> None:
    said = prefect(*command, code=code)

    assert told in said.output
    assert "Traceback" not in said.output


def test_what_is_coming_is_previewed(prefect: Prefect, stack: Stack) -> None:
    at = {"scheduled_time": (datetime.now(UTC) + timedelta(minutes=30)).isoformat()}
    made = stack.deployment("new_user_flow")
    body = {"state": {"type": "SCHEDULED", "state_details": at}}
    run = stack.post(f"/deployments/{made['id']}/create_flow_run", body)

    assert run["id"] in prefect("work-pool", "preview", "lambda").output


def test_a_work_pool_is_made_of_a_type_that_whenflow_has(prefect: Prefect, stack: Stack, name: str) -> None:
    try:
        assert "Created work pool" in prefect("work-pool", "create", name, "--type", "lambda").output
        assert stack.get(f"/work_pools/{name}")["type"] == "lambda"
        assert "Unknown work pool type" in prefect("work-pool", "create", "x", "--type", "kubernetes", code=1).output
    finally:
        prefect("work-pool", "delete", name)
