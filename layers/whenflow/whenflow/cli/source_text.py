"""Sources and what they would make, as people read them."""

import json
from typing import Any

from whenflow.cli.render import ago


def describe(source: dict[str, Any]) -> list[str]:
    """Return the lines that show a source."""
    lines = [
        f"{source.get('name')} ({source.get('id')})",
        *([str(source["description"])] if source.get("description") else []),
        "",
        f"Switched {'on' if source.get('enabled', True) else 'off'}, made {ago(source.get('created'))}, "
        f"changed {ago(source.get('updated'))}.",
        "",
        "Notifications like this:",
        *_indented(source.get("pattern")),
        "",
    ]
    if source.get("drop"):
        return [*lines, "become nothing: they are dropped."]
    if source.get("template") is None:
        return [*lines, "become the events that they would become anyway."]
    return [*lines, "become:", *_indented(source["template"])]


def outcome(result: dict[str, Any], tried: str | None = None) -> list[str]:
    """Return the lines that show what would become of a notification.

    Args:
        result: As the API tells it.
        tried: The name of the one source that was tried; None where all were asked.
    """
    source = result.get("source")
    nobody = f"The pattern of {tried} does not match it" if tried else "No source is about it"
    by = f"By the source {source['name']}" if source else f"{nobody}: by itself"
    if result.get("dropped"):
        return [f"{by}: it is dropped."]
    if result.get("error"):
        shown = ["", "What the template gave:", *_indented(result["rendered"])] if result.get("rendered") else []
        return [f"{by} it gives no event, and becomes whenflow.source.failed:", f"  {result['error']}", *shown]
    return [f"{by} it becomes:", *_indented(result.get("event"))]


def _indented(document: Any) -> list[str]:
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False)
    return [f"  {line}" for line in text.splitlines()]
