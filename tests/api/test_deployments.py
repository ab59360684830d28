"""Deployments and flows over HTTP."""

import pytest
from tests.stories import NOBODY, file_deployment, welcome_deployment


def test_a_deployment_is_created_and_its_flow_made_known(api):
    answer = api("POST", "/deployments", welcome_deployment(tags=["eu"]))

    assert answer.status == 201
    assert answer.document == {
        "id": answer.document["id"],
        "flow_id": answer.document["flow_id"],
        "name": "welcome",
        "flow_name": "new-user-flow",
        "work_pool_name": "lambda",
        "work_queue_name": "default",
        "work_queue_id": answer.document["work_queue_id"],
        "job_variables": {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:flows"},
        "parameters": {},
        "parameter_openapi_schema": {},
        "enforce_parameter_schema": True,
        "tags": ["eu"],
        "labels": {},
        "description": "",
        "version": None,
        "paused": False,
        "schedules": [],
        "concurrency_limit": None,
        "concurrency_options": None,
        "global_concurrency_limit": None,
        "path": None,
        "entrypoint": None,
        "pull_steps": [],
        "storage_document_id": None,
        "infrastructure_document_id": None,
        "last_polled": None,
        "status": "READY",
        "created_by": None,
        "updated_by": None,
        "created": "2026-11-20T12:00:00.000000Z",
        "updated": "2026-11-20T12:00:00.000000Z",
    }
    (flow,) = api("POST", "/flows/filter", {}).document
    assert (flow["id"], flow["name"]) == (answer.document["flow_id"], "new-user-flow")


def test_a_deployment_of_the_same_flow_and_name_replaces_it(world, api):
    first = api("POST", "/deployments", welcome_deployment()).document
    world.clock.advance(60)

    again = api("POST", "/deployments", welcome_deployment(description="now with cake"))

    assert again.status == 200
    assert (again.document["id"], again.document["created"]) == (first["id"], first["created"])
    assert again.document["updated"] == "2026-11-20T12:01:00.000000Z"
    assert api("GET", f"/deployments/{first['id']}").document["description"] == "now with cake"
    assert len(api("POST", "/deployments/filter", {}).document) == 1


def test_a_flow_may_have_many_deployments(api):
    one = api("POST", "/deployments", welcome_deployment(name="eu")).document
    other = api("POST", "/deployments", welcome_deployment(name="us")).document

    assert one["id"] != other["id"]
    assert one["flow_id"] == other["flow_id"]
    assert len(api("POST", "/flows/filter", {}).document) == 1


def test_a_deployment_is_found_by_the_name_of_its_flow_and_its_own(api):
    created = api("POST", "/deployments", welcome_deployment(name="eu west")).document

    answer = api("GET", "/deployments/name/new-user-flow/eu west")

    assert (answer.status, answer.document) == (200, created)


@pytest.mark.parametrize("flow_name", ["new_user_flow", "new-user-flow"])
@pytest.mark.parametrize("asked", ["new_user_flow", "new-user-flow"])
def test_a_deployment_is_found_by_its_flow_as_it_is_called_and_by_the_functions_name(api, world, flow_name, asked):
    made = api("POST", "/deployments", welcome_deployment(flow_name=flow_name)).document

    assert api("GET", f"/deployments/name/{asked}/welcome").document["id"] == made["id"]
    assert world.backend.deployment(f"{asked}/welcome")["id"] == made["id"]


def test_deployments_are_listed_by_name(api):
    api("POST", "/deployments", welcome_deployment())
    api("POST", "/deployments", file_deployment())

    answer = api("POST", "/deployments/filter", {})

    assert [deployment["name"] for deployment in answer.document] == ["process", "welcome"]


def test_a_deployment_that_was_removed_is_not_there_under_any_name(api):
    created = api("POST", "/deployments", welcome_deployment()).document

    assert api("DELETE", f"/deployments/{created['id']}").status == 204

    assert api("GET", f"/deployments/{created['id']}").status == 404
    assert api("GET", "/deployments/name/new-user-flow/welcome").status == 404


def test_a_name_that_is_free_again_can_be_used(api):
    first = api("POST", "/deployments", welcome_deployment()).document
    api("DELETE", f"/deployments/{first['id']}")

    again = api("POST", "/deployments", welcome_deployment())

    assert again.status == 201
    assert again.document["id"] != first["id"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"work_pool_name": "kubernetes"}, "there is no work pool 'kubernetes'; there are lambda, step-functions"),
        ({"job_variables": {}}, "job_variables must hold 'function_arn' for the work pool 'lambda'"),
        ({"job_variables": {"function_arn": 7}}, "job_variables must hold 'function_arn'"),
        ({"work_pool_name": "step-functions"}, "must hold 'state_machine_arn'"),
        ({"name": "a/b"}, "String should match pattern"),
        ({"flow_name": ""}, "String should have at least 1 character"),
        ({"name": "n" * 256}, "String should have at most 255 characters"),
        ({"parameters": []}, "Input should be a valid dictionary"),
        ({"colour": "blue"}, "Extra inputs are not permitted"),
    ],
)
def test_a_deployment_that_is_wrong_is_refused_with_its_reason(world, api, changes, message):
    answer = api("POST", "/deployments", welcome_deployment(**changes))

    assert answer.status == 422
    assert message in answer.document["exception_detail"][0]["msg"]
    assert world.config.all("deployment") == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_deployment_that_is_not_there_is_not_found(api, method, id_):
    answer = api(method, f"/deployments/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no deployment")


def test_a_name_that_nobody_has_is_not_found(api):
    assert api("GET", "/deployments/name/new-user-flow/welcome").status == 404
