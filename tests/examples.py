"""Examples of what operations of the API take, made of its description: a new one is tried without being named."""

from typing import Any

from tests.stories import NOBODY

from whenflow.api.openapi.document import build

Schema = dict[str, Any]
PATH_VALUES = {"id": NOBODY, "schedule": NOBODY, "countable": "day", "kind": "event"}
OF_FORMAT = {"uuid": NOBODY, "date-time": "2026-11-20T12:00:00Z"}
MAX_DEPTH = 12


def operations() -> dict[str, Schema]:
    """Return each operation that the API describes, by method and path."""
    paths = build()["paths"]
    return {f"{method.upper()} {path}": one for path, of in paths.items() for method, one in of.items()}


def documented(name: str) -> set[int]:
    """Return the statuses that an operation says it may answer with."""
    return {int(status) for status in operations()[name]["responses"]}


def path_of(path: str, **values: str) -> str:
    """Return a path with a value in each of its places: those given, or such as nothing has."""
    for part in path.split("/"):
        if part.startswith("{"):
            name = part[1:-1]
            path = path.replace(part, values.get(name, PATH_VALUES.get(name, "x")))
    return path


def body_schema(operation: Schema) -> Schema | None:
    """Return the schema of an operation's body; None where it has none."""
    found: Schema | None = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return found


def example(schema: Schema, depth: int = 0) -> Any:
    """Return a small value that a schema allows, as far as can be told without trying."""
    if "$ref" in schema:
        return example(build()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth)
    for name in ("const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    for choices in (schema.get("anyOf"), schema.get("oneOf") if "type" not in schema else None, schema.get("allOf")):
        if choices:
            given = [one for one in choices if one.get("type") != "null"]
            return example(given[0], depth) if given else None
    type_ = schema.get("type")
    return _plain(type_[0] if isinstance(type_, list) else type_, schema, depth)


def _plain(type_: str | None, schema: Schema, depth: int) -> Any:
    match type_:
        case "object":
            required = schema.get("required", ()) if depth < MAX_DEPTH else ()
            fields = schema.get("properties", {})
            return {name: example(fields.get(name, {}), depth + 1) for name in required}
        case "array":
            few = schema.get("minItems", 0)
            return [example(schema.get("items", {}), depth + 1) for _ in range(few)]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return OF_FORMAT.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
