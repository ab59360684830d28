"""The process dies at any step of any action, and the firing is delivered again: it is told once, and told rightly."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stories import ann_signs_up, order_placed, run_of
from tests.world import World

from whenflow.actions.perform import MAX_TRIES
from whenflow.actions.registry import PERFORMERS
from whenflow.automations import Firing
from whenflow.deployments.pools import POOL, pool_id_of, queue_id_of
from whenflow.errors import Transient
from whenflow.runs import FlowRun, StateType
from whenflow.runs.events import state_event

STEPS = {
    "events": ("put",),
    "config": ("create", "replace", "delete"),
    "runs": ("create", "save", "delete"),
    "http": ("send",),
    "mailer": ("send",),
    "launcher": ("launch",),
    "retries": ("send",),
}
MOST_STEPS = 40
WEBHOOK = "https://shop.example/"
EMITTED = "prefect.automation.action."


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Process:
    """Kills the process before or after one of the calls it makes to the world; what a call does inside is its own."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left: int | None = None
        self._after = False
        self._within = False
        for store, calls in STEPS.items():
            for call in calls:
                self._watch(monkeypatch, getattr(world, store), call)

    def lives(self, calls: int | None, *, after: bool = False) -> None:
        """Let the process make so many calls, and die before, or right after, the next; None: it lives on."""
        self._left, self._after = calls, after

    def _watch(self, monkeypatch: pytest.MonkeyPatch, store: Any, call: str) -> None:
        real = getattr(store, call)

        def watched(*arguments: Any, **named: Any) -> Any:
            if self._within or self._left is None:
                return real(*arguments, **named)
            self._left -= 1
            if self._left < 0 and not self._after:
                raise Killed
            self._within = True
            try:
                answer = real(*arguments, **named)
            finally:
                self._within = False
            if self._left < 0:
                raise Killed
            return answer

        monkeypatch.setattr(store, call, watched)


@dataclass(frozen=True)
class Scene:
    """An action, what it is on, and how to see that it did its work and no more."""

    firing: Firing
    outcome: str
    is_done: Callable[[], bool]


def firing_of(world: World, action: dict[str, Any], event: Any) -> Firing:
    world.automation(
        {
            "name": "on it",
            "trigger": {"type": "event", "posture": "Reactive", "expect": [event.event]},
            "actions": [action],
        }
    )
    return world.firing(event)


def started(world: World, state: str = "Pending") -> FlowRun:
    """Return a run that is in this state."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    run = world.run()
    if state in {"Running", "Paused", "Suspended"}:
        world.ledger.start(run.id, "launch")
    if state == "Suspended":
        world.control.suspend(run.id, "by hand")
    if state == "Paused":
        world.ledger.move(run.id, StateType.PAUSED, "Paused")
    if state == "Completed":
        world.ledger.move(run.id, StateType.COMPLETED)
    return world.ledger.get(run.id)


def on_run(world: World, action: dict[str, Any], run: FlowRun, outcome: str, *names: str) -> Scene:
    """The run had the states that it has now, and then those of these names, no more."""
    firing, had = firing_of(world, action, state_event(run)), [state.name for state in run.states]

    def is_done() -> bool:
        return [state.name for state in world.ledger.get(run.id).states] == had + list(names)

    return Scene(firing, outcome, is_done)


def switching(world: World, kind: str, id_: str, field: str, told: str, verb: str) -> Scene:
    if verb == "resume":
        firing = firing_of(world, {"type": f"pause-{kind}", **selecting(kind, id_)}, order_placed(1, name="order.lost"))
        world.performer.perform(firing, 0)
    before = world.events.names().count(told)
    action = {"type": f"{verb}-{kind}", **selecting(kind, id_)}
    firing = firing_of(world, action, order_placed())
    wanted = (verb == "pause") != (field == "enabled")

    def is_done() -> bool:
        stored = world.config.get(kind, id_) or {}
        return stored.get(field) is wanted and world.events.names().count(told) == before + 1

    return Scene(firing, "executed", is_done)


def selecting(kind: str, id_: str) -> dict[str, Any]:
    return {"source": "selected", f"{kind.replace('-', '_')}_id": id_}


def do_nothing(world: World) -> Scene:
    return Scene(firing_of(world, {"type": "do-nothing"}, order_placed()), "executed", lambda: True)


def run_deployment(world: World) -> Scene:
    firing = firing_of(world, run_of(world.deployment(), parameters={"name": "x"}), order_placed())

    def is_done() -> bool:
        launched = {run.id for run in world.launcher.launched}
        return len(world.runs.newest(9)) == len(launched) == 1 and world.run().state.name == "Pending"

    return Scene(firing, "executed", is_done)


def switch(kind: str, verb: str) -> Callable[[World], Scene]:
    def scene(world: World) -> Scene:
        if kind == "deployment":
            return switching(world, kind, world.deployment()["id"], "paused", "prefect.deployment.updated", verb)
        if kind == "automation":
            other = {"name": "other", "trigger": {"posture": "Reactive", "expect": ["x"]}, "actions": []}
            id_ = world.automation(other).id
            return switching(world, kind, id_, "enabled", "prefect.automation.updated", verb)
        id_ = pool_id_of("lambda") if kind == POOL else queue_id_of("lambda")
        told = f"prefect.{kind}.{'paused' if verb == 'pause' else 'ready'}"
        return switching(world, kind, id_, "is_paused", told, verb)

    return scene


def delete_run(world: World) -> Scene:
    run = started(world)
    firing = firing_of(world, {"type": "delete-flow-run"}, state_event(run))
    return Scene(firing, "executed", lambda: world.runs.get(run.id) is None)


def on_a_run(action: dict[str, Any], state: str, outcome: str, *names: str) -> Callable[[World], Scene]:
    return lambda world: on_run(world, action, started(world, state), outcome, *names)


def sends(action: dict[str, Any]) -> Callable[[World], Scene]:
    """What goes out may go out twice, under one key."""

    def scene(world: World) -> Scene:
        data = {"url": WEBHOOK}
        target = world.targets.create({"name": "t", "type": "webhook", "data": data})
        given = {**action, **({} if "emails" in action else {"block_document_id": target["id"]})}

        def is_done() -> bool:
            keys = [one.headers["idempotency-key"] for one in world.http.sent]
            keys += [mail.message_id for mail in world.mailer.sent]
            return len(set(keys)) == 1

        return Scene(firing_of(world, given, order_placed()), "executed", is_done)

    return scene


FAILING = {"type": "change-flow-run-state", "state": "FAILED", "force": True}
SCENES: dict[str, Callable[[World], Scene]] = {
    "do-nothing": do_nothing,
    "run-deployment": run_deployment,
    **{f"{verb}-{kind}": switch(kind, verb) for kind in ("deployment", "work-pool", "work-queue", "automation")
       for verb in ("pause", "resume")},
    "cancel-flow-run": on_a_run({"type": "cancel-flow-run"}, "Running", "executed", "Cancelling"),
    "cancel-flow-run before it began": on_a_run({"type": "cancel-flow-run"}, "Pending", "executed", "Cancelled"),
    "cancel-flow-run that is over": on_a_run({"type": "cancel-flow-run"}, "Completed", "failed"),
    "suspend-flow-run": on_a_run({"type": "suspend-flow-run"}, "Running", "executed", "Suspended"),
    "resume-flow-run": on_a_run({"type": "resume-flow-run"}, "Suspended", "executed", "Resuming"),
    "resume-flow-run that is paused": on_a_run({"type": "resume-flow-run"}, "Paused", "executed", "Running"),
    "resume-flow-run that is not paused": on_a_run({"type": "resume-flow-run"}, "Running", "failed"),
    "delete-flow-run": delete_run,
    "change-flow-run-state": on_a_run(FAILING, "Running", "executed", "Failed"),
    "change-flow-run-state to what it cannot be": on_a_run(
        {"type": "change-flow-run-state", "state": "RUNNING"}, "Completed", "failed"
    ),
    "send-notification": sends({"type": "send-notification", "body": "x"}),
    "send-email-notification": sends({"type": "send-email-notification", "emails": ["a@b.example"], "body": "x"}),
    "call-webhook": sends({"type": "call-webhook", "payload": "x"}),
    "declare-incident": sends({"type": "declare-incident", "summary": "x"}),
}  # fmt: skip


def told(world: World, firing: Firing) -> list[str]:
    """Return how the feed says that the action ended."""
    ended = [event for event in world.events.stored.values() if event.payload.get("invocation") == firing.id]
    return [
        event.event.removeprefix(EMITTED)
        for event in ended
        if event.event in {f"{EMITTED}executed", f"{EMITTED}failed"}
    ]


def deaths(process: Process, dispatch: Callable[[], None]) -> Iterator[None]:
    """Yield after each death of a process that gets one call further each time; end where one lives on."""
    for calls in range(MOST_STEPS):
        for after in (False, True):
            process.lives(calls, after=after)
            try:
                dispatch()
            except Killed:
                process.lives(None)
                yield
            else:
                process.lives(None)
                return
    raise AssertionError("it makes ever more calls")


def test_every_action_of_the_catalogue_has_its_scene():
    assert {name.split()[0] for name in SCENES} == set(PERFORMERS)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("after", [False, True])
def test_an_action_whose_process_dies_is_done_once_and_told_rightly_when_it_is_delivered_again(
    world, monkeypatch, name, calls, after
):
    scene = SCENES[name](world)
    process = Process(world, monkeypatch)
    process.lives(calls, after=after)
    try:
        world.dispatcher.dispatch(scene.firing)
    except Killed:
        world.clock.advance(1)
    process.lives(None)

    world.dispatcher.dispatch(scene.firing)
    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == [scene.outcome]
    assert scene.is_done()


@pytest.mark.parametrize("name", SCENES)
def test_an_action_that_dies_a_little_later_each_time_is_done_once_and_told_rightly(world, monkeypatch, name):
    scene = SCENES[name](world)
    process = Process(world, monkeypatch)

    for _ in deaths(process, lambda: world.dispatcher.dispatch(scene.firing)):
        world.clock.advance(1)

    assert told(world, scene.firing) == [scene.outcome]
    assert scene.is_done()


@given(
    name=st.sampled_from(sorted(SCENES)),
    lives=st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), max_size=6),
)
def test_whatever_the_deliveries_each_action_is_told_once_and_rightly(name, lives):
    world = World()
    with pytest.MonkeyPatch.context() as monkeypatch:
        scene = SCENES[name](world)
        process = Process(world, monkeypatch)
        for calls, after, by_the_queue in lives:
            process.lives(calls, after=after)
            try:
                if by_the_queue:
                    world.dispatcher.retry(scene.firing.id, 0, tries=1)
                else:
                    world.dispatcher.dispatch(scene.firing)
            except Killed:
                world.clock.advance(1)
        process.lives(None)
        world.dispatcher.dispatch(scene.firing)

        assert told(world, scene.firing) == [scene.outcome]
        assert scene.is_done()


def dies_before_it_is_told(world: World, monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    """Let an action do its work, and its process die before it can tell."""
    put = world.events.put

    def dying(event: Any) -> Any:
        if event.event == f"{EMITTED}{scene.outcome}":
            raise Killed
        return put(event)

    with monkeypatch.context() as broken:
        broken.setattr(world.events, "put", dying)
        with pytest.raises(Killed):
            world.dispatcher.dispatch(scene.firing)


@pytest.mark.parametrize("kind", ["deployment", "work-pool", "work-queue", "automation"])
def test_what_a_person_switched_back_meanwhile_is_not_switched_again(world, monkeypatch, kind):
    scene = SCENES[f"pause-{kind}"](world)
    field = {"deployment": "paused", "automation": "enabled"}.get(kind, "is_paused")
    id_ = next(value for name, value in scene.firing.actions[0].items() if name.endswith("_id"))
    dies_before_it_is_told(world, monkeypatch, scene)
    paused = world.config.get(kind, id_)
    world.config.replace(kind, id_, paused | {field: not paused[field]})

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["executed"]
    assert world.config.get(kind, id_)[field] is not paused[field]


@pytest.mark.parametrize("kind", ["deployment", "automation"])
def test_what_was_removed_since_it_was_paused_was_paused_all_the_same(world, monkeypatch, kind):
    scene = SCENES[f"pause-{kind}"](world)
    id_ = next(value for name, value in scene.firing.actions[0].items() if name.endswith("_id"))
    dies_before_it_is_told(world, monkeypatch, scene)
    world.config.delete(kind, id_)

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["executed"]


def test_a_run_that_was_resumed_since_it_was_suspended_is_not_suspended_again(world, monkeypatch):
    scene = SCENES["suspend-flow-run"](world)
    dies_before_it_is_told(world, monkeypatch, scene)
    world.control.resume(world.run().id)

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["executed"]
    assert world.run().state.name == "Resuming"


def test_a_run_that_went_on_since_its_state_was_changed_stays_where_it_is(world, monkeypatch):
    scene = SCENES["resume-flow-run"](world)
    dies_before_it_is_told(world, monkeypatch, scene)
    world.wait(1)
    assert world.run().state.name == "Pending"

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["executed"]
    assert world.run().state.name == "Pending"


def test_a_failure_that_was_to_be_tried_again_by_the_run_s_own_policy_is_told_as_such_again(world, monkeypatch):
    run = started(world, "Running")
    world.ledger.adjust(run.id, lambda one: replace(one, empirical_policy={"retries": 1}))
    action = {"type": "change-flow-run-state", "state": "FAILED"}
    scene = on_run(world, action, world.ledger.get(run.id), "failed", "AwaitingRetry")
    dies_before_it_is_told(world, monkeypatch, scene)

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["failed"]
    assert scene.is_done()


def test_a_run_that_somebody_else_removed_is_not_there(world):
    run = started(world)
    firing = firing_of(world, {"type": "delete-flow-run"}, state_event(run))
    world.ledger.delete(run.id)

    world.dispatcher.dispatch(firing)

    assert told(world, firing) == ["failed"]


def test_of_two_actions_that_remove_a_run_one_does_and_the_other_finds_none(world, monkeypatch):
    run = started(world)
    first = firing_of(world, {"type": "delete-flow-run"}, state_event(run))
    scene = Scene(first, "executed", lambda: world.runs.get(run.id) is None)
    dies_before_it_is_told(world, monkeypatch, scene)
    about = [{"prefect.resource.id": run.resource_id, "prefect.resource.role": "x"}]
    second = firing_of(world, {"type": "delete-flow-run"}, order_placed(related=about))

    world.dispatcher.dispatch(second)
    world.dispatcher.dispatch(scene.firing)

    assert told(world, second) == ["failed"]
    assert told(world, scene.firing) == ["executed"]


def test_a_run_whose_deployment_went_before_it_could_be_told_was_started_all_the_same(world, monkeypatch):
    scene = SCENES["run-deployment"](world)
    dies_before_it_is_told(world, monkeypatch, scene)
    world.desk.registry.delete(world.run().deployment_id)

    world.dispatcher.dispatch(scene.firing)

    assert told(world, scene.firing) == ["executed"]


def test_what_was_told_to_have_failed_is_not_done_after_all(world):
    deployment = world.deployment()
    firing = firing_of(world, run_of(deployment, parameters={"name": "x"}), order_placed())
    stored = world.config.get("deployment", deployment["id"])
    world.config.delete("deployment", deployment["id"])
    world.dispatcher.dispatch(firing)
    world.config.create("deployment", deployment["id"], stored)

    world.dispatcher.dispatch(firing)

    assert told(world, firing) == ["failed"]
    assert world.launcher.launched == []


def test_what_was_given_up_is_done_when_it_is_put_back(world):
    scene = SCENES["call-webhook"](world)
    world.http.answers = [Transient("nobody is there")] * 2
    world.dispatcher.dispatch(scene.firing)
    with pytest.raises(Transient):
        world.dispatcher.retry(scene.firing.id, 0, tries=MAX_TRIES)

    world.dispatcher.retry(scene.firing.id, 0, tries=1)

    assert told(world, scene.firing) == ["failed", "executed"]
    assert scene.is_done()
