"""Every sample in events/, through what `sam build` made, under Lambda's own runtime client.

Each runs in a fresh process that sees the function, its layers and what Lambda brings, and nothing of this environment.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.built.stack import Function, World, sample_writer
from tests.built.world import EXECUTION_RUN, FAILED_RUN, NEW_USER_RUN, SCHEDULED_RUN
from tests.template.loading import ROOT

pytestmark = pytest.mark.built
Run = Callable[[str], Function]


def sample(name: str) -> Any:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def test_a_signup_becomes_an_event(run: Run, world: World) -> None:
    before = len(world.event_names())

    answer = run("WebhookFunction").invoke(sample("webhook_signup"))

    assert answer["statusCode"] == 204
    assert len(world.event_names()) == before + 1
    stored = world.events.newest(1).events[0]
    assert (stored.event, stored.resource_id) == ("user.signed-up", "user.u-4711")
    assert stored.payload == {"userid": "u-4711", "name": "Ada Lovelace"}


def test_an_unknown_slug_is_not_found(run: Run, world: World) -> None:
    before = world.event_names()

    answer = run("WebhookFunction").invoke(sample("webhook_unknown_slug"))

    assert answer["statusCode"] == 404
    assert world.event_names() == before


def test_a_slug_is_never_logged(run: Run) -> None:
    function = run("WebhookFunction")

    for name in ("webhook_signup", "webhook_unknown_slug"):
        function.invoke(sample(name))

    slugs = [sample(name)["pathParameters"]["slug"] for name in ("webhook_signup", "webhook_unknown_slug")]
    assert [slug for slug in slugs if slug in function.log.read_text()] == []


@pytest.mark.parametrize(
    ("name", "event", "resource"),
    [
        (
            "notification_s3_object_created",
            "aws.s3.object-created",
            "s3://whenflow-incomingbucket-1a2b3c4d5e6f/incoming/clients.csv",
        ),
        ("notification_eventbridge_custom", "com.example.billing.invoice-paid", "invoice/2026-0815"),
        ("notification_s3_record", "aws.s3.object-created", "s3://uploads-of-shop/incoming/new clients ä+.csv"),
    ],
)
def test_a_notification_becomes_an_event_once(run: Run, world: World, name: str, event: str, resource: str) -> None:
    function = run("NotificationFunction")

    first, second = function.invoke(sample(name)), function.invoke(sample(name))

    assert first == second
    [event_id] = first["event_ids"]
    stored = world.events.get(event_id)
    assert stored is not None
    assert (stored.event, stored.resource_id) == (event, resource)
    assert world.event_names().count(event) == 1


def test_records_of_kafka_become_events_once(run: Run, world: World) -> None:
    function = run("NotificationFunction")

    first, second = (function.invoke(sample("notification_kafka")) for _ in range(2))

    assert first == second
    stored = [world.events.get(event_id) for event_id in first["event_ids"]]
    assert [event.event for event in stored if event] == ["kafka.record-received"] * len(stored) != []


def test_the_api_is_healthy(run: Run) -> None:
    answer = run("ApiFunction").invoke(sample("api_get_health"))

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, True)


def test_the_api_takes_an_event(run: Run, world: World) -> None:
    answer = run("ApiFunction").invoke(sample("api_post_events"))

    assert answer["statusCode"] == 204
    [sent] = json.loads(sample("api_post_events")["body"])
    stored = world.events.get(sent["id"])
    assert stored is not None
    assert stored.event == "order.placed"


def test_the_api_wants_a_key(run: Run) -> None:
    request = sample("api_post_events")
    del request["headers"]["authorization"]

    assert run("ApiFunction").invoke(request)["statusCode"] == 401


def test_there_is_a_page(run: Run) -> None:
    answer = run("UiFunction").invoke(sample("ui_home"))

    assert answer["statusCode"] in {200, 302, 303}


def test_an_event_of_the_stream_makes_its_automation_fire_once(run: Run, world: World) -> None:
    function = run("MatcherFunction")

    answers = [function.invoke(sample("matcher_event_inserted")) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert world.fired() == ["welcome new users"]


def test_a_sweep_asks_for_the_rings_of_a_window_that_is_over_and_of_a_run_that_is_due(run: Run, world: World) -> None:
    answer = run("TimerFunction").invoke(sample("timer_sweep"))

    [ring] = sample("timer_ring")["Records"]
    rings = world.rings()
    assert answer == {"asked": 2}
    assert json.loads(ring["body"]) in rings
    assert SCHEDULED_RUN in [one.get("flow_run_id") for one in rings]


def test_a_ring_starts_a_scheduled_run_once(run: Run, world: World) -> None:
    function = run("TimerFunction")

    answers = [function.invoke(sample("timer_scheduled_run")) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert _state(world, SCHEDULED_RUN) == "Pending"
    assert world.executions().count(SCHEDULED_RUN) == 1


def test_a_ring_makes_a_silence_fire_once(run: Run, world: World) -> None:
    function = run("TimerFunction")

    answers = [function.invoke(sample("timer_ring")) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert world.fired() == ["no order"]


@pytest.mark.parametrize("name", ["action_firing_inserted", "action_retry"])
def test_a_firing_starts_one_flow_run(run: Run, world: World, name: str) -> None:
    function = run("ActionFunction")

    answers = [function.invoke(sample(name)) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    [started] = [one for one in world.runs.newest(10) if one.firing_id == sample_writer().FIRING]
    assert started.parameters == {"name": "u-4711"}
    assert world.executions().count(started.id) == 1
    assert world.event_names().count("prefect.automation.action.executed") == 1


def test_an_execution_that_succeeded_completes_its_run(run: Run, world: World) -> None:
    function = run("TrackerFunction")

    answers = [function.invoke(sample("tracker_execution_succeeded")) for _ in range(2)]

    assert answers == [None, None]
    assert _state(world, EXECUTION_RUN) == "Completed"
    assert world.event_names().count("prefect.flow-run.Completed") == 1


def test_an_invocation_that_failed_for_good_crashes_its_run(run: Run, world: World) -> None:
    function = run("TrackerFunction")

    answers = [function.invoke(sample("tracker_lambda_failure")) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert _state(world, FAILED_RUN) == "Crashed"
    assert world.event_names().count("prefect.flow-run.Crashed") == 1


def test_a_flow_runs_once_and_says_so(run: Run, world: World) -> None:
    function = run("FlowsFunction")

    first, second = function.invoke(sample("flows_new_user_flow")), function.invoke(sample("flows_new_user_flow"))

    assert first == {"flow_run_id": NEW_USER_RUN, "state": "Completed"}
    assert "skipped" in second
    assert [line.message for line in world.runs.logs(NEW_USER_RUN)].count("Sending onboarding campaign to u-4711!") == 1
    assert world.event_names().count("prefect.flow-run.Completed") == 1


def test_a_state_machine_gets_the_result_of_a_task(run: Run) -> None:
    answer = run("FlowsFunction").invoke(sample("flows_task"))

    assert answer == "Loaded incoming/clients.csv into warehouse"


def test_a_background_task_runs_once(run: Run, world: World) -> None:
    function = run("FlowsFunction")

    answers = [function.invoke(sample("flows_background_task")) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert world.event_names().count("prefect.task-run.Completed") == 1


def test_hours_are_closed_until_there_are_none(run: Run) -> None:
    answer = run("ArchiveFunction").invoke(sample("archive_scheduled"))

    assert answer["finished"] is True


def test_what_came_in_lately_is_looked_at(run: Run) -> None:
    assert run("ArchiveFunction").invoke(sample("archive_layers")) == {"layers": 0}


def test_every_sample_is_tried_here() -> None:
    source = (ROOT / "tests" / "built" / "test_samples.py").read_text()

    assert [path.stem for path in (ROOT / "events").glob("*.json") if f'"{path.stem}"' not in source] == []


def _state(world: World, run_id: str) -> str:
    run = world.runs.get(run_id)
    assert run is not None
    return run.state.name
