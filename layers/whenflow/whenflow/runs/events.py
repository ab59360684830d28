"""The event that a change of state is (SPEC 1.7: `prefect.flow-run.{State}`)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels, iso
from whenflow.runs.model import FlowRun
from whenflow.runs.states import State
from whenflow.runs.targets import DEFAULT_QUEUE, pool_id_of, queue_id_of

CAUSAL_REACH = timedelta(minutes=5)
CREATOR_KIND = {"AUTOMATION": "automation", "DEPLOYMENT": "deployment"}


def events_so_far(run: FlowRun) -> list[Event]:
    """Tell of each state of a run that is new, oldest first."""
    return [state_event(replace(run, states=run.states[: number + 1])) for number in range(len(run.states))]


def state_event(run: FlowRun) -> Event:
    """Tell of the state the run is in now; the event's id is the state's."""
    state = run.state
    previous = run.states[-2] if len(run.states) > 1 else None
    follows = previous.id if previous and state.timestamp - previous.timestamp < CAUSAL_REACH else None
    return Event(
        id=state.id,
        occurred=state.timestamp,
        event=f"prefect.flow-run.{state.name.replace(' ', '')}",
        resource=_resource(run, state),
        related=tuple(related_to(run)),
        payload=_payload(run, state, previous),
        follows=follows,
        received=state.timestamp,
    )


def related_to(run: FlowRun) -> list[Labels]:
    """Return the resources that a run's events relate to."""
    related = [_named("flow", f"prefect.flow.{run.flow_id}", run.flow_name)]
    if run.deployment_id:
        related.append(_named("deployment", f"prefect.deployment.{run.deployment_id}", run.deployment_name or ""))
    if run.work_pool_name:
        related.extend(_place(run.work_pool_name, run))
    related.extend(_named("tag", f"prefect.tag.{tag}") for tag in sorted(run.tags))
    if run.created_by and (kind := CREATOR_KIND.get(run.created_by["type"])):
        related.append(_named("creator", f"prefect.{kind}.{run.created_by['id']}", run.created_by["display_value"]))
    return related


def _place(pool: str, run: FlowRun) -> list[Labels]:
    queue, type_ = run.work_queue_name or DEFAULT_QUEUE, {"prefect.work-pool.type": run.target_type}
    return [
        _named("work-queue", f"prefect.work-queue.{queue_id_of(pool, queue)}", queue),
        _named("work-pool", f"prefect.work-pool.{pool_id_of(pool)}", pool) | type_,
    ]


def _named(role: str, resource_id: str, name: str = "") -> Labels:
    labels = {RESOURCE_ID: resource_id, RESOURCE_ROLE: role}
    return labels | {RESOURCE_NAME: name} if name else labels


def _resource(run: FlowRun, state: State) -> Labels:
    return {
        RESOURCE_ID: run.resource_id,
        RESOURCE_NAME: run.name,
        "prefect.run-count": str(run.run_count),
        "prefect.state-message": state.message or "",
        "prefect.state-name": state.name,
        "prefect.state-timestamp": iso(state.timestamp),
        "prefect.state-type": str(state.type),
    }


def _payload(run: FlowRun, state: State, previous: State | None) -> dict[str, Any]:
    timing = {
        "expected_start_time": iso(run.expected_start_time),
        "start_time": iso(run.start_time) if run.start_time else None,
    }

    def brief(some: State) -> dict[str, Any]:
        return {"type": str(some.type), "name": some.name, "message": some.message or ""}

    return {
        "intended": {"from": str(previous.type) if previous else None, "to": str(state.type)},
        "initial_state": brief(previous) if previous else None,
        "validated_state": brief(state) | {"pause_reschedule": False},
        "timing": timing,
    }
