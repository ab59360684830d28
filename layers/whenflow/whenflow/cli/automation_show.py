"""How automations are shown: a row each, or one in full."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from whenflow.cli.lookup import NAMED
from whenflow.cli.render import ago, clock_time

ACTION_LISTS = {"actions": "Then", "actions_on_trigger": "When it fires", "actions_on_resolve": "When it resolves"}
QUIET = frozenset({"id", "type", "source"})
DEFAULTS: dict[str, Any] = {"threshold": 1, "within": 0.0, "schedule_after": 0.0, "require": None, "force": False}


def row(automation: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of an automation in a list."""
    return (
        str(automation.get("name", "-")),
        "yes" if automation.get("enabled", True) else "no",
        when(automation.get("trigger") or {}),
        ", ".join(map(_gist, automation.get("actions") or ())) or "-",
        ago(automation.get("created")),
        str(automation.get("id", "-")),
    )


def _gist(action: Mapping[str, Any]) -> str:
    """Return what an action does: its type, and on what where that has a name."""
    on = next((str(action[name]) for name in NAMED if action.get(name)), "")
    return " ".join(word for word in (str(action.get("type", "?")), on) if word)


def when(trigger: Mapping[str, Any]) -> str:
    """Return the gist of a trigger: the events it expects, or its type."""
    if trigger.get("type", "event") != "event":
        return str(trigger["type"])
    expected = ", ".join(str(name) for name in trigger.get("expect") or ()) or "any event"
    return f"no {expected}" if trigger.get("posture") == "Proactive" else expected


def in_full(automation: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that say all about an automation; fields that say nothing are left out."""
    state = "enabled" if automation.get("enabled", True) else "switched off"
    yield f"Automation {automation.get('name')}  {state}"
    facts = {
        "id": automation.get("id"),
        "about": automation.get("description"),
        "tags": ", ".join(automation.get("tags") or ()),
        "owner": automation.get("owner_resource"),
        "created": clock_time(automation.get("created")),
        "updated": clock_time(automation.get("updated")),
    }
    yield from (f"  {name:<10}  {fact}" for name, fact in facts.items() if fact)
    yield from ("", "When")
    yield from _trigger(automation.get("trigger") or {}, "  ")
    for field, title in ACTION_LISTS.items():
        for action in automation.get(field) or ():
            yield from ("", f"{title}: {action.get('type')}", *_fields(action, "  "))


def _trigger(trigger: Mapping[str, Any], indent: str) -> Iterator[str]:
    kind = str(trigger.get("type", "event"))
    yield f"{indent}{kind}"
    yield from _fields({name: value for name, value in trigger.items() if name != "triggers"}, indent + "  ")
    for child in trigger.get("triggers") or ():
        yield from _trigger(child, indent + "  ")


def _fields(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in fields.items():
        if name in QUIET or value in ("", None, [], {}) or DEFAULTS.get(name) == value:
            continue
        if isinstance(value, dict) and name in {"parameters", "match", "job_variables", "metric"}:
            yield f"{indent}{name}"
            yield from (f"{indent}  {key}: {_text(one)}" for key, one in value.items())
        else:
            yield f"{indent}{name}: {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
