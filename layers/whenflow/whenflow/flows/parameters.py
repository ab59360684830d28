"""A flow's parameters, from its function's signature: their schema, and values made to fit it."""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from whenflow.errors import Rejected
from whenflow.events.validation import faults_of

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class _OpenAnywhere(GenerateJsonSchema):
    """Says nothing of a type that JSON Schema cannot express, instead of failing."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:  # noqa: ARG002 - pydantic's signature
        return {}


def parameter_schema(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return the JSON Schema of a function's parameters, in the shape of `parameter_openapi_schema`.

    Each property has its `position`; parameters without a default are `required`. A function that takes any keyword
    has `additionalProperties`.
    """
    schema = _model(fn).model_json_schema(schema_generator=_OpenAnywhere)
    for position, name in enumerate(_names(fn)):
        schema["properties"][name] = schema["properties"][name] | {"position": position}
    schema["definitions"] = schema.pop("$defs", {})
    schema.setdefault("properties", {})
    schema["title"] = "Parameters"
    schema["additionalProperties"] = _takes_anything(fn)
    renamed: dict[str, Any] = _renamed(schema)
    return renamed


def validated(fn: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as the function's annotations ask for them: `"3"` for an `int` becomes 3, an object a model.

    Raises:
        Rejected: One is missing, too many, or does not fit; each fault with its name.
    """
    model = _model(fn)
    try:
        given = model.model_validate(dict(parameters))
    except ValidationError as error:
        raise Rejected("The parameters do not fit the flow.", faults_of(error)) from None
    extra = dict(given.__pydantic_extra__ or {})
    return {name: getattr(given, name) for name in _names(fn) if name in given.model_fields_set} | extra


@lru_cache(maxsize=256)
def _model(fn: Callable[..., Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name in _names(fn):
        parameter = _signature(fn).parameters[name]
        kind = Any if parameter.annotation is inspect.Parameter.empty else parameter.annotation
        fields[name] = (kind, ... if parameter.default is inspect.Parameter.empty else parameter.default)
    extra = "allow" if _takes_anything(fn) else "forbid"
    try:
        return _made(fields, extra)
    except (
        PydanticSchemaGenerationError,
        PydanticUserError,
    ):  # an annotation that pydantic does not know checks nothing
        return _made({name: (Any, default) for name, (_, default) in fields.items()}, extra)


def _made(fields: dict[str, Any], extra: Any) -> type[BaseModel]:
    config = ConfigDict(extra=extra, arbitrary_types_allowed=True, protected_namespaces=())
    return create_model("Parameters", __config__=config, **fields)


def _signature(fn: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(fn, eval_str=True)
    except NameError:  # a name that only a type checker can see
        return inspect.signature(fn)


def _names(fn: Callable[..., Any]) -> list[str]:
    return [name for name, one in inspect.signature(fn).parameters.items() if one.kind not in VARIADIC]


def _takes_anything(fn: Callable[..., Any]) -> bool:
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in inspect.signature(fn).parameters.values())


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: item.replace("#/$defs/", "#/definitions/") if name == "$ref" else _renamed(item)
            for name, item in value.items()
        }
    return [_renamed(item) for item in value] if isinstance(value, list) else value
