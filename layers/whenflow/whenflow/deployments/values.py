"""Parameters of a run: merged, hydrated once, and checked against the deployment's schema."""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from whenflow.errors import Conflict, Fault, Rejected, TooLarge
from whenflow.ports import ConfigStore
from whenflow.templating.clock import TimeUp, within_time

KIND = "__prefect_kind"
VARIABLE = "variable"
MAX_PARAMETER_BYTES = 512 * 1024
MAX_FAULTS = 50
_ABSENT = object()


class HydrationFailed(Rejected):
    """What stands for a value stands for none."""


class DoNotFit(Conflict):
    """The parameters do not fit the deployment's schema.

    Attributes:
        faults: What is wrong, and where.
    """

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults."""
        told = "; ".join(f"{'.'.join(map(str, fault.loc)) or 'parameters'}: {fault.msg}" for fault in faults)
        super().__init__(f"Validation failed: {told}")
        self.faults = faults


def hydrated(value: Any, config: ConfigStore) -> Any:
    """Return a JSON tree with each `{"__prefect_kind": …}` in it replaced by what it stands for, once.

    Args:
        value: What the caller or the deployment gave; never what a template made of an event.
        config: Where variables are.

    Raises:
        HydrationFailed: JSON that is none, or a variable that is not there.
    """
    found = _hydrated(value, config)
    return None if found is _ABSENT else found


def check_size(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that are too large.

    Raises:
        TooLarge: With the size and the limit.
    """
    size = len(json.dumps(parameters).encode())
    if size > MAX_PARAMETER_BYTES:
        raise TooLarge(f"The parameters have {size:,} bytes; the limit is {MAX_PARAMETER_BYTES:,}.")


def check_fit(parameters: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Check parameters against a JSON Schema. It is asked nothing of other hosts.

    Raises:
        DoNotFit: They do not fit.
        Rejected: The schema is none, or cannot be followed.
    """
    if not schema:
        return
    # takes long to import, and most runs need none
    from jsonschema import Draft202012Validator, SchemaError, ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    def found() -> list[ValidationError]:
        validator = Draft202012Validator(schema, registry=Registry())
        return list(islice(validator.iter_errors(dict(parameters)), MAX_FAULTS))

    try:
        Draft202012Validator.check_schema(schema)
        errors = sorted(within_time(found), key=lambda one: [str(part) for part in one.path])
    except TimeUp:  # a pattern may take for ever on a text that somebody chose for that
        raise Rejected("It takes too long to check the parameters against parameter_openapi_schema.") from None
    except SchemaError as error:
        raise Rejected(f"The deployment's parameter_openapi_schema is no JSON Schema: {error.message}") from None
    except Unresolvable as error:
        raise Rejected(f"The deployment's parameter_openapi_schema refers to what is not in it: {error}") from None
    except RecursionError:
        raise Rejected("The deployment's parameter_openapi_schema is circular.") from None
    if errors:
        raise DoNotFit([Fault(tuple(one.absolute_path), one.message[:500], str(one.validator)) for one in errors])


def _hydrated(value: Any, config: ConfigStore) -> Any:
    if isinstance(value, dict):
        if KIND in value:
            return _stood_for(value, config)
        items = {name: _hydrated(item, config) for name, item in value.items()}
        return {name: item for name, item in items.items() if item is not _ABSENT}
    if isinstance(value, list):
        return [item for item in (_hydrated(one, config) for one in value) if item is not _ABSENT]
    return value


def _stood_for(value: Mapping[str, Any], config: ConfigStore) -> Any:
    match value[KIND]:
        case "json":
            return _parsed(_hydrated(value["value"], config)) if "value" in value else _ABSENT
        case "workspace_variable":
            return _variable(str(value["variable_name"]), config) if "variable_name" in value else _ABSENT
        case "jinja":
            return value.get("template", _ABSENT)
        case _:
            return value.get("value")


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise HydrationFailed(f"Error hydrating flow run parameters: this is not JSON: {error}") from None


def _variable(name: str, config: ConfigStore) -> Any:
    found = config.get(VARIABLE, name)
    if found is None:
        raise HydrationFailed(f"Error hydrating flow run parameters: there is no variable '{name}'.")
    return found["value"]
