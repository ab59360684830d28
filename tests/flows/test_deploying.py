"""Deployments and their triggers, from code and from documents."""

from datetime import timedelta

import pytest
from tests.flows.clients import WorldClient, call_api
from tests.stories import ann_signs_up, order_placed

from whenflow.errors import Rejected
from whenflow.events import (
    CompoundTrigger,
    DeploymentCompoundTrigger,
    DeploymentEventTrigger,
    DeploymentMetricTrigger,
    DeploymentSequenceTrigger,
    EventTrigger,
)
from whenflow.flows import deployments, flow
from whenflow.flows.deployments import apply_deployments
from whenflow.flows.runtime import NotConnected

LAMBDA = {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:flows"}


@flow(log_prints=True)
def downstream_flow(ticker: str = "AAPL") -> str:
    """Look at one ticker."""
    print(f"got {ticker}")
    return ticker


UPSTREAM_COMPLETED = DeploymentEventTrigger(
    name="Upstream Flow - Pipeline",
    enabled=True,
    match_related={"prefect.resource.id": "prefect.flow.*"},
    expect={"prefect.flow-run.Completed"},
)
SIGNUP = DeploymentEventTrigger(
    expect=["user.signed-up"], parameters={"ticker": "{{ event.payload.name }}"}, within=timedelta(minutes=1)
)


@pytest.fixture
def client(world) -> WorldClient:
    """The API of the world."""
    return WorldClient(world)


def owned(world, deployment_id: str) -> list[dict]:
    found = call_api(world, "GET", f"/automations/related-to/prefect.deployment.{deployment_id}")
    return sorted(found, key=lambda one: one["name"])


def deployment(*triggers, **options):
    return downstream_flow.to_deployment("ticker-deploy", triggers=triggers, job_variables=LAMBDA, **options)


def test_a_deployment_is_made_with_what_the_flow_says(world, client):
    id_ = deployment(tags=["a"], parameters={"ticker": "MSFT"}, concurrency_limit=3).apply(client)

    made = call_api(world, "GET", f"/deployments/{id_}")
    assert (made["name"], made["flow_name"], made["tags"]) == ("ticker-deploy", "downstream-flow", ["a"])
    assert (made["parameters"], made["concurrency_limit"]) == ({"ticker": "MSFT"}, 3)
    assert made["description"] == "Look at one ticker."
    assert made["parameter_openapi_schema"]["properties"]["ticker"]["default"] == "AAPL"


def test_a_trigger_is_an_automation_that_the_deployment_owns(world, client):
    id_ = deployment(UPSTREAM_COMPLETED).apply(client)

    (made,) = owned(world, id_)
    assert made["name"] == "Upstream Flow - Pipeline"
    assert made["owner_resource"] == f"prefect.deployment.{id_}"
    assert made["trigger"]["expect"] == ["prefect.flow-run.Completed"]
    assert made["trigger"]["match_related"] == {"prefect.resource.id": "prefect.flow.*"}
    assert made["actions"][0]["deployment_id"] == id_


def test_D13_deployed_twice_it_owns_one_set_of_automations(world, client):
    before = owned(world, deployment(UPSTREAM_COMPLETED, SIGNUP).apply(client))
    after = owned(world, deployment(UPSTREAM_COMPLETED, SIGNUP).apply(client))

    assert after == before
    assert [one["name"] for one in after] == ["Upstream Flow - Pipeline", "ticker-deploy__automation_2"]
    assert world.events.names().count("prefect.automation.created") == 2
    assert "prefect.automation.updated" not in world.events.names()


def test_a_trigger_that_changes_keeps_its_automation_and_one_that_goes_is_removed(world, client):
    (upstream, signup) = owned(world, deployment(UPSTREAM_COMPLETED, SIGNUP).apply(client))

    changed = SIGNUP.model_copy(update={"name": signup["name"], "threshold": 2})
    (left,) = owned(world, deployment(changed).apply(client))

    assert (left["id"], left["trigger"]["threshold"]) == (signup["id"], 2)
    assert left["trigger"]["id"] != signup["trigger"]["id"]
    assert upstream["id"] != left["id"]


def test_the_windows_of_a_trigger_that_says_the_same_survive_a_new_deployment(world, client):
    counting = DeploymentEventTrigger(name="three orders", expect=["order.placed"], threshold=3, within=3600)
    deployment(counting).apply(client)
    for number in (1, 2):
        world.happens(order_placed(number, id=f"0190163d-8694-7000-8000-00000000000{number}"))

    deployment(counting, version="2").apply(client)
    world.happens(order_placed(3, id="0190163d-8694-7000-8000-000000000003"))

    assert len(world.firings.stored) == 1


def test_an_event_runs_the_deployment_with_parameters_of_the_event(world, client):
    deployment(SIGNUP).apply(client)

    world.happens(ann_signs_up())

    assert world.run().parameters == {"ticker": "Ann"}


def test_all_kinds_of_triggers_are_taken(world, client):
    first, second = EventTrigger(expect={"a"}), EventTrigger(expect={"b"}, posture="Reactive")
    id_ = deployment(
        DeploymentCompoundTrigger(name="both", require="all", within=60, triggers=[first, second]),
        DeploymentSequenceTrigger(
            name="in order", within=timedelta(hours=1), triggers=[first, CompoundTrigger(triggers=[second])]
        ),
        DeploymentMetricTrigger(
            name="slow",
            metric={"name": "duration", "operator": ">", "threshold": 60},  # type: ignore[arg-type]
        ),
        {"name": "plain", "expect": ["c"], "match": {"prefect.resource.id": "x"}},
        {"name": "plain both", "require": "any", "within": 5, "triggers": [{"expect": ["a"]}, {"expect": ["b"]}]},
    ).apply(client)

    kinds = {one["name"]: (one["trigger"]["type"], one["trigger"].get("within")) for one in owned(world, id_)}
    assert kinds == {
        "both": ("compound", 60.0),
        "in order": ("sequence", 3600.0),
        "slow": ("metric", None),
        "plain": ("event", 0.0),
        "plain both": ("compound", 5.0),
    }


@pytest.mark.parametrize(
    ("trigger", "complaint"),
    [
        ({"expects": ["a"]}, "expects: Extra inputs are not permitted"),
        ({"type": "moon"}, "no type of trigger 'moon'"),
        ({"expect": ["a"], "posture": "Proactive", "within": 5}, "greater than or equal to 10 seconds"),
    ],
)
def test_a_trigger_that_is_not_valid_is_refused_before_anything_is_sent(trigger, complaint):
    with pytest.raises(Rejected, match=complaint):
        deployment(trigger)


def test_two_triggers_of_one_name_are_refused(client):
    with pytest.raises(Rejected, match="same name"):
        deployment(UPSTREAM_COMPLETED, UPSTREAM_COMPLETED).apply(client)


def test_D14_deleting_a_deployment_removes_its_automations(world, client):
    id_ = deployment(SIGNUP).apply(client)

    call_api(world, "DELETE", f"/deployments/{id_}")

    assert owned(world, id_) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"cron": "0 6 * * *"}, {"cron": "0 6 * * *"}),
        ({"cron": "0 6 * * *", "timezone": "Europe/Berlin"}, {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}),
        ({"interval": timedelta(minutes=10)}, {"interval": 600.0}),
        ({"rrule": "FREQ=DAILY"}, {"rrule": "FREQ=DAILY"}),
        ({"schedules": [{"cron": "0 6 * * *", "slug": "early"}]}, {"cron": "0 6 * * *"}),
    ],
)
def test_schedules_are_taken(world, client, options, expected):
    id_ = deployment(**options).apply(client)

    (schedule,) = call_api(world, "GET", f"/deployments/{id_}")["schedules"]
    assert expected.items() <= schedule["schedule"].items()


def test_schedules_stay_where_nothing_says_when_and_go_where_it_says_never(world, client):
    id_ = deployment(cron="0 6 * * *").apply(client)

    deployment().apply(client)
    assert len(call_api(world, "GET", f"/deployments/{id_}")["schedules"]) == 1
    deployment(schedules=[]).apply(client)
    assert call_api(world, "GET", f"/deployments/{id_}")["schedules"] == []


def test_deploy_sends_it_to_the_api_that_is_connected(world, client, monkeypatch):
    monkeypatch.setattr(deployments, "connected", lambda: client)

    id_ = downstream_flow.deploy("ticker-deploy", work_pool_name="lambda", job_variables=LAMBDA, triggers=[SIGNUP])

    assert client.calls == ["POST /deployments/", f"PUT /automations/owned-by/prefect.deployment.{id_}"]


def test_who_does_not_know_where_to_deploy_is_told_how_to_say_it(monkeypatch, tmp_path):
    monkeypatch.delenv("WHENFLOW_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotConnected, match="where to deploy"):
        deployment().apply()


# ---- the set that somebody owns ----

OWNED_BY = "/automations/owned-by/prefect.deployment.0190163d-8694-7000-8000-0000000000aa"


def wanted(name: str, **changes) -> dict:
    return {
        "name": name,
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["a"]},
        "actions": [{"type": "do-nothing"}],
        **changes,
    }


def test_a_set_of_which_one_is_not_valid_changes_nothing(world):
    call_api(world, "PUT", OWNED_BY, [wanted("a"), wanted("b")])

    for wrong in ([wanted("a", enabled=False), wanted("b", trigger={})], [wanted("a"), wanted("a")], {"a": 1}):
        call_api(world, "PUT", OWNED_BY, wrong, status=422)

    assert [one["enabled"] for one in call_api(world, "POST", "/automations/filter", {})] == [True, True]


def test_a_set_leaves_what_others_own(world):
    call_api(world, "POST", "/automations/", wanted("mine"))
    call_api(world, "PUT", OWNED_BY, [wanted("a")])
    call_api(world, "PUT", OWNED_BY, [])

    assert [one["name"] for one in call_api(world, "POST", "/automations/filter", {})] == ["mine"]


def test_a_set_that_two_deploy_at_the_same_time_is_there_once(world, monkeypatch):
    call_api(world, "PUT", OWNED_BY, [wanted("a")])
    monkeypatch.setattr(world.config, "all", lambda _kind: [])  # what the other has just stored is not seen yet

    call_api(world, "PUT", OWNED_BY, [wanted("a", description="newer")])

    monkeypatch.undo()
    (one,) = call_api(world, "POST", "/automations/filter", {})
    assert one["description"] == "newer"


# ---- documents ----


def test_a_document_makes_its_deployments(world, client, tmp_path):
    (tmp_path / "flows.py").write_text(
        "from whenflow import flow\n\n@flow\ndef process(file_name: str) -> None:\n    '''Process.'''\n"
    )
    entry = {
        "name": "prod",
        "entrypoint": "flows.py:process",
        "tags": ["files"],
        "parameters": {"file_name": "all.csv"},
        "work_pool": {"name": "lambda", "job_variables": LAMBDA},
        "schedules": [{"cron": "0 6 * * *"}],
        "triggers": [{"expect": ["aws.s3.object-created"], "parameters": {"file_name": "{{ event.resource.name }}"}}],
    }

    for _ in range(2):
        (applied,) = apply_deployments({"deployments": [entry]}, client, tmp_path)

    assert (applied.name, applied.is_new, len(applied.automation_ids)) == ("process/prod", False, 1)
    made = call_api(world, "GET", f"/deployments/{applied.id}")
    assert made["parameter_openapi_schema"]["required"] == ["file_name"]
    assert [one["name"] for one in owned(world, applied.id)] == ["prod__automation_1"]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "no list 'deployments'"),
        ({"deployments": [{}]}, r"deployments\[0\]: give it a name"),
        ({"deployments": [{"name": "a"}]}, "give flow_name, or entrypoint"),
        ({"deployments": [{"name": "a", "entrypoint": "none.py:f"}]}, "there is no file"),
        ({"deployments": [{"name": "a", "entrypoint": "bad.py:f"}]}, "cannot be run: NameError"),
        ({"deployments": [{"name": "a", "entrypoint": "good.py:g"}]}, "has no flow 'g'"),
        ({"deployments": [{"name": "a", "flow_name": "f", "schedule": {"every": 5}}]}, "cron, interval or rrule"),
    ],
)
def test_a_document_that_is_not_valid_is_refused_with_the_place(client, tmp_path, document, complaint):
    (tmp_path / "bad.py").write_text("no_such_name\n")
    (tmp_path / "good.py").write_text("f = 1\n")

    with pytest.raises(Rejected, match=complaint):
        apply_deployments(document, client, tmp_path)

    assert client.calls == []
