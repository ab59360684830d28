"""The cases of SPEC 8.7 from the event to what comes of it: A7 to A11, A14 to A19, A22 to A24.

The others have their names elsewhere in this directory: A1 in test_lifecycle, A2, A4, A5, A12 and A13 in
test_run_deployment, A3 in test_perform, A6 in test_flow_runs, A20 in test_messages, A21 in test_switches.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.stories import NOON, ann_signs_up, order_placed, run_of, welcoming
from tests.world import World

from whenflow.events import Event
from whenflow.runs import FlowRun, StateType

PAYLOAD = {"n": 5, "b": True, "l": [1], "o": {}, "s": "x", "z": None}
CHANGE = {"type": "change-flow-run-state"}
SECRET = "the-password"
Parameters = Callable[..., dict[str, Any]]


@pytest.fixture
def parameters(world: World) -> Parameters:
    """A function that lets order 7 start a run with these parameters, and returns them as the run has them."""

    def started(given: dict[str, Any], payload: dict[str, Any] | None = None) -> dict[str, Any]:
        deployment = world.deployment()
        action = run_of(deployment, parameters=given)
        world.automation(welcoming(deployment, trigger=on("order.placed"), actions=[action]))
        world.happens(order_placed(payload=payload or PAYLOAD))
        assert failure(world) is None
        return dict(world.run().parameters)

    return started


@pytest.fixture
def run(world: World) -> FlowRun:
    """A run that waits to be worked on."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    return world.run()


def on(*names: str) -> dict[str, Any]:
    return {"type": "event", "posture": "Reactive", "expect": list(names)}


def variable(world: World, name: str, value: Any) -> None:
    world.config.create("variable", name, {"id": name, "name": name, "value": value, "tags": []})


def failure(world: World) -> Event | None:
    return next(iter(world.events.named("prefect.automation.action.failed")), None)


def reason(world: World) -> str:
    failed = failure(world)
    assert failed is not None
    return str(failed.payload["reason"])


def of_kind(kind: str, **fields: Any) -> dict[str, Any]:
    return {"__prefect_kind": kind, **fields}


def test_a7_every_parameter_has_the_type_that_it_has_in_the_event(parameters):
    given = {name: "{{ event.payload." + name + " }}" for name in PAYLOAD} | {"text": "n={{ event.payload.n }}"}

    started = parameters(given)

    assert started == PAYLOAD | {"text": "n=5"}
    assert [type(started[name]) for name in PAYLOAD] == [int, bool, list, dict, str, type(None)]


def test_a8_the_old_form_gives_the_whole_object(parameters):
    template = of_kind("jinja", template="{{ event.payload | tojson }}")

    assert parameters({"all": of_kind("json", value=template)}) == {"all": PAYLOAD}


def test_a9_a_variable_keeps_its_type(parameters, world):
    variable(world, "limits", {"n": 12, "cities": ["Oslo"]})

    started = parameters({"a": of_kind("workspace_variable", variable_name="limits"), "b": "{{ variables.limits.n }}"})

    assert started == {"a": {"n": 12, "cities": ["Oslo"]}, "b": 12}


def test_a9_a_variable_that_is_not_there_fails_the_action(world, fire):
    given = {"a": of_kind("workspace_variable", variable_name="limits")}

    world.dispatcher.dispatch(fire(run_of(world.deployment(), parameters=given)))

    assert reason(world) == "Unable to render parameters: a: there is no variable 'limits'"
    assert world.runs.newest(10) == []


def test_a10_what_is_no_template_arrives_as_it_is(parameters):
    plain = {"text": "{ }", "number": 2.5, "nested": [1, ["a", {"b": None}]], "empty": {}, "nothing": None}

    assert parameters(plain | {"kept": of_kind("none", value="{{ event.id }}")}) == plain | {"kept": "{{ event.id }}"}


def test_a11_parameters_that_do_not_fit_the_schema_fail_the_action_with_what_is_wrong(world, fire):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    deployment = world.deployment(parameter_openapi_schema=schema, enforce_parameter_schema=True)

    world.dispatcher.dispatch(fire(run_of(deployment, parameters={"n": "{{ event.payload.lines }}"})))

    failed = failure(world)
    assert failed is not None
    assert failed.payload["reason"].startswith("Validation error occurred for 'run-deployment'")
    assert "n" in failed.payload["validation_error"]
    assert failed.payload["parameters"] == {"n": ["tea", "cups"]}
    assert (world.runs.newest(10), world.retries.sent) == ([], [])


def test_a14_a_name_in_any_script_is_shown_by_the_run_and_by_messages(world, said):
    name = "Überwachung 自動化 🚀"
    deployment = world.deployment()
    world.automation(welcoming(deployment, name=name))

    world.happens(ann_signs_up())

    assert world.run().created_by["display_value"] == name
    (triggered,) = world.events.named("prefect.automation.triggered")
    assert triggered.resource["prefect.resource.name"] == name
    assert said("{{ event.resource.name }}", replace(triggered, id=ann_signs_up().id)) == name


def test_a15_a_message_tells_the_state_of_then(world, said, run):
    running = world.ledger.move(run.id, StateType.RUNNING)
    (told,) = world.events.named("prefect.flow-run.Running")
    world.ledger.move(run.id, StateType.COMPLETED)

    assert said("{{ flow_run.name }}: {{ flow_run.state.name }}", told) == f"{running.name}: Running"


def test_a15_an_event_that_tells_no_state_has_the_present_one(world, said, run):
    world.ledger.move(run.id, StateType.RUNNING)
    about = order_placed(8, related=[{"prefect.resource.id": run.resource_id, "prefect.resource.role": "flow-run"}])
    world.ledger.move(run.id, StateType.COMPLETED)

    assert said("{{ flow_run.state.name }}", about) == "Completed"


def test_a16_labels_are_reached_in_every_way_and_looped_over(said):
    order = {"prefect.resource.id": "order.7", "a.b": "dotted"}
    text = (
        "{{ event.resource.labels.a.b }} {{ event.resource['a.b'] }} {{ event.resource.labels['a.b'] }} "
        "{% for name, value in event.resource.items() %}{{ name }}={{ value }};{% endfor %}"
        "{% for label in event.related[0] %}<{{ label[1] }}>{% endfor %}"
    )
    event = order_placed(resource=order, related=[{"prefect.resource.id": "s-1", "prefect.resource.role": "shop"}])

    assert said(text, event) == "dotted dotted dotted prefect.resource.id=order.7;a.b=dotted;<s-1><shop>"


def test_a16_labels_of_the_trigger_are_reached_by_name(world):
    each = {**on("order.placed"), "for_each": ["prefect.resource.id"]}
    deployment = world.deployment()
    action = run_of(deployment, parameters={"order": "{{ labels['prefect.resource.id'] }}"})
    world.automation(welcoming(deployment, trigger=each, actions=[action]))

    world.happens(order_placed())

    assert world.run().parameters == {"order": "order.7"}


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ event.__init__.__globals__ }}",
        "{{ range(1000) | join }}",
        "{% include '/etc/passwd' %}",
        "{% for a in range(9) %}{% for b in range(9) %}{% for c in range(9) %}x{% endfor %}{% endfor %}{% endfor %}",
    ],
)
def test_a17_what_breaks_out_fails_the_action_and_nothing_leaks(world, fire, attack):
    firing = fire({"type": "do-nothing"})
    action = run_of(world.deployment(), parameters={"p": attack})

    world.dispatcher.dispatch(replace(firing, actions=[action]))  # as if it had been stored before it was refused

    assert reason(world).startswith("Unable to render parameters: ")
    assert (world.runs.newest(10), world.retries.sent) == ([], [])
    assert not any(word in repr(failure(world)) for word in ("<class", "builtins", "root:", "/whenflow/"))


def test_a18_what_is_not_there_is_empty_within_text(said):
    assert said("[{{ event.payload.a.b.c.d }}][{{ nobody.knows.this }}]") == "[][]"


def test_a18_what_is_not_there_is_no_json_and_the_reason_names_it(world, fire):
    world.dispatcher.dispatch(fire(run_of(world.deployment(), parameters={"p": "{{ nobody | tojson }}"})))

    assert "'nobody' is undefined" in reason(world)


def test_a19_the_actions_of_a_composite_see_all_its_firings_and_their_events(world):
    deployment = world.deployment()
    both = {"type": "sequence", "triggers": [on("order.placed"), on("order.paid")], "within": 60}
    action = run_of(
        deployment,
        parameters={
            "firings": "{{ firings | length }}",
            "events": "{{ events | map(attribute='event') | join(' ') }}",
            "numbers": "{% for one in firing.triggering_firings %}{{ one.triggering_event.payload.n }}{% endfor %}",
        },
    )
    world.automation({"name": "placed, then paid", "trigger": both, "actions": [action]})

    world.happens(order_placed(payload={"n": 1}))
    world.happens(order_placed(8, name="order.paid", payload={"n": 2}, occurred=NOON + timedelta(seconds=1)))

    assert world.run().parameters == {"firings": 3, "events": "order.paid order.placed order.paid", "numbers": "12"}


@pytest.mark.parametrize(
    ("state", "action", "name", "message"),
    [
        (StateType.SCHEDULED, {"type": "cancel-flow-run"}, "Cancelled", "Cancelled by Automation"),
        (StateType.RUNNING, {"type": "cancel-flow-run"}, "Cancelling", "Cancelled by Automation"),
        (StateType.RUNNING, {"type": "suspend-flow-run"}, "Suspended", "Suspended by Automation"),
        (StateType.RUNNING, CHANGE | {"state": "FAILED"}, "Failed", "State changed by Automation"),
        (
            StateType.RUNNING,
            CHANGE | {"state": "COMPLETED", "name": "Skipped", "message": "by hand"},
            "Skipped",
            "by hand",
        ),
    ],
)
def test_a22_the_run_comes_into_the_state_that_is_asked_for(world, fire, state, action, name, message):
    run = scheduled_run(world) if state == StateType.SCHEDULED else running_run(world)

    world.dispatcher.dispatch(fire(action, event=about_run(run)))

    assert failure(world) is None
    now = world.ledger.get(run.id).state
    assert now.name == name
    assert (now.message or "").startswith(message)


def test_a22_a_suspended_run_has_an_hour_and_is_resumed(world, fire):
    run = running_run(world)
    world.dispatcher.dispatch(fire({"type": "suspend-flow-run"}, event=about_run(run)))
    suspended = world.ledger.get(run.id).state
    assert (suspended.details.pause_timeout - suspended.timestamp).total_seconds() == 3600

    world.dispatcher.dispatch(fire({"type": "resume-flow-run"}, event=about_run(run, 9)))

    resumed = world.ledger.get(run.id).state
    assert (resumed.type, resumed.name) == (StateType.SCHEDULED, "Resuming")
    assert resumed.message.startswith("Resumed by Automation")


def test_a22_what_may_not_follow_is_refused_and_forced_only_if_asked(world, fire):
    run = running_run(world)
    world.ledger.move(run.id, StateType.COMPLETED)
    change = CHANGE | {"state": "RUNNING"}

    world.dispatcher.dispatch(fire(change, event=about_run(run)))
    assert reason(world).startswith("Failed to set state: ")
    assert world.ledger.get(run.id).state.type == StateType.COMPLETED

    world.dispatcher.dispatch(fire({**change, "force": True}, event=about_run(run, 9)))
    assert world.ledger.get(run.id).state.type == StateType.RUNNING


def test_a22_a_run_is_deleted(world, fire):
    run = running_run(world)

    world.dispatcher.dispatch(fire({"type": "delete-flow-run"}, event=about_run(run)))

    assert world.runs.get(run.id) is None
    assert failure(world) is None


@pytest.mark.parametrize(
    "data",
    [
        of_kind("workspace_variable", variable_name="password"),
        of_kind("jinja", template="{{ variables.password }}"),
        of_kind("json", value=of_kind("workspace_variable", variable_name="password")),
        "{{ variables.password }}",
    ],
)
def test_a23_what_a_sender_writes_stays_data_and_reads_no_variable(parameters, world, data):
    variable(world, "password", SECRET)

    started = parameters({"lone": "{{ event.payload.data }}", "all": "{{ event.payload }}"}, payload={"data": data})

    assert started == {"lone": data, "all": {"data": data}}
    assert SECRET not in repr(list(world.events.stored.values()))


def test_a24_actions_on_the_trigger_see_the_event_that_tells_of_it_and_are_counted_on(world):
    deployment = world.deployment()
    see = run_of(deployment, parameters={"event": "{{ event.event }}", "of": "{{ event.resource.name }}"})
    world.automation(welcoming(deployment, actions=[see], actions_on_trigger=[see]))

    world.happens(ann_signs_up())

    seen = {run.parameters["event"]: run for run in world.runs.newest(10)}
    assert seen["user.signed-up"].parameters["of"] == "Ann"
    assert seen["prefect.automation.triggered"].parameters["of"] == "welcome new users"
    executed = world.events.named("prefect.automation.action.executed")
    assert [event.payload["action_index"] for event in executed] == [0, 1]
    assert ", action 1, " in str(seen["prefect.automation.triggered"].idempotency_key)


def scheduled_run(world: World) -> FlowRun:
    deployment = world.deployment()
    world.automation(welcoming(deployment, actions=[run_of(deployment, parameters={"name": "x"}, schedule_after=60)]))
    world.happens(ann_signs_up())
    return world.run()


def running_run(world: World) -> FlowRun:
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    started = world.ledger.start(world.run().id, "launch")
    assert isinstance(started, FlowRun)
    return started


def about_run(run: FlowRun, number: int = 8) -> Event:
    related = [{"prefect.resource.id": run.resource_id, "prefect.resource.role": "flow-run"}]
    return order_placed(number, name=f"order.about-run-{number}", related=related)
