"""Variables and work pools over HTTP (SPEC 7.5)."""

import pytest
from tests.stories import NOBODY, welcome_deployment

from whenflow.errors import Transient


@pytest.fixture
def variable(api):
    """A variable."""
    return api("POST", "/variables", {"name": "greeting", "value": {"text": "hello"}, "tags": ["a"]}).document


def test_a_variable_is_found_by_name_and_by_id(api, variable):
    assert api("GET", "/variables/name/greeting").document == variable
    assert api("GET", f"/variables/{variable['id']}").document == variable


def test_a_name_is_taken_once(api, variable):
    assert api("POST", "/variables", {"name": "greeting", "value": 1}).status == 409


def test_a_variable_changes_in_what_is_given(api, world, variable):
    world.clock.advance(60)
    assert api("PATCH", "/variables/name/greeting", {"value": None}).status == 204

    shown = api("GET", "/variables/name/greeting").document
    assert (shown["value"], shown["tags"], shown["id"]) == (None, ["a"], variable["id"])
    assert shown["updated"] == "2026-11-20T12:01:00.000000Z"


def test_a_variable_that_is_renamed_is_found_under_its_new_name_only(api, variable):
    assert api("PATCH", f"/variables/{variable['id']}", {"name": "salute"}).status == 204

    assert api("GET", "/variables/name/greeting").status == 404
    assert api("GET", "/variables/name/salute").document["id"] == variable["id"]
    assert api("GET", f"/variables/{variable['id']}").document["name"] == "salute"


def test_a_variable_whose_renaming_fails_keeps_its_name(api, world, variable, monkeypatch):
    def dies(*_, **__):
        raise Transient("the process died")

    with monkeypatch.context() as broken:
        for write in ("create", "move"):
            broken.setattr(type(world.config), write, dies)
        assert api("PATCH", "/variables/name/greeting", {"name": "salute"}).status == 503

    assert api("GET", f"/variables/{variable['id']}").document == variable


def test_a_name_that_another_has_is_not_given_twice(api, variable):
    api("POST", "/variables", {"name": "salute", "value": 1})

    assert api("PATCH", "/variables/name/greeting", {"name": "salute"}).status == 409
    assert api("GET", "/variables/name/greeting").document == variable


@pytest.mark.parametrize("path", ["name/greeting", "{id}"])
def test_a_variable_that_was_removed_is_not_there(api, variable, path):
    assert api("DELETE", f"/variables/{path.format(**variable)}").status == 204

    assert api("GET", "/variables/name/greeting").status == 404
    assert api("GET", f"/variables/{variable['id']}").status == 404


def test_variables_are_listed_by_name(api, variable):
    api("POST", "/variables", {"name": "answer", "value": 42})

    found = api("POST", "/variables/filter", {"limit": 10})
    assert [one["name"] for one in found.document] == ["answer", "greeting"]
    asked = {"variables": {"name": {"like_": "GREET"}, "tags": {"all_": ["a"]}}}
    assert [one["name"] for one in api("POST", "/variables/filter", asked).document] == ["greeting"]
    assert api("POST", "/variables/count", {}).document == 2


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a b", "value": 1},
        {"name": "", "value": 1},
        {"name": "n" * 256, "value": 1},
        {"name": "big", "value": "x" * 5_001},
        {"name": "none"},
    ],
)
def test_a_variable_that_is_none_is_refused(api, body):
    assert api("POST", "/variables", body).status == 422


def test_changes_are_told_and_values_are_not(api, world, variable):
    api("PATCH", "/variables/name/greeting", {"value": "s3cret"})
    api("DELETE", "/variables/name/greeting")

    assert world.events.names() == [f"prefect.variable.{what}" for what in ("created", "updated", "deleted")]
    assert "s3cret" not in str(list(world.events.stored.values()))


# ---- work pools ----

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:other"
TEMPLATE = {"variables": {"properties": {"function_arn": {"default": ARN}}}}


def test_two_work_pools_are_in_every_stack(api):
    found = api("POST", "/work_pools/filter", {}).document

    assert [(one["name"], one["type"], one["status"]) for one in found] == [
        ("lambda", "lambda", "READY"),
        ("step-functions", "step-functions", "READY"),
    ]
    assert all(one["created"] for one in found)


def test_a_pool_of_the_users_own_gives_its_deployments_their_target(api):
    pool = {"name": "big", "type": "lambda", "base_job_template": TEMPLATE, "concurrency_limit": None}
    assert api("POST", "/work_pools", pool).status == 201

    deployed = api("POST", "/deployments", welcome_deployment(work_pool_name="big", job_variables={}))

    assert deployed.status == 201
    assert api("DELETE", "/work_pools/big").status == 409
    api("DELETE", f"/deployments/{deployed.document['id']}")
    assert api("DELETE", "/work_pools/big").status == 204
    assert api("GET", "/work_pools/big").status == 404


@pytest.mark.parametrize("name", ["lambda", "big"])
def test_a_pool_is_paused_and_resumed(api, world, name):
    api("POST", "/work_pools", {"name": "big", "type": "lambda"})

    api("PATCH", f"/work_pools/{name}", {"is_paused": True})
    assert api("GET", f"/work_pools/{name}").document["status"] == "PAUSED"
    api("PATCH", f"/work_pools/{name}", {"is_paused": False})

    assert world.events.names()[-2:] == ["prefect.work-pool.paused", "prefect.work-pool.ready"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "lambda", "type": "lambda"}, 409),
        ({"name": "k8s", "type": "kubernetes"}, 422),
        ({"name": "a/b", "type": "lambda"}, 422),
        ({"name": "few", "type": "lambda", "concurrency_limit": -1}, 422),
        ({"name": "few", "type": "lambda", "concurrency_limit": "3"}, 422),
    ],
)
def test_a_pool_that_cannot_be_is_refused(api, body, status):
    assert api("POST", "/work_pools", body).status == status


def test_what_is_in_every_stack_stays(api):
    assert api("DELETE", "/work_pools/lambda").status == 409


@pytest.mark.parametrize(
    "path", ["/work_pools/nope", f"/variables/{NOBODY}", "/variables/name/nope", f"/flows/{NOBODY}"]
)
def test_what_is_not_there_is_not_found(api, path):
    assert api("GET", path).status == 404


def test_a_pool_shows_its_queue(api):
    (queue,) = api("POST", "/work_pools/lambda/queues/filter", {}).document

    assert (queue["name"], queue["is_paused"], queue["work_pool_name"]) == ("default", False, "lambda")


# ---- logs ----


def test_log_lines_are_kept_with_their_run(api):
    lines = [
        {"name": "flow", "level": 20, "message": f"line {n}", "timestamp": "2026-11-20T12:00:00Z", "flow_run_id": run}
        for n, run in enumerate((NOBODY, None, NOBODY))
    ]

    assert api("POST", "/logs", lines).status == 201

    asked = {"logs": {"flow_run_id": {"any_": [NOBODY]}}}
    assert [one["message"] for one in api("POST", "/logs/filter", asked).document] == ["line 0", "line 2"]
    backwards = api("POST", "/logs/filter", asked | {"sort": "TIMESTAMP_DESC"}).document
    assert [one["message"] for one in backwards] == ["line 2", "line 0"]


@pytest.mark.parametrize("body", [{}, [7], [{"name": "x"}], [{"level": -1}]])
def test_what_is_no_log_line_is_refused(api, body):
    assert api("POST", "/logs", body).status == 422


def test_a_pool_has_a_limit_until_it_is_taken_away(api, world):
    assert api("PATCH", "/work_pools/lambda", {"concurrency_limit": 3}).status == 204
    assert api("GET", "/work_pools/lambda").document["concurrency_limit"] == 3
    assert api("PATCH", "/work_pools/lambda", {"description": "x"}).status == 204
    assert api("GET", "/work_pools/lambda").document["concurrency_limit"] == 3

    assert api("PATCH", "/work_pools/lambda", {"concurrency_limit": None}).status == 204

    assert api("GET", "/work_pools/lambda").document["concurrency_limit"] is None
    assert world.events.names()[-1] == "prefect.work-pool.updated"


@pytest.mark.parametrize("limit", [-1, 5_001, "3", 1.5, True])
def test_a_limit_that_is_none_is_refused(api, limit):
    assert api("PATCH", "/work_pools/lambda", {"concurrency_limit": limit}).status == 422
