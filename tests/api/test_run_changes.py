"""Flow runs that clients make and move themselves (SPEC 6.2), and lists of them."""

import pytest
from tests.stories import NOBODY

from whenflow.deployments import RunRequest
from whenflow.runs import StateType


@pytest.fixture
def run(world):
    """A run that is scheduled for noon, and not started."""
    run, _ = world.desk.maker.create(world.deployment(), RunRequest())
    world.timers.launches.clear()
    return run


@pytest.fixture
def propose(api, run):
    """A function that proposes a state for it."""

    def proposed(type_, force=False, **state):
        body = {"state": {"type": type_, **state}, "force": force}
        return api("POST", f"/flow_runs/{run.id}/set_state", body)

    return proposed


def test_d5_a_state_that_is_accepted_is_made(api, run, propose):
    answer = propose("PENDING", name="Submitting", message="here we go")

    assert answer.status == 201
    assert (answer.document["status"], answer.document["details"]) == ("ACCEPT", {"type": "accept_details"})
    assert answer.document["state"]["name"] == "Submitting"
    assert api("GET", f"/flow_runs/{run.id}").document["state"] == answer.document["state"]


def test_d5_a_run_of_which_nothing_works_is_cancelled_at_once(propose):
    answer = propose("CANCELLING", state_details={"transition_id": NOBODY, "deferred": None})

    assert (answer.status, answer.document["status"]) == (201, "REJECT")
    assert answer.document["state"]["type"] == "CANCELLED"
    assert answer.document["details"]["type"] == "reject_details"
    assert answer.document["details"]["reason"]


def test_d5_whoever_comes_second_is_told_to_stop(propose):
    propose("PENDING")

    answer = propose("PENDING")

    assert (answer.status, answer.document["status"], answer.document["state"]) == (200, "ABORT", None)


def test_d5_the_same_transition_again_is_no_second_one(world, propose):
    propose("PENDING", state_details={"transition_id": NOBODY})

    answer = propose("PENDING", state_details={"transition_id": NOBODY})

    assert (answer.status, answer.document["status"]) == (200, "REJECT")
    assert len(world.events.named("prefect.flow-run.Pending")) == 1


def test_d5_who_is_too_early_is_told_how_long_to_wait(propose):
    propose("SCHEDULED", state_details={"scheduled_time": "2026-11-20T12:00:30Z"})

    answer = propose("RUNNING")

    assert (answer.status, answer.document["status"]) == (200, "WAIT")
    assert answer.document["details"]["delay_seconds"] == 31


def test_d5_force_skips_the_rules(propose):
    propose("CANCELLED")

    assert propose("RUNNING").document["status"] == "ABORT"
    assert propose("RUNNING", force=True).document["status"] == "ACCEPT"


def test_d6_pending_takes_a_slot_or_waits(world, api):
    deployment = world.deployment(concurrency_limit=1)
    first, second = (world.desk.maker.create(deployment, RunRequest())[0] for _ in range(2))
    body = {"state": {"type": "PENDING"}}

    assert api("POST", f"/flow_runs/{first.id}/set_state", body).document["status"] == "ACCEPT"
    answer = api("POST", f"/flow_runs/{second.id}/set_state", body)

    assert (answer.status, answer.document["status"]) == (201, "REJECT")
    assert answer.document["state"]["name"] == "AwaitingConcurrencySlot"


@pytest.mark.parametrize("body", [{}, {"state": {}}, {"state": {"type": "ASLEEP"}}, {"state": 7}])
def test_a_state_that_is_none_is_refused(api, run, body):
    assert api("POST", f"/flow_runs/{run.id}/set_state", body).status == 422


def test_a_run_that_is_suspended_is_resumed(api, world, run):
    world.control.suspend(run.id, "wait for Ann")

    answer = api("POST", f"/flow_runs/{run.id}/resume", {"run_input": None})

    assert (answer.document["status"], answer.document["state"]["name"]) == ("ACCEPT", "Resuming")


def test_a_run_that_is_not_paused_is_not_resumed(api, run):
    answer = api("POST", f"/flow_runs/{run.id}/resume", {})

    assert (answer.status, answer.document["status"]) == (200, "REJECT")


def test_a_run_is_changed_in_what_is_no_state(api, run):
    body = {"name": "renamed", "tags": ["a"], "empirical_policy": {"retries": 2}, "infrastructure_pid": "7"}
    assert api("PATCH", f"/flow_runs/{run.id}", body).status == 204
    assert api("PATCH", f"/flow_runs/{run.id}/labels", {"team": "blue"}).status == 204

    shown = api("GET", f"/flow_runs/{run.id}").document
    assert (shown["name"], shown["tags"], shown["labels"]) == ("renamed", ["a"], {"team": "blue"})
    assert shown["empirical_policy"]["retries"] == 2
    assert shown["parameters"] == {}


def test_a_run_that_was_removed_is_not_there(api, run):
    assert api("DELETE", f"/flow_runs/{run.id}").status == 204
    assert api("GET", f"/flow_runs/{run.id}").status == 404
    assert api("DELETE", f"/flow_runs/{run.id}").status == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "set_state"), ("POST", "resume"), ("PATCH", ""), ("DELETE", "")])
def test_what_is_not_there_cannot_be_changed(api, method, path):
    body = {"state": {"type": "RUNNING"}}

    assert api(method, f"/flow_runs/{NOBODY}/{path}", body).status == 404


# ---- a flow that somebody runs on a machine of his own ----


@pytest.fixture
def flow(api):
    """A flow that no deployment names."""
    return api("POST", "/flows", {"name": "report", "tags": ["a"]}).document


def test_a_flow_is_made_known_once(api, flow):
    again = api("POST", "/flows", {"name": "report"})

    assert (again.status, again.document["id"]) == (200, flow["id"])
    assert api("GET", f"/flows/{flow['id']}").document == api("GET", "/flows/name/report").document == flow
    assert api("POST", "/flows/count", {"flows": {"name": {"like_": "REP"}}}).document == 1


def test_a_flow_with_deployments_is_not_removed(api, world, flow):
    world.deployment()
    deployed = api("GET", "/flows/name/new-user-flow").document

    assert api("DELETE", f"/flows/{deployed['id']}").status == 409
    assert api("DELETE", f"/flows/{flow['id']}").status == 204
    assert api("GET", f"/flows/{flow['id']}").status == 404


def test_a_run_of_the_users_own_goes_its_way(api, world, flow):
    body = {"flow_id": flow["id"], "name": "tonight", "parameters": {"n": 1}, "state": {"type": "PENDING"}}
    made = api("POST", "/flow_runs", body)
    path = f"/flow_runs/{made.document['id']}"

    statuses = []
    for type_ in ("RUNNING", "COMPLETED"):
        world.clock.advance(2)
        statuses.append(api("POST", f"{path}/set_state", {"state": {"type": type_}}).document["status"])

    shown = api("GET", path).document
    assert (made.status, statuses) == (201, ["ACCEPT", "ACCEPT"])
    assert (shown["state_name"], shown["total_run_time"], shown["deployment_id"]) == ("Completed", 2.0, None)
    assert shown["estimated_start_time_delta"] == 2.0


def test_a_run_of_the_users_own_under_a_key_is_made_once(api, flow):
    body = {"flow_id": flow["id"], "idempotency_key": "night 7"}

    first, again = api("POST", "/flow_runs", body), api("POST", "/flow_runs", body)

    assert (first.status, again.status) == (201, 200)
    assert first.document["id"] == again.document["id"]


def test_a_run_of_the_users_own_is_never_launched_nor_looked_after(api, world, flow):
    body = {"flow_id": flow["id"], "state": {"type": "RUNNING"}, "empirical_policy": {"retries": 1}}
    run = api("POST", "/flow_runs", body).document
    api("POST", f"/flow_runs/{run['id']}/set_state", {"state": {"type": "FAILED"}})

    for _ in range(60):
        world.wait(60)
        world.schedule.sweep()

    assert world.launcher.launched == []
    assert api("GET", f"/flow_runs/{run['id']}").document["state_name"] == "AwaitingRetry"


def test_a_run_of_a_flow_that_nobody_knows_is_refused(api):
    assert api("POST", "/flow_runs", {"flow_id": NOBODY}).status == 404
    assert api("POST", "/flow_runs", {}).status == 422


# ---- lists ----


@pytest.fixture
def three(world):
    """Three runs, a minute apart: one is Completed, one is Running, one is Scheduled."""
    deployment = world.deployment(tags=["eu"])
    made = []
    for name, tags, ends in (("alpha", ["a"], 2), ("beta", ["a", "b"], 1), ("gamma", [], 0)):
        run, _ = world.desk.maker.create(deployment, RunRequest(name=name, tags=tags))
        for type_ in (StateType.RUNNING, StateType.COMPLETED)[:ends]:
            world.ledger.move(run.id, type_)
        made.append(run)
        world.clock.advance(60)
    return made


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["gamma", "beta", "alpha"]),
        ({"state": {"type": {"any_": ["RUNNING", "SCHEDULED"]}}}, ["gamma", "beta"]),
        ({"state": {"name": {"any_": ["Completed"]}}}, ["alpha"]),
        ({"state": {"type": {"not_any_": ["COMPLETED"]}, "name": None}}, ["gamma", "beta"]),
        ({"tags": {"all_": ["eu", "a"]}}, ["beta", "alpha"]),
        ({"tags": {"all_": ["b"]}, "operator": "and_"}, ["beta"]),
        ({"name": {"like_": "AM"}}, ["gamma"]),
        ({"name": {"any_": ["beta", "alpha"]}}, ["beta", "alpha"]),
        ({"start_time": {"is_null_": True}}, ["gamma"]),
        ({"start_time": {"after_": "2026-11-20T12:01:00Z"}}, ["beta"]),
        ({"expected_start_time": {"before_": "2026-11-20T12:01:00Z"}}, ["beta", "alpha"]),
        ({"deployment_id": {"any_": [NOBODY]}}, []),
        (
            {"operator": "or_", "name": {"any_": ["gamma"]}, "state": {"name": {"any_": ["Completed"]}}},
            ["gamma", "alpha"],
        ),
    ],
)
def test_runs_are_found_as_asked(api, three, asked, found):
    answer = api("POST", "/flow_runs/filter", {"flow_runs": asked})

    assert [one["name"] for one in answer.document] == found
    assert api("POST", "/flow_runs/count", {"flow_runs": asked}).document == len(found)


def test_runs_are_found_by_their_ids(api, three):
    ids = [three[0].id, NOBODY, three[2].id]

    answer = api("POST", "/flow_runs/filter", {"flow_runs": {"id": {"any_": ids}}})

    assert [one["name"] for one in answer.document] == ["gamma", "alpha"]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("EXPECTED_START_TIME_ASC", ["alpha", "beta", "gamma"]),
        ("START_TIME_DESC", ["beta", "alpha", "gamma"]),
        ("NAME_DESC", ["gamma", "beta", "alpha"]),
        ("END_TIME_DESC", ["alpha"]),
    ],
)
def test_runs_are_sorted_as_asked_and_what_lacks_the_field_comes_last(api, three, sort, found):
    answer = api("POST", "/flow_runs/filter", {"sort": sort})

    assert [one["name"] for one in answer.document][: len(found)] == found


def test_runs_are_found_by_their_flow_deployment_and_pool(api, three):
    for asked in (
        {"flows": {"name": {"any_": ["new-user-flow"]}}},
        {"deployments": {"name": {"any_": ["welcome"]}}},
        {"work_pools": {"type": {"any_": ["lambda"]}}},
    ):
        assert api("POST", "/flow_runs/count", asked).document == 3
    assert api("POST", "/flow_runs/count", {"flows": {"name": {"any_": ["other"]}}}).document == 0


@pytest.mark.parametrize(
    "body",
    [
        {"flow_runs": {"colour": {}}},
        {"flow_runs": {"start_time": {"after_": 7}}},
        {"flow_runs": {"state": {"type": 7}}},
        {"sort": "COLOUR"},
        {"limit": 201},
    ],
)
def test_a_filter_that_is_none_is_refused(api, body):
    assert api("POST", "/flow_runs/filter", body).status == 422
