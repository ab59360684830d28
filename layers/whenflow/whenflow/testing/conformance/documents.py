"""The sets `validation` and `event_schema`: documents, accepted in their normal form or refused by field."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from whenflow.automations.model import automation_from_document, patch_from_document, replacement_from_document
from whenflow.errors import Fault, Rejected
from whenflow.events import event_from_document, iso, parse_iso

RECEIVED = parse_iso("2024-03-01T12:34:56Z")


def run_validation(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Send a case's document; return what was expected and what came."""
    expect = case["expect"]
    try:
        got = _without_ids(_read(case["endpoint"], case["document"]))
    except Rejected as error:
        return refusal(expect, error.faults)
    return _acceptance(expect, {"result": "accepted", "document": got})


def _read(endpoint: str, document: object) -> dict[str, Any]:
    match endpoint:
        case "create":
            return automation_from_document(document).model_dump(mode="json")
        case "replace":
            return replacement_from_document(document).model_dump(mode="json")
        case "patch":
            return {"enabled": patch_from_document(document)}
        case other:
            raise ValueError(f"there is no endpoint '{other}'")


def run_event_schema(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Send a case's event; return what was expected and what came."""
    expect = case["expect"]
    try:
        event = event_from_document(_grown(case["document"]), RECEIVED)
    except Rejected as error:
        return refusal(expect, error.faults)
    if "document" not in expect:
        return _acceptance(expect, {"result": "accepted"})
    expected = {"result": expect["result"], "document": _instants(expect["document"])}
    return _acceptance(expected, {"result": "accepted", "document": _instants(event.as_document())})


def _acceptance(expect: Mapping[str, Any], got: dict[str, Any]) -> tuple[Any, Any]:
    return ({"result": "refused"} if expect["result"] == "crash" else dict(expect)), got


def refusal(expect: Mapping[str, Any], faults: Iterable[Fault], depth: int = 0) -> tuple[Any, Any]:
    """Compare refusals: every pointer that is asked for must be named, or its parent, or a place within it.

    Args:
        expect: What the case asks for.
        faults: What was found.
        depth: How many steps below the document the pointers begin.
    """
    named = sorted({"".join(f"/{step}" for step in fault.loc[depth:]) for fault in faults})
    got = {"result": "refused", "fields": named}
    if expect["result"] == "crash":
        return got, got
    if expect["result"] != "refused":
        return dict(expect), got
    missed = [field for field in expect["fields"] if not any(_names(one, field) for one in named)]
    return ({"result": "refused", "fields": expect["fields"]} if missed else got), got


def _names(named: str, field: str) -> bool:
    return named in (field, field.rpartition("/")[0]) or named.startswith(f"{field}/")


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(item) for name, item in value.items() if name != "id"}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _instants(document: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(document)
    for name in ("occurred", "received"):
        shown[name] = iso(parse_iso(shown[name]))
    for name in ("id", "follows"):
        shown[name] = str(UUID(shown[name])) if shown.get(name) else None
    return shown


def _grown(value: Any) -> Any:
    """Write out what a case abbreviates: repeated text, many labels, many related resources."""
    if isinstance(value, list):
        return [_grown(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        text, times = value["$repeat"]
        return text * times
    if "$related" in value:
        return [
            {"prefect.resource.id": f"r.{index}", "prefect.resource.role": "x"} for index in range(value["$related"])
        ]
    grown = {name: _grown(item) for name, item in value.items() if name != "$labels"}
    return grown | {f"l{index}": "x" for index in range(value.get("$labels", 0))}
