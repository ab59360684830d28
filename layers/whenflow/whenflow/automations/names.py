"""Names in place of ids: people write `deployment: flow/name`, the API wants `deployment_id`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

NAMED = {
    "deployment": "deployment_id",
    "automation": "automation_id",
    "work_pool": "work_pool_id",
    "block_document": "block_document_id",
}
"""The fields of actions that may be written as a name, and the field that holds the id."""
ACTION_LISTS = ("actions", "actions_on_trigger", "actions_on_resolve")

IdOf: TypeAlias = Callable[[str, str], str]
NameOf: TypeAlias = Callable[[str, str], str | None]


def with_ids(document: Mapping[str, Any], id_of: IdOf) -> dict[str, Any]:
    """Return an automation's document whose actions have ids where names were written.

    Args:
        document: As written; what is no valid automation is returned as it is, for others to refuse.
        id_of: Returns the id of a field's name: `id_of("deployment", "flow/main")`. What it raises goes through.
    """
    return _with_actions(document, lambda action: _action_with_ids(action, id_of))


def with_names(document: Mapping[str, Any], name_of: NameOf) -> dict[str, Any]:
    """Return an automation's document whose actions have names where ids were, as far as they are known.

    Args:
        document: As the API has it.
        name_of: Returns the name of a field's id, or None.
    """
    return _with_actions(document, lambda action: _action_with_names(action, name_of))


def _with_actions(document: Mapping[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    changed = dict(document)
    for name in ACTION_LISTS:
        if isinstance(actions := document.get(name), list):
            changed[name] = [change(action) if isinstance(action, dict) else action for action in actions]
    return changed


def _action_with_ids(action: dict[str, Any], id_of: IdOf) -> dict[str, Any]:
    changed = dict(action)
    for name, field in NAMED.items():
        if isinstance(action.get(name), str) and field not in action:
            changed[field] = id_of(name, changed.pop(name))
    return changed


def _action_with_names(action: dict[str, Any], name_of: NameOf) -> dict[str, Any]:
    fields = {field: name for name, field in NAMED.items()}
    changed: dict[str, Any] = {}
    for field, value in action.items():
        known = name_of(fields[field], value) if field in fields and isinstance(value, str) else None
        changed[fields[field] if known else field] = known or value
    return changed
