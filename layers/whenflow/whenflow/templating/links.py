"""Addresses of pages of the UI, as templates ask for them. Where the address of the UI is not known, there are none."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from whenflow.events import RESOURCE_ID
from whenflow.templating.meter import current, text_of
from whenflow.templating.views import ResourceView, View

PAGES: dict[str, tuple[str, str]] = {
    "automation": ("automations/automation", "id"),
    "block-document": ("blocks/block", "id"),
    "concurrency-limit": ("concurrency-limits/concurrency-limit", "id"),
    "deployment": ("deployments/deployment", "id"),
    "flow": ("flows/flow", "id"),
    "flow-run": ("runs/flow-run", "id"),
    "task-run": ("runs/task-run", "id"),
    "work-pool": ("work-pools/work-pool", "name"),
    "work-queue": ("work-queues/work-queue", "id"),
}


class ObjectView(dict[str, Any], View):
    """An object of ours (a flow run, an automation, …) that knows its kind."""

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        """View an object of this kind, such as `flow-run`."""
        super().__init__(values)
        self.kind = kind

    def look_up(self, name: str) -> Any:
        """Return a value of the object."""
        return self[name]


def ui_url(value: Any) -> str | None:
    """Return the address of the page about an object or an event, or nothing."""
    site = current().site
    if not site or not isinstance(value, ObjectView):
        return None
    if value.kind == "event":
        return event_url(site, value["id"], value["occurred"])
    folder, name = PAGES.get(value.kind, ("", ""))
    return f"{site}/{folder}/{_part(value[name])}" if folder and value.get(name) else None


def event_url(site: str, event_id: str, occurred: datetime) -> str:
    """Return the address of the page about an event."""
    return f"{site}/events/event/{occurred.astimezone(UTC).date().isoformat()}/{event_id}"


def ui_resource_events_url(value: Any) -> str | None:
    """Return the address of the feed of a resource or an object, or nothing."""
    site = current().site
    resource_id = None
    if isinstance(value, ObjectView):
        resource_id = f"prefect.{value.kind}.{value['id']}" if "id" in value else None
    elif isinstance(value, ResourceView):
        resource_id = value.get(RESOURCE_ID)
    return f"{site}/events?resource={_part(resource_id)}" if site and resource_id else None


def _part(value: Any) -> str:
    return quote(text_of(value), safe="")
