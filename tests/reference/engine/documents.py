"""The sets `validation` and `event_schema`, asked of Prefect's own models."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeAlias, get_args

from prefect.server.events.actions import ServerActionTypes
from prefect.server.events.schemas.automations import (
    AutomationCreate,
    AutomationPartialUpdate,
    AutomationUpdate,
    ServerTriggerTypes,
)
from prefect.server.events.schemas.events import Event
from prefect.types._datetime import parse_datetime
from pydantic import ValidationError

RECEIVED = parse_datetime("2024-03-01T12:34:56Z")
ENDPOINTS = {"create": AutomationCreate, "replace": AutomationUpdate, "patch": AutomationPartialUpdate}
VARIANTS = frozenset(one.__name__ for union in (ServerActionTypes, ServerTriggerTypes) for one in get_args(union))
SETS = ("expect", "after", "for_each")

Loc: TypeAlias = tuple[str | int, ...]


def validation(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether the API takes a document, and in which normal form, or what it holds against it."""
    try:
        accepted = ENDPOINTS[case["endpoint"]].model_validate(prepared(case["document"]))
    except ValidationError as error:
        return refused(error, case["document"])
    except Exception:
        return {"result": "crash"}
    return {"result": "accepted", "document": _normal(accepted.model_dump(mode="json"))}


def prepared(document: Any) -> Any:
    """Return a copy, for what is checked is changed."""
    return deepcopy(document)


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(item) if name in SETS and isinstance(item, list) else _normal(item)
            for name, item in value.items()
            if name != "id"
        }
    return [_normal(item) for item in value] if isinstance(value, list) else value


def event_schema(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether the API takes an event, and how it is stored, or what it holds against it."""
    document = grown(case["document"])
    try:
        event = Event.model_validate(document).receive(received=RECEIVED)
    except ValidationError as error:
        return refused(error, document)
    except Exception:
        return {"result": "crash"}
    return {"result": "accepted", "document": event.model_dump(mode="json")}


def refused(error: ValidationError, document: Any) -> dict[str, Any]:
    """Return a refusal with pointers to what is at fault."""
    faults = [(one["loc"], one["type"]) for one in error.errors(include_url=False, include_context=False)]
    pointers = {"".join(f"/{step}" for step in _known(path, document)) for path in _paths(faults)}
    return {"result": "refused", "fields": sorted(pointers)}


def _paths(faults: Sequence[tuple[Loc, str]]) -> Iterable[Loc]:
    """Yield the paths to faults; of several variants that a thing may be, only those of the one that was meant."""
    groups: dict[Loc, dict[str, list[tuple[Loc, str]]]] = {}
    for loc, type_ in faults:
        place = next((index for index, step in enumerate(loc) if _variant(step)), None)
        if place is None:
            yield loc
        else:
            variants = groups.setdefault(loc[:place], {})
            variants.setdefault(str(loc[place]), []).append((loc[place + 1 :], type_))
    for start, variants in groups.items():
        meant = [one for one in variants.values() if (("type",), "literal_error") not in one]
        if len(meant) > 1:  # the type is left out
            yield start
            continue
        yield from (start + path for path in _paths(meant[0] if meant else [(("type",), "literal_error")]))


def _variant(step: str | int) -> bool:
    """Tell whether a step names a variant, perhaps within a check: `function-after[enough(), CompoundTrigger]`."""
    return isinstance(step, str) and step.rstrip("]").rpartition(", ")[2] in VARIANTS


def _known(path: Loc, document: Any) -> Loc:
    """Return a path without the steps that only tell alternatives apart; the last one may be a missing field."""
    known: list[str | int] = []
    here = document
    for index, step in enumerate(path):
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if inside:
            known.append(step)
            here = here[step]
        elif index == len(path) - 1 and isinstance(here, dict) and "[" not in str(step) and step != "str":
            known.append(step)
    return tuple(known)


def grown(value: Any) -> Any:
    """Write out what a case abbreviates: repeated text, many labels, many related resources."""
    if isinstance(value, list):
        return [grown(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        text, times = value["$repeat"]
        return text * times
    if "$related" in value:
        return [{"prefect.resource.id": f"r.{one}", "prefect.resource.role": "x"} for one in range(value["$related"])]
    labels = {f"l{index}": "x" for index in range(value.get("$labels", 0))}
    return {name: grown(item) for name, item in value.items() if name != "$labels"} | labels
