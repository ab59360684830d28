"""Why a flow run came to be: run ← firing ← event, and the run that the event came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whenflow.cli.client import Api
from whenflow.cli.render import clock_time, seconds_between
from whenflow.cli.wire import RESOURCE_ID, RESOURCE_ROLE

FLOW_RUN = "prefect.flow-run."


@dataclass(frozen=True, slots=True)
class Causes:
    """What is known of why a run came to be.

    Attributes:
        firing: The firing of an automation that made the run; None where none did or it is no longer stored.
        event: The event that closed the firing; None likewise.
    """

    firing: dict[str, Any] | None
    event: dict[str, Any] | None


def gather(api: Api, run: dict[str, Any]) -> Causes:
    """Ask the API for the causes of a run.

    Args:
        api: Whom to ask.
        run: The flow run, as the API shows it.
    """
    firing = api.find(f"/firings/{run['firing_id']}") if run.get("firing_id") else None
    if firing is not None and isinstance(firing.get("event"), dict):
        return Causes(firing, firing["event"])
    return Causes(firing, api.find(f"/events/{run['event_id']}") if run.get("event_id") else None)


def tell(run: dict[str, Any], causes: Causes) -> Iterator[str]:
    """Yield lines that tell the chain from the first cause to the run, with times.

    Args:
        run: The flow run, as the API shows it.
        causes: What `gather` found.
    """
    if not run.get("firing_id"):
        yield f"{_maker(run)} made this run; no event caused it."
        return
    start = (causes.event or {}).get("occurred")
    yield from _tell_event(run, causes.event)
    yield from _tell_firing(run, causes.firing, start)
    yield f"  run     {run.get('name')}  {_later(start, run.get('created'))}"


def _tell_event(run: dict[str, Any], event: dict[str, Any] | None) -> Iterator[str]:
    if event is None:
        yield f"  event   {run['event_id']}  (no longer stored)" if run.get("event_id") else "  event   none"
        return
    resource = event.get("resource") or {}
    yield f"  event   {event.get('event')}  on {resource.get(RESOURCE_ID)}  {clock_time(event.get('occurred'))}"
    yield f"          {event.get('id')}"
    if (source := _run_behind(event)) and source != run.get("id"):
        yield f"          It came from another flow run: whenflow flow-run inspect {source}"


def _tell_firing(run: dict[str, Any], firing: dict[str, Any] | None, start: object) -> Iterator[str]:
    if firing is None:
        yield f"  firing  {run.get('firing_id')}  (no longer stored)"
        return
    yield f"  firing  of the automation {firing.get('automation_name')}  {_later(start, firing.get('triggered'))}"
    yield f"          {firing.get('id')}"


def _run_behind(event: dict[str, Any]) -> str | None:
    """Return the id of the flow run that an event tells of, or in which it was emitted."""
    involved = [
        event.get("resource") or {},
        *(labels for labels in event.get("related") or () if labels.get(RESOURCE_ROLE) == "flow-run"),
    ]
    ids = (str(labels.get(RESOURCE_ID, "")) for labels in involved)
    return next((id_.removeprefix(FLOW_RUN) for id_ in ids if id_.startswith(FLOW_RUN)), None)


def _maker(run: dict[str, Any]) -> str:
    return str((run.get("created_by") or {}).get("display_value") or "Somebody")


def _later(start: object, time: object) -> str:
    return seconds_between(start, time) or clock_time(time)
