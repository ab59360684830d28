"""What holds once all is quiet, whatever failed before."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from whenflow.actions.lifecycle import firing_behind
from whenflow.automations import Engine, Firing
from whenflow.automations.state import State
from whenflow.events import RESOURCE_ID, Event, named_id
from whenflow.runs import FlowRun, StateType
from whenflow.runs.attempts import execution_name
from whenflow.runs.bookkeeping import LOOK_AFTER
from whenflow.runs.heartbeats import HEARTBEAT, pulse_of
from whenflow.runs.transitions import ALLOWED
from whenflow.testing.simulation.outside import fate_of
from whenflow.testing.simulation.setup import LATER, NOTE, REFUSED, WAIT_SECONDS, deployment_id

if TYPE_CHECKING:
    from whenflow.testing.simulation.cloud import Cloud
    from whenflow.testing.simulation.workload import Workload

Check: TypeAlias = "Callable[[Cloud, Workload], Iterator[str]]"
EARLY_SECONDS = 5.0
NOTICED_WITHIN = timedelta(minutes=5)
ABSENCE = "absence"
ACTION = "prefect.automation.action."


def violations_of(cloud: "Cloud", workload: "Workload") -> list[str]:
    """Return what should hold and does not, in words."""
    return [f"{check.__name__.strip('_')}: {one}" for check in CHECKS for one in check(cloud, workload)]


def _quiet(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    if not cloud.is_quiet:
        waiting = {name: queue.waiting for name, queue in cloud.queues.items() if queue.waiting}
        yield f"still on its way: {waiting}, {cloud.matching.waiting} events, {cloud.acting.waiting} firings"


def _events_once(cloud: "Cloud", workload: "Workload") -> Iterator[str]:
    """Every accepted event is stored; no other came from outside."""
    for id_ in workload.accepted.keys() - cloud.events.stored.keys():
        yield f"event {id_} was accepted and is not stored"


def _firings_as_modelled(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    """The firings are those of the pure engine, which sees each stored event once, in order."""
    engine, state = Engine(one for one in cloud.automations if one.name != ABSENCE), State()
    expected = Counter(
        (one.automation.name, one.fired.event.id if one.fired.event else "")
        for event in cloud.events.stored.values()
        for one in engine.on_event(state, event, event.received)
    )
    found = Counter(
        (one.automation_name, one.event.id if one.event else "")
        for one in cloud.firings.stored.values()
        if one.automation_name != ABSENCE
    )
    for key, count in sorted((expected - found).items()):
        yield f"{count} firing of '{key[0]}' on event {key[1]} is missing"
    for key, count in sorted((found - expected).items()):
        yield f"{count} firing of '{key[0]}' on event {key[1]} too many"


def _absences(cloud: "Cloud", workload: "Workload") -> Iterator[str]:
    """Each job that never said that it was done is missed once, no other ever."""
    told = Counter(one.labels[RESOURCE_ID] for one in cloud.firings.stored.values() if one.automation_name == ABSENCE)
    if told != Counter(workload.missing):
        yield f"missed were {sorted(told.items())}, not {sorted(workload.missing)}"


def _actions_told(cloud: "Cloud", workload: "Workload") -> Iterator[str]:
    """Each firing is told of, and each of its actions once called for and once ended.

    What went to the dead letters was told as failed before it was put back and done.
    """
    gave_up = {(one["firing_id"], one["action_index"]) for one in cloud.queues["retries"].redriven}
    told = Counter((event.event, firing_behind(event), event.payload.get("action_index")) for event in _told(cloud))
    for firing in cloud.firings.stored.values():
        if not told["prefect.automation.triggered", firing.id, None]:
            yield f"no event tells of firing {firing.id} of '{firing.automation_name}'"
        for index in range(len(firing.actions)):
            ends = {end: told[ACTION + end, firing.id, index] for end in ("triggered", "executed", "failed")}
            failing = firing.automation_name == REFUSED.rpartition(".")[2]
            if named_id("flow-run", firing.id, str(index)) in workload.cancelled:
                failing = bool(ends["failed"])  # it was either refused first or cancelled first
            if (firing.id, index) in gave_up:
                ends["failed"] -= int(not failing)
            if ends != {"triggered": 1, "executed": int(not failing), "failed": int(failing)}:
                yield f"action {index} of firing {firing.id} of '{firing.automation_name}' is told as {ends}"


def _one_run_each(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    """Each action that runs a deployment has made one run, and there are no others."""
    expected = {named_id("flow-run", firing.id, str(index)) for firing, index in _running(cloud)}
    found = {run.id for run in cloud.runs.newest_first()}
    for run_id in expected - found:
        yield f"flow run {run_id} was never made"
    for run_id in found - expected:
        yield f"flow run {run_id} was made by no firing"


def _legal_states(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    """Runs go from state to state as the rules say, each change is told, and all have ended."""
    told = Counter((event.resource_id, event.event) for event in cloud.events.stored.values())
    for run in cloud.runs.newest_first():
        names = [state.name for state in run.states]
        if not run.state.type.is_final:
            yield f"flow run {run.id} stays {names}"
        for before, after in zip(run.states, run.states[1:], strict=False):
            if after.type not in ALLOWED.get(before.type, frozenset()) and before.type != after.type:
                yield f"flow run {run.id} went from {before.name} to {after.name}"
        for name, count in Counter(names).items():
            if told[run.resource_id, f"prefect.flow-run.{name}"] != count:
                yield f"flow run {run.id} was {name} {count} times; events say otherwise"


def _worked_once(cloud: "Cloud", workload: "Workload") -> Iterator[str]:
    """One launch works on a run. A run that was not stopped has worked, and ends as its code says."""
    for run in cloud.runs.newest_first():
        launches = set(cloud.code.works[run.id])
        worked = len(launches) if run.target_type == "lambda" else cloud.targets.executed[execution_name(run)]
        if worked > 1 or len(cloud.code.works[run.id]) > run.run_count:
            yield f"flow run {run.id} was worked on {worked} times over: {cloud.code.works[run.id]}"
        if run.id in workload.cancelled or run.deployment_id == cloud.targets.refuses:
            continue
        if run.deployment_id == deployment_id("long") and run.run_count:
            yield from _ended_or_missed(cloud, run)
            continue
        yield from _ended_as_its_code(cloud, run, worked)


def _ended_as_its_code(cloud: "Cloud", run: FlowRun, worked: int) -> Iterator[str]:
    gave_up = set(cloud.code.died[run.id])
    if run.state.type == StateType.CRASHED:
        if run.target_type != "lambda" or not gave_up or (run.launch is not None and run.launch not in gave_up):
            yield f"flow run {run.id} is Crashed, and its launch {run.launch} was not given up: {run.state.message}"
        return
    fate = fate_of(run.id)
    if not worked:
        yield f"flow run {run.id} is {run.state.name}, and its code never ran"
    elif run.state.type != (StateType.COMPLETED if fate == "completes" else StateType.FAILED):
        yield f"flow run {run.id} is {run.state.name}, though its code {fate}"


def _ended_or_missed(cloud: "Cloud", run: FlowRun) -> Iterator[str]:
    """Work of minutes ends as its code says; a process that went without a word is missed, soon and not too early."""
    pulse = pulse_of(replace(run, states=run.states[:-1]))
    if run.state.type != StateType.CRASHED or pulse is None:
        if not cloud.code.works[run.id]:
            yield f"flow run {run.id} is {run.state.name}, and its code never got to its end"
        return
    if cloud.code.died[run.id]:
        return  # Lambda gave an invocation up, and told that
    if run.id not in cloud.code.silent:
        yield f"flow run {run.id} is Crashed, and its process lives: {run.state.message}"
    beats = [event.occurred for event in cloud.events.stored.values() if _is_beat_of(event, run)]
    silence = run.state.timestamp - max(beats, default=pulse.state.timestamp)
    longest = (pulse.silence if beats else LOOK_AFTER) + NOTICED_WITHIN
    if not pulse.silence <= silence <= longest:
        yield f"flow run {run.id} is Crashed after a silence of {silence}"


def _is_beat_of(event: Event, run: FlowRun) -> bool:
    return event.event == HEARTBEAT and event.resource_id == run.resource_id


def _refusals(cloud: "Cloud", workload: "Workload") -> Iterator[str]:
    """A target that refuses for good makes the run Crashed."""
    for run in cloud.runs.newest_first():
        if run.deployment_id != deployment_id("refused") or run.id in workload.cancelled:
            continue
        if run.state.type != StateType.CRASHED or run.run_count:
            yield f"flow run {run.id} is {run.state.name}, though its target refused"


def _not_early(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    """A run that is to wait starts when its time has come."""
    for firing, index in _running(cloud):
        run = cloud.runs.get(named_id("flow-run", firing.id, str(index)))
        if run is None or not firing.event or firing.event.event != LATER:
            continue
        if run.start_time and (run.start_time - run.created).total_seconds() < WAIT_SECONDS - EARLY_SECONDS:
            yield f"flow run {run.id} started at {run.start_time}, before its time"


def _notes_once(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    """Each note reaches the topic, however often under one and the same id."""
    notes = [event for event in cloud.events.stored.values() if event.event == NOTE]
    sent = {deduplication_id for _, _, _, deduplication_id in cloud.topics.published}
    if len(sent) != len(notes):
        yield f"{len(notes)} notes were to be sent, and {len(sent)} different ones were"


def _no_dead_letters(cloud: "Cloud", _: "Workload") -> Iterator[str]:
    for name, queue in cloud.queues.items():
        if queue.dead:
            yield f"{len(queue.dead)} dead letters in '{name}'"


def _running(cloud: "Cloud") -> Iterator[tuple[Firing, int]]:
    for firing in cloud.firings.stored.values():
        for index, action in enumerate(firing.actions):
            if action["type"] == "run-deployment":
                yield firing, index


def _told(cloud: "Cloud") -> Iterator[Event]:
    """Yield the events that tell of automations."""
    return (event for event in cloud.events.stored.values() if event.event.startswith("prefect.automation."))


CHECKS: tuple[Check, ...] = (
    _quiet,
    _events_once,
    _firings_as_modelled,
    _absences,
    _actions_told,
    _one_run_each,
    _legal_states,
    _worked_once,
    _refusals,
    _not_early,
    _notes_once,
    _no_dead_letters,
)
