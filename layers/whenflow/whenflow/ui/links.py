"""Which of our pages is about which resource. No other link is ever made from data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event
from whenflow.ui.text import MAX_VALUE_CHARS, cut

PAGES = {
    "prefect.flow-run": ("runs", "flow run"),
    "prefect.automation": ("automations", "automation"),
    "prefect.deployment": ("deployments", "deployment"),
    "prefect.event": ("events", "event"),
    "prefect-cloud.webhook": ("webhooks", "webhook"),
}
_RESOURCE = re.compile(r"([a-z.-]+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")
FLOW_RUN, TASK_RUN, AUTOMATION = "prefect.flow-run", "prefect.task-run", "prefect.automation"
MAX_LABELS = 500


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of an event as pages show it.

    Attributes:
        id: Its id, cut where it is very long.
        name: Its name, or nothing.
        role: What it is to the event; nothing for the primary one.
        href: Our page about it, or nothing.
        labels: Its other labels.
        left_out: How many labels are not shown.
    """

    id: str
    name: str
    role: str
    href: str
    labels: tuple[tuple[str, str], ...]
    left_out: int = 0


def page_of(resource_id: str) -> str:
    """Return the path of our page about a resource, or nothing."""
    kind, id_ = _parts(resource_id)
    return f"/ui/{PAGES[kind][0]}/{id_}" if kind in PAGES else ""


def kind_of(resource_id: str) -> str:
    """Return what a resource of ours is called, or nothing."""
    kind, _ = _parts(resource_id)
    return "task run" if kind == TASK_RUN else PAGES[kind][1] if kind in PAGES else ""


def resources_of(event: Event) -> list[Resource]:
    """Return the resources of an event, the primary one first; labels past a sensible number are only counted."""
    room = MAX_LABELS
    shown = []
    for labels in event.involved():
        shown.append(_resource(labels, room))
        room -= len(shown[-1].labels)
    return shown


def run_of(event: Event) -> str | None:
    """Return the id of the flow run that an event tells of, or is related to as such."""
    kind, id_ = _parts(event.resource_id)
    return id_ if kind == FLOW_RUN else _related_run(event)[0] or None


def run_around(event: Event) -> tuple[str, str]:
    """Return id and name of the flow run in which an event was emitted; nothing where none is known.

    What an automation tells is related to the run that it made, and was emitted in none.
    """
    kind, _ = _parts(event.resource_id)
    return ("", "") if kind in (FLOW_RUN, AUTOMATION) else _related_run(event)


def run_behind(event: Event) -> str | None:
    """Return the id of the flow run that brought about an event, by its state or by emitting it."""
    kind, id_ = _parts(event.resource_id)
    return id_ if kind == FLOW_RUN else run_around(event)[0] or None


def _related_run(event: Event) -> tuple[str, str]:
    for labels in event.related:
        kind, id_ = _parts(labels[RESOURCE_ID])
        if kind == FLOW_RUN and labels.get(RESOURCE_ROLE) == "flow-run":
            return id_, cut(labels.get(RESOURCE_NAME) or id_)
    return "", ""


def _resource(labels: Mapping[str, str], room: int) -> Resource:
    known = (RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE)
    others = [(name, value) for name, value in labels.items() if name not in known]
    return Resource(
        id=cut(labels[RESOURCE_ID], MAX_VALUE_CHARS),
        name=cut(labels.get(RESOURCE_NAME, ""), MAX_VALUE_CHARS),
        role=cut(labels.get(RESOURCE_ROLE, ""), MAX_VALUE_CHARS),
        href=page_of(labels[RESOURCE_ID]),
        labels=tuple((cut(name, MAX_VALUE_CHARS), cut(value, MAX_VALUE_CHARS)) for name, value in others[:room]),
        left_out=max(0, len(others) - room),
    )


def _parts(resource_id: str) -> tuple[str, str]:
    found = _RESOURCE.match(resource_id)
    return (found[1], found[2]) if found else ("", "")
