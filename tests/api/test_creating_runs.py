"""Runs of deployments over HTTP (SPEC 6.4; 8.10: D1 to D4, D14)."""

import base64

import pytest
from tests.stories import NOBODY, run_of, welcome_deployment, welcoming

from whenflow.events import address_of

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.fixture
def deployment(world):
    """The deployment that welcomes, with defaults."""
    return world.deployment(parameters={"name": "you", "times": 1}, tags=["eu"])


@pytest.fixture
def create(api, deployment):
    """A function that asks for a run of it."""
    return lambda body=None, **options: api(
        "POST", f"/deployments/{deployment['id']}/create_flow_run", body or {}, **options
    )


def test_d1_d4_a_run_has_merged_parameters_and_tags(create, deployment):
    answer = create({"parameters": {"name": "Ann"}, "tags": ["vip", "eu"], "name": "ann-again", "context": None})

    run = answer.document
    assert answer.status == 201
    assert (run["name"], run["parameters"], run["tags"]) == ("ann-again", {"name": "Ann", "times": 1}, ["eu", "vip"])
    assert (run["deployment_id"], run["state_name"], run["auto_scheduled"]) == (deployment["id"], "Scheduled", False)
    assert run["created_by"] == {"id": deployment["id"], "type": "DEPLOYMENT", "display_value": "welcome"}


def test_d2_the_same_key_answers_with_the_same_run(create):
    first = create({"idempotency_key": "order 7"})
    again = create({"idempotency_key": "order 7", "parameters": {"name": "Bob"}})

    assert (first.status, again.status) == (201, 200)
    assert again.document == first.document


def test_d3_parameters_that_do_not_fit_are_a_conflict(api, world):
    deployment = world.deployment(parameter_openapi_schema=SCHEMA)

    answer = api("POST", f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"name": 7}})

    assert answer.status == 409
    assert "name: 7 is not of type 'string'" in answer.document["detail"]


def test_what_cannot_be_hydrated_is_told(create):
    answer = create({"parameters": {"name": {"__prefect_kind": "json", "value": "{oops"}}})

    assert answer.status == 400
    assert answer.document["detail"].startswith("Error hydrating flow run parameters")


def test_a12_too_many_parameters_are_too_large(create):
    assert create({"parameters": {"name": "x" * 600_000}}).status == 413


def test_an_automation_that_asks_is_named(create):
    name = base64.b64encode("Grüße".encode()).decode()

    run = create(headers={"Prefect-Automation-ID": NOBODY, "Prefect-Automation-Name": name}).document

    assert run["created_by"] == {"id": NOBODY, "type": "AUTOMATION", "display_value": "Grüße"}


def test_a_run_may_be_asked_for_later(world, create):
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2026-11-20T13:00:00Z"}}

    run = create({"state": state}).document

    assert run["next_scheduled_start_time"] == "2026-11-20T13:00:00.000000Z"
    world.wait(0)
    assert world.launcher.launched == []


@pytest.mark.parametrize(
    "body",
    [
        {"state": {"type": "SLEEPING"}},
        {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": "soon"}}},
        {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": 7}}},
        {"state": {"type": "SCHEDULED", "data": "x" * 5_000}},
        {"parameters": []},
        {"tags": "eu"},
        {"name": ""},
        {"idempotency_key": ""},
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(world, create, body):
    assert create(body).status == 422
    assert world.runs.newest(9) == []


@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_deployment_that_is_not_there_has_no_runs(api, id_):
    assert api("POST", f"/deployments/{id_}/create_flow_run", {}).status == 404


def test_runs_that_are_scheduled_are_found_for_a_process_of_the_users_own(world, api):
    deployment = world.deployment(work_pool_name=None, job_variables={})
    run = api("POST", f"/deployments/{deployment['id']}/create_flow_run", {}).document
    body = {"deployment_ids": [deployment["id"]], "scheduled_before": "2026-11-20T12:01:00Z", "limit": 5}

    found = api("POST", "/deployments/get_scheduled_flow_runs", body)

    assert [one["id"] for one in found.document] == [run["id"]]
    world.wait(60)
    assert world.launcher.launched == []


def test_d14_a_deployment_takes_the_automations_that_it_owns_with_it(world, api):
    created = api("POST", "/deployments", welcome_deployment()).document
    owned = welcoming(created, owner_resource=f"prefect.deployment.{created['id']}")
    api("POST", "/automations", owned)
    others = api("POST", "/automations", welcoming(created, actions=[run_of(created)])).document

    assert api("DELETE", f"/deployments/{created['id']}").status == 204

    assert [one["id"] for one in world.config.all("automation")] == [others["id"]]


def test_each_change_of_a_deployment_is_an_event(world, api):
    created = api("POST", "/deployments", welcome_deployment()).document
    path = f"/deployments/{created['id']}"
    api("PATCH", path, {"version": "2", "tags": []})
    api("PATCH", path, {"version": "2"})
    api("DELETE", path)

    assert world.events.names() == [
        "prefect.deployment.created",
        "prefect.deployment.updated",
        "prefect.deployment.deleted",
    ]
    (updated,) = world.events.named("prefect.deployment.updated")
    assert updated.payload == {"updated_fields": ["version"], "updates": {"version": {"from": None, "to": "2"}}}


def test_deploying_again_changes_what_is_given_and_leaves_the_pause(api):
    created = api("POST", "/deployments", welcome_deployment(tags=["eu"], version="1")).document
    api("POST", f"/deployments/{created['id']}/pause_deployment")

    again = api("POST", "/deployments", welcome_deployment(version="2")).document

    assert (again["id"], again["version"], again["tags"], again["paused"]) == (created["id"], "2", [], True)


def test_two_who_deploy_at_once_make_one_deployment(world):
    registry, real = world.desk.registry, world.config.create
    raced: list[bool] = []

    def slow(kind, id_, document, also=()):
        if kind == "deployment" and not raced:
            raced.append(True)
            registry.upsert(welcome_deployment(description="the rival's"))
        real(kind, id_, document, also)

    world.config.create = slow
    _, is_new = registry.upsert(welcome_deployment(description="mine"))

    (stored,) = world.config.all("deployment")
    assert (is_new, stored["description"]) == (False, "mine")


# ---- schedules ----

HOURLY = {"schedule": {"cron": "0 * * * *", "timezone": None, "day_or": True}, "active": True, "parameters": {}}


def test_schedules_are_added_changed_and_removed(world, api, deployment):
    path = f"/deployments/{deployment['id']}/schedules"

    (added,) = api("POST", path, [HOURLY | {"slug": "hourly"}]).document
    assert (added["deployment_id"], added["slug"], added["active"]) == (deployment["id"], "hourly", True)
    assert api("GET", path).document == [added]
    assert len(world.runs.newest(9)) == 3

    assert api("PATCH", f"{path}/{added['id']}", {"active": False}).status == 204
    assert (api("GET", path).document[0]["active"], world.runs.newest(9)) == (False, [])

    assert api("DELETE", f"{path}/{added['id']}").status == 204
    assert api("GET", path).document == []


def test_a_slug_stands_for_one_schedule(api, deployment):
    path = f"/deployments/{deployment['id']}/schedules"
    api("POST", path, [HOURLY | {"slug": "hourly"}])

    assert api("POST", path, [HOURLY | {"slug": "hourly"}]).status == 409


@pytest.mark.parametrize(
    "body", [{}, [7], [{}], [{"schedule": {"cron": "every day"}}], [{"schedule": {"interval": 0}}]]
)
def test_a_schedule_that_is_none_is_refused(api, deployment, body):
    answer = api("POST", f"/deployments/{deployment['id']}/schedules", body)

    assert answer.status == 422
    assert answer.document["exception_detail"]


def test_a_schedule_that_is_not_there_is_not_found(api, deployment):
    path = f"/deployments/{deployment['id']}/schedules/{NOBODY}"

    assert (api("PATCH", path, {"active": True}).status, api("DELETE", path).status) == (404, 404)


def test_d8_pausing_and_resuming_over_http(world, api):
    created = api("POST", "/deployments", welcome_deployment(schedules=[HOURLY])).document

    api("POST", f"/deployments/{created['id']}/pause_deployment")
    assert (api("GET", f"/deployments/{created['id']}").document["paused"], world.runs.newest(9)) == (True, [])

    api("POST", f"/deployments/{created['id']}/resume_deployment")
    assert len(world.runs.newest(9)) == 3


# ---- lists ----


def names(answer):
    assert answer.status == 200
    return [one["name"] for one in answer.document]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["eu", "us"]),
        ({"sort": "NAME_DESC"}, ["us", "eu"]),
        ({"deployments": {"name": {"like_": "U"}}}, ["eu", "us"]),
        ({"deployments": {"name": {"any_": ["us"]}}, "flows": None}, ["us"]),
        ({"deployments": {"tags": {"all_": ["a", "b"]}}}, ["eu"]),
        ({"deployments": {"paused": {"eq_": True}}}, ["us"]),
        ({"flows": {"name": {"any_": ["other"]}}}, []),
        ({"deployments": {"operator": "or_", "name": {"any_": ["eu"]}, "paused": {"eq_": True}}}, ["eu", "us"]),
        ({"limit": 1, "offset": 1}, ["us"]),
    ],
)
def test_deployments_are_found_as_asked(world, api, body, found):
    world.deployment(name="eu", tags=["a", "b"])
    world.deployment(name="us", paused=True)

    assert names(api("POST", "/deployments/filter", body)) == found
    if "limit" not in body:
        assert api("POST", "/deployments/count", body).document == len(found)


@pytest.mark.parametrize(
    "body",
    [{"deployments": {"colour": {}}}, {"deployments": {"name": {"near_": 1}}}, {"sort": "COLOUR"}, {"deployments": 7}],
)
def test_a_filter_that_is_none_is_refused(api, body):
    assert api("POST", "/deployments/filter", body).status == 422


@pytest.mark.parametrize("key", ["a", "b", "c", "d"])
def test_the_id_of_a_proposed_state_says_where_the_events_of_its_run_stand(create, world, key):
    run = create({"state": {"type": "SCHEDULED", "name": "Later"}, "idempotency_key": key}).document

    elsewhere = world.ids.event_id(world.clock.now(), f"prefect.flow-run.{run['id']}")
    assert run["state_name"] == "Later"
    assert address_of(run["state_id"]) == address_of(elsewhere)
