"""The JSON Schema of files with automations, made of the models that check them: editors complete and explain."""

import re
from collections.abc import Iterator
from typing import Any

from whenflow.actions.definitions import ACTION_TYPES
from whenflow.automations.model import AutomationCore
from whenflow.automations.names import NAMED

DURATIONS = frozenset({"within", "schedule_after", "range", "firing_for"})
DURATION: dict[str, Any] = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
NAME = "Its name, in place of its id."
KEY = "By what `whenflow automation apply` knows it from one time to the next; by default its name."
TESTS = "Given these events, expect these firings: docs/automation-tests.md. Run by `whenflow automation test`."
PROJECT = "Whose automations these are: `apply --prune` removes only what was applied for the same project."
SCHEMA = "Where this schema is, for editors; in YAML a comment does as well: # yaml-language-server: $schema=…"
_FIELD = re.compile(r"^    (\w+): (.*?)(?=\n    \w+: |\Z)", re.MULTILINE | re.DOTALL)


def file_schema() -> dict[str, Any]:
    """Return the schema: of one automation, of a list of them, or of a file of a project."""
    schema = AutomationCore.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs")
    definitions["Automation"] = _automation(schema)
    for definition in definitions.values():
        tidy(definition)
        if definition.get("properties", {}).get("type", {}).get("const") in ACTION_TYPES:
            _action(definition)
    for name in ("EventTrigger", "MetricTrigger", "CompoundTrigger", "SequenceTrigger"):
        definitions[name]["properties"].pop("id", None)
    automation = {"$ref": "#/$defs/Automation"}
    definitions["Project"] = {
        "description": "What a project has.",
        "type": "object",
        "properties": {
            "project": {"description": PROJECT, "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
            "automations": {"type": "array", "items": automation},
            "variables": {"description": "Values that templates can read, by name.", "type": "object"},
            "deployments": {"description": "Made by `whenflow deploy`.", "type": "array"},
            "$schema": {"description": SCHEMA, "type": "string"},
        },
        "minProperties": 1,
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Whenflow automations",
        "anyOf": [automation, {"type": "array", "items": automation, "minItems": 1}, {"$ref": "#/$defs/Project"}],
        "$defs": dict(sorted(definitions.items())),
    }


def _automation(schema: dict[str, Any]) -> dict[str, Any]:
    own = {
        "key": {"description": KEY, "type": "string", "minLength": 1},
        "tests": {"description": TESTS, "type": "array", "items": {"type": "object"}},
    }
    return schema | {"description": "What happens when which events occur.", "properties": own | schema["properties"]}


def _action(definition: dict[str, Any]) -> None:
    """Let names stand for ids, and ask for the type, which tells actions apart."""
    properties: dict[str, Any] = definition["properties"]
    required: list[str] = definition.setdefault("required", [])
    required.insert(0, "type")
    for name, field in NAMED.items():
        if field not in properties:
            continue
        properties[name] = {"description": NAME, "type": "string"}
        if field in required:
            required.remove(field)
            definition["anyOf"] = [{"required": [name]}, {"required": [field]}]
    if properties["type"]["const"] == "call-webhook":
        properties["payload"] = {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array"}], "default": ""}


def tidy(definition: dict[str, Any]) -> None:
    """Say what each field is in its own place, and allow no others: one that is misspelt is then seen at once.

    Args:
        definition: Of an object, as pydantic makes it of a model with a docstring; it is changed.
    """
    about = definition.get("description", "")
    told, _, attributes = about.partition("\n\nAttributes:\n")
    definition["description"] = " ".join(told.split()).replace("``", "`")
    definition["additionalProperties"] = False
    described = {name: " ".join(text.split()) for name, text in _FIELD.findall(attributes)}
    for name, field in definition.get("properties", {}).items():
        if name in described:
            field["description"] = described[name]
        if name in DURATIONS:
            _as_duration(field)
    for node in _nodes(definition):
        if "title" in node and not isinstance(node["title"], dict):
            del node["title"]
        if "oneOf" in node:
            node["anyOf"] = node.pop("oneOf")


def _as_duration(field: dict[str, Any]) -> None:
    """Allow text such as PT5M beside seconds."""
    may_be_null = any(one.get("type") == "null" for one in field.pop("anyOf", ()))
    for name in ("type", "ge", "minimum"):
        field.pop(name, None)
    field["anyOf"] = [*DURATION["anyOf"], *([{"type": "null"}] if may_be_null else [])]


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of a tree, deepest first."""
    if isinstance(node, dict):
        for below in node.values():
            yield from _nodes(below)
        yield node
    elif isinstance(node, list):
        for below in node:
            yield from _nodes(below)
