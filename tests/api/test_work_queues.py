"""Work queues over HTTP: made, paused, removed."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.events import iso
from whenflow.runs.targets import queue_id_of

LAMBDA = "/work_pools/lambda/queues"


def names(answer):
    return [(one["work_pool_name"], one["name"]) for one in answer.document]


def test_every_pool_has_a_queue_and_others_are_made_beside_it(api):
    made = api("POST", LAMBDA, {"name": "urgent", "description": None, "priority": 2, "concurrency_limit": None})

    assert made.status == 201
    assert (made.document["name"], made.document["work_pool_name"], made.document["status"]) == (
        "urgent",
        "lambda",
        "READY",
    )
    assert names(api("POST", f"{LAMBDA}/filter", {})) == [("lambda", "default"), ("lambda", "urgent")]
    everywhere = [("lambda", "default"), ("lambda", "urgent"), ("step-functions", "default")]
    assert names(api("POST", "/work_queues/filter", {"limit": None})) == everywhere
    assert names(api("POST", "/work_queues/filter", {"work_queues": {"name": {"startswith_": ["ur"]}}})) == [
        ("lambda", "urgent")
    ]
    assert names(api("POST", "/work_queues/filter", {"offset": 2})) == everywhere[2:]
    for path in (f"{LAMBDA}/urgent", f"/work_queues/{made.document['id']}", "/work_queues/name/urgent"):
        assert api("GET", path).document == made.document


def test_what_a_queue_cannot_be_is_told(api):
    assert api("POST", LAMBDA, {"name": "default"}).status == 409
    api("POST", LAMBDA, {"name": "urgent"})
    assert api("POST", LAMBDA, {"name": "urgent"}).status == 409
    assert api("POST", "/work_pools/none/queues", {"name": "a"}).status == 404
    assert "In which work pool?" in api("POST", "/work_queues/", {"name": "a"}).document["detail"]
    refused = api("POST", LAMBDA, {"name": "a", "concurrency_limit": 3})
    assert refused.status == 422
    assert "no limit of their own" in refused.document["exception_detail"][0]["msg"]
    assert api("POST", "/work_queues/filter", {"work_queues": {"colour": {}}}).status == 422


@pytest.mark.parametrize("path", ["/work_queues/name/x", f"/work_queues/{NOBODY}", "/work_queues/x", f"{LAMBDA}/x"])
def test_a_queue_that_is_not_there_is_not_found(api, path):
    assert api("GET", path).status == 404


def test_a_name_that_several_pools_have_needs_the_pool(api):
    answer = api("GET", "/work_queues/name/default")

    assert answer.status == 404
    assert "lambda, step-functions" in answer.document["detail"]


@pytest.mark.parametrize("path", [f"{LAMBDA}/default", f"/work_queues/{queue_id_of('lambda')}"])
def test_a_queue_is_paused_and_resumed_and_that_is_told(api, world, path):
    assert api("PATCH", path, {"is_paused": True}).status == 204
    assert api("GET", path).document["status"] == "PAUSED"
    assert api("PATCH", path, {"is_paused": True, "concurrency_limit": None}).status == 204
    assert api("PATCH", path, {"is_paused": False, "description": "all"}).status == 204

    assert (api("GET", path).document["status"], api("GET", path).document["description"]) == ("READY", "all")
    told = [one.event for one in world.events.stored.values() if one.event.startswith("prefect.work-queue.")]
    assert told == ["prefect.work-queue.paused", "prefect.work-queue.ready"]


def test_runs_of_a_queue_that_is_paused_wait(api, world):
    api("POST", LAMBDA, {"name": "urgent", "is_paused": True})
    held = world.deployment(work_queue_name="urgent")
    free = world.deployment(name="free")

    for deployment in (held, free):
        api("POST", f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"name": "Ann"}})
    world.wait(5)

    assert [run.deployment_name for run in world.launcher.launched] == ["free"]


def test_a_queue_is_removed_unless_it_is_needed(api, world):
    api("POST", LAMBDA, {"name": "urgent"})
    deployment = world.deployment(work_queue_name="urgent")
    assert api("DELETE", f"{LAMBDA}/default").status == api("DELETE", f"{LAMBDA}/urgent").status == 409

    api("DELETE", f"/deployments/{deployment['id']}")

    assert api("DELETE", f"{LAMBDA}/urgent").status == 204
    assert api("GET", f"{LAMBDA}/urgent").status == 404


def test_what_is_coming_is_shown_but_not_what_is_due(api, world):
    api("POST", LAMBDA, {"name": "urgent"})
    usual, urgent = world.deployment(), world.deployment(name="urgent", work_queue_name="urgent")
    made = []
    for deployment, seconds in ((usual, 7_200), (urgent, 600), (usual, 30), (usual, 90_000), (usual, 300)):
        at = {"scheduled_time": iso(NOON + timedelta(seconds=seconds))}
        body = {"parameters": {"name": "Ann"}, "state": {"type": "SCHEDULED", "state_details": at}}
        made.append(api("POST", f"/deployments/{deployment['id']}/create_flow_run", body).document["id"])
    until = {"scheduled_before": iso(NOON + timedelta(hours=3))}

    pool = api("POST", "/work_pools/lambda/get_scheduled_flow_runs", until).document
    only = api("POST", "/work_pools/lambda/get_scheduled_flow_runs", until | {"work_queue_names": ["urgent"]}).document
    queue = api("POST", f"/work_queues/{queue_id_of('lambda')}/get_runs", until | {"limit": 1}).document

    assert [one["flow_run"]["id"] for one in pool] == [made[4], made[1], made[0]]
    assert [one["work_queue_id"] for one in only] == [queue_id_of("lambda", "urgent")]
    assert [one["id"] for one in queue] == [made[4]]
    assert api("POST", "/work_pools/lambda/get_scheduled_flow_runs", {}).document == []
    assert api("POST", "/work_pools/none/get_scheduled_flow_runs", {}).status == 404


# ---- what Prefect's client reads and Whenflow has as something else, or not at all ----


def test_kinds_of_notification_targets_are_block_types(api):
    types = api("POST", "/block_types/filter", {}).document
    slack = api("GET", "/block_types/slug/slack-webhook").document

    assert slack in types and slack["is_protected"] is True
    (schema,) = api(
        "POST", "/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [slack["id"]]}}}
    ).document
    assert (schema["block_type_id"], "url" in schema["fields"]["properties"]) == (slack["id"], True)
    assert api("GET", "/block_types/slug/s3-bucket").status == 404


def test_a_target_is_found_as_a_block_by_its_type_and_name(api):
    body = {"name": "team chat", "type": "slack-webhook", "data": {"url": "https://hooks.slack.com/services/a/b/c"}}
    made = api("POST", "/notification-targets", body).document

    of_type = api("GET", "/block_types/slug/slack-webhook/block_documents").document
    named = api("GET", "/block_types/slug/slack-webhook/block_documents/name/team%20chat").document

    assert [one["id"] for one in of_type] == [named["id"]] == [made["id"]]
    assert "hooks.slack.com" not in str(named["data"])
    assert api("GET", "/block_types/slug/slack-webhook/block_documents/name/other").status == 404
    assert api("GET", "/block_types/slug/other/block_documents").status == 404


def test_there_are_no_artifacts_and_that_is_told(api):
    assert api("POST", "/artifacts/filter", {"limit": 100}).document == []
    assert api("POST", "/artifacts/latest/filter", {}).document == []
    assert api("POST", "/artifacts/", {"key": "a"}).document == {"detail": "Whenflow keeps no artifacts."}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/work_pools/lambda/workers/heartbeat", "no workers"),
        ("/block_types/", "notification targets"),
        ("/block_documents/", "notification targets"),
        ("/elsewhere", "Not Found"),
    ],
)
def test_what_is_not_here_is_told_in_a_sentence(api, path, told):
    answer = api("POST", path, {})

    assert answer.status == 404
    assert told in answer.document["detail"]


def test_the_types_of_work_pools_are_known_to_the_client(api):
    known = api("GET", "/collections/views/aggregate-worker-metadata").document

    assert set(known["prefect"]) == {"lambda", "lambda-durable", "step-functions"}
    assert known["prefect"]["lambda"]["default_base_job_configuration"]["variables"]["properties"].keys() == {
        "function_arn"
    }


def test_a_filter_of_block_schemas_that_is_none_is_told(api):
    refused = api("POST", "/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": False}}})

    assert refused.status == 422
    assert refused.document["exception_detail"][0]["loc"][-1] == "any_"
