"""The signup story through all functions, as AWS hands one function's work to the next."""

from tests.stories import ANN, run_of

CHAIN = {
    "prefect.automation.created",
    "prefect.deployment.created",
    "user.signed-up",
    "prefect.automation.triggered",
    "prefect.automation.action.triggered",
    "prefect.automation.action.executed",
    "prefect.flow-run.Scheduled",
    "prefect.flow-run.Pending",
    "prefect.flow-run.Running",
    "prefect.flow-run.Completed",
    "prefect.task-run.Running",
    "prefect.task-run.Completed",
}


def test_anns_signup_runs_a_flow_to_its_end(stack):
    slug = stack.welcomes_new_users()

    assert stack.hook(slug, ANN).status == 204
    stack.settle()

    assert set(stack.names()) == CHAIN
    assert stack.run().state.name == "Completed"
    assert stack.run().parameters == {"name": "Ann"}


def test_the_api_can_say_why_there_is_a_run(stack):
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    stack.settle()

    run = stack.api("GET", f"/flow_runs/{stack.run().id}").document

    assert stack.api("GET", f"/events/{run['event_id']}").document["event"] == "user.signed-up"
    firing = stack.api("GET", f"/firings/{run['firing_id']}").document
    assert firing["automation_name"] == "welcome new users"
    log = stack.api("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}}).document
    assert log[0]["message"] == "Sending onboarding campaign to Ann!"


def test_everything_delivered_twice_is_one_run(stack):
    slug = stack.welcomes_new_users()
    for _ in range(2):
        stack.hook(slug, ANN, headers={"webhook-id": "delivery-1"})
    events = stack.new_records("EventsTable")
    for _ in range(2):
        stack.invoke("matcher", events)
    firings = stack.new_records("FiringsTable")
    for _ in range(2):
        stack.invoke("action", firings)
    for payload in stack.invocations.payloads * 2:
        stack.invoke("flows", payload)

    names = stack.names()
    assert names.count("user.signed-up") == 1
    assert names.count("prefect.flow-run.Running") == 1
    assert names.count("prefect.flow-run.Completed") == 1
    assert stack.run().state.name == "Completed"


def test_a_completed_run_may_start_the_next(stack):
    slug = stack.welcomes_new_users()
    second = stack.deployment(name="again")
    stack.automation(
        {
            "name": "once more",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["prefect.flow-run.Completed"],
                "match_related": {"prefect.resource.role": "deployment", "prefect.resource.name": "welcome"},
            },
            "actions": [run_of(second, parameters={"name": "{{ event.resource.name }}"})],
        }
    )

    stack.hook(slug, ANN)
    stack.settle()

    names = stack.names()
    assert names.count("prefect.flow-run.Completed") == 2
    assert len(stack.invocations.payloads) == 2
