"""Runs of deployments: what they carry, and that the same is asked for twice and made once (SPEC 8.10: D1 to D4)."""

import pytest
from tests.stories import NOON

from whenflow.deployments import RunRequest
from whenflow.deployments.pools import pool_id_of
from whenflow.deployments.values import DoNotFit, HydrationFailed
from whenflow.errors import Rejected, TooLarge

SCHEMA = {
    "title": "Parameters",
    "type": "object",
    "properties": {"name": {"type": "string"}, "times": {"type": "integer", "minimum": 1}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.fixture
def create(world):
    """A function that makes a run of the deployment that welcomes, or of one that differs from it."""

    def made(deployment=None, **request):
        return world.desk.maker.create(world.deployment(**(deployment or {})), RunRequest(**request))

    return made


def test_d1_given_parameters_go_over_the_deployments_own(create):
    run, is_new = create({"parameters": {"name": "you", "times": 2}}, parameters={"name": "Ann"})

    assert (run.parameters, is_new) == ({"name": "Ann", "times": 2}, True)


def test_d1_a_run_is_scheduled_for_this_moment_and_started_by_the_timer(world, create):
    run, _ = create()

    assert (run.state.name, run.due) == ("Scheduled", NOON)
    world.wait(0)
    assert [one.id for one in world.launcher.launched] == [run.id]


def test_d2_the_same_key_is_the_same_run(world):
    deployment = world.deployment()
    first = world.desk.maker.create(deployment, RunRequest(idempotency_key="order 7", parameters={"name": "Ann"}))

    again = world.desk.maker.create(deployment, RunRequest(idempotency_key="order 7", parameters={"name": "Bob"}))

    assert first[1] is True
    assert again == (first[0], False)
    assert len(world.runs.newest(9)) == 1


def test_d2_another_key_or_none_is_another_run(world, create):
    ids = {create(idempotency_key=key)[0].id for key in ("order 7", "order 8", None, None)}

    assert len(ids) == 4


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "'name' is a required property"),
        ({"name": 5}, "name: 5 is not of type 'string'"),
        ({"name": "Ann", "times": 0}, "times: 0 is less than the minimum of 1"),
        ({"name": "Ann", "colour": "blue"}, "'colour' was unexpected"),
    ],
)
def test_d3_parameters_that_do_not_fit_the_schema_are_refused(world, create, parameters, told):
    with pytest.raises(DoNotFit, match=told):
        create({"parameter_openapi_schema": SCHEMA}, parameters=parameters)

    assert world.runs.newest(9) == []


def test_d3_parameters_that_fit_are_taken(create):
    assert create({"parameter_openapi_schema": SCHEMA}, parameters={"name": "Ann", "times": 2})[1]


@pytest.mark.parametrize(
    ("enforced", "asked", "fits"), [(False, None, True), (False, True, False), (True, False, True)]
)
def test_d3_the_schema_is_enforced_as_the_deployment_says_or_whoever_asks(create, enforced, asked, fits):
    deployment = {"parameter_openapi_schema": SCHEMA, "enforce_parameter_schema": enforced}

    if fits:
        create(deployment, parameters={"name": 5}, enforce=asked)
    else:
        with pytest.raises(DoNotFit):
            create(deployment, parameters={"name": 5}, enforce=asked)


def test_a_schema_never_reaches_for_another_host(create):
    schema = {"properties": {"name": {"$ref": "https://schemas.example/name.json"}}}

    with pytest.raises(Rejected, match="refers to what is not in it"):
        create({"parameter_openapi_schema": schema}, parameters={"name": "Ann"})


def test_a_circular_schema_is_refused(create):
    schema = {
        "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}},
        "properties": {"name": {"$ref": "#/definitions/a"}},
    }

    with pytest.raises(Rejected, match="circular"):
        create({"parameter_openapi_schema": schema}, parameters={"name": "Ann"})


def test_d4_tags_are_the_deployments_and_the_given(create):
    assert create({"tags": ["eu", "daily"]}, tags=["vip", "eu"])[0].tags == ("eu", "daily", "vip")


def test_a12_too_many_parameters_are_refused_with_the_limit(create):
    with pytest.raises(TooLarge, match="the limit is 524,288"):
        create(parameters={"name": "x" * 600_000})


def test_what_stands_for_something_is_put_in_once(world, create):
    world.config.create("variable", "greeting", {"name": "greeting", "value": {"text": "hello"}})
    given = {
        "a": {"__prefect_kind": "json", "value": '{"__prefect_kind": "workspace_variable", "variable_name": "x"}'},
        "b": {"__prefect_kind": "workspace_variable", "variable_name": "greeting"},
        "c": {"__prefect_kind": "none", "value": 3},
        "d": {"__prefect_kind": "json"},
    }

    run, _ = create(parameters=given, hydrate=True)

    assert run.parameters == {
        "a": {"__prefect_kind": "workspace_variable", "variable_name": "x"},
        "b": {"text": "hello"},
        "c": 3,
    }


def test_a23_what_came_of_an_event_stays_data(world, create):
    world.config.create("variable", "secret", {"name": "secret", "value": "s3cret"})
    given = {"name": {"__prefect_kind": "workspace_variable", "variable_name": "secret"}}

    assert create(parameters=given)[0].parameters == given


@pytest.mark.parametrize(
    "value",
    [
        {"__prefect_kind": "workspace_variable", "variable_name": "nope"},
        {"__prefect_kind": "json", "value": "{oops"},
    ],
)
def test_what_stands_for_nothing_is_told(create, value):
    with pytest.raises(HydrationFailed, match="Error hydrating flow run parameters"):
        create(parameters={"name": value}, hydrate=True)


def test_a_pool_gives_its_runs_job_variables_of_its_own(world):
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:other"
    template = {"variables": {"properties": {"function_arn": {"default": arn}, "memory": {"default": 512}}}}
    pool = {"id": pool_id_of("big"), "name": "big", "type": "lambda", "is_paused": False, "base_job_template": template}
    world.config.create("work-pool", pool["id"], pool)
    deployment = world.deployment(work_pool_name="big", job_variables={})

    run, _ = world.desk.maker.create(deployment, RunRequest(job_variables={"memory": 1024}))

    assert run.job_variables == {"function_arn": arn, "memory": 1024}
    assert (run.work_pool_name, run.target_type) == ("big", "lambda")


def test_runs_of_a_pool_that_is_paused_wait_and_are_late_and_start_when_it_is_resumed(world):
    pool = {"id": pool_id_of("lambda"), "name": "lambda", "type": "lambda", "is_paused": True}
    world.config.create("work-pool", pool["id"], pool)
    run, _ = world.desk.maker.create(world.deployment(), RunRequest(at_once=True))

    for _ in range(2):
        world.clock.advance(60)
        world.schedule.sweep()
        world.wait(0)
    assert (world.launcher.launched, world.run().state.name) == ([], "Late")

    world.config.replace("work-pool", pool["id"], pool | {"is_paused": False})
    world.clock.advance(60)
    world.schedule.sweep()
    world.wait(0)
    assert [one.id for one in world.launcher.launched] == [run.id]
