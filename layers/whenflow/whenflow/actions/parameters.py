"""Parameters of a run from the event: typed (SPEC 4.4), rendered once, data stays data."""

from collections.abc import Mapping
from typing import Any

from whenflow.automations.firing import Firing
from whenflow.events import Event, iso
from whenflow.templating import ResourceView, evaluate, is_lone_expression, is_template, render


def render_parameters(value: Any, context: Mapping[str, Any]) -> Any:
    """Render every template in a JSON tree; a lone `{{ expression }}` keeps its JSON type.

    Raises:
        TemplateError: A template fails.
    """
    if isinstance(value, str) and is_template(value):
        return evaluate(value, context) if is_lone_expression(value) else render(value, context)
    if isinstance(value, dict):
        return {name: render_parameters(item, context) for name, item in value.items()}
    if isinstance(value, list):
        return [render_parameters(item, context) for item in value]
    return value


def context_of(firing: Firing, event: Event | None) -> dict[str, Any]:
    """Return the names that the templates of an action may use; `event` is the one that the action is on."""
    return {
        "event": event_view(event) if event else None,
        "labels": dict(firing.labels),
        "automation": {"id": firing.automation_id, "name": firing.automation_name},
        "firing": {"id": firing.id, "triggered": iso(firing.triggered)},
    }


def event_view(event: Event) -> dict[str, Any]:
    """Return an event as templates see it."""
    document = event.as_document()
    document["name"] = event.event
    document["resource"] = ResourceView(event.resource)
    document["related"] = [ResourceView(labels) for labels in event.related]
    return document
