"""Puts the description together."""

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from whenflow import __version__
from whenflow.api.openapi.operation import Operation, Schema, ref
from whenflow.api.openapi.operations import OPERATIONS
from whenflow.api.openapi.schemas import schemas

JSON = "application/json"
BODY_ERRORS = (413, 422)
KEYED_ERRORS = (401, 403, 429)
ALWAYS = (400, 503)
REVISED = frozenset(
    {
        "/automations/{id}",
        "/deployments/{id}",
        "/deployments/name/{flow}/{name}",
        "/sources/{id}",
        "/variables/{id}",
        "/variables/name/{name}",
        "/webhooks/{id}",
        "/work_pools/{name}",
    }
)
"""What tells its revision when it is read, and may be changed on condition of it."""
DESCRIPTION = (
    "Events, webhooks, automations and the flow runs that they start. The shapes are those of Prefect's API; its "
    "command line and client work against it. A list request's `null` means the default."
)


@lru_cache(maxsize=1)
def build() -> dict[str, Any]:
    """Return the description of the API as an OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Whenflow", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": "/api"}],
        "security": [{"key": []}, {"password": []}],
        "paths": paths,
        "components": {"schemas": schemas(), "securitySchemes": _SCHEMES},
    }


_TEXT: Schema = {"type": "string", "minLength": 1}
_ETAG: Schema = {"type": "string", "pattern": '^"[0-9a-f]*"$'}
_IN_PATHS: dict[str, Schema] = {
    "countable": {"type": "string", "enum": ["day", "time", "event", "resource"]},
    "kind": {"type": "string", "enum": ["event", "firing", "flow-run"]},
    "id": {"type": "string", "format": "uuid"},
}
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "password": {"type": "http", "scheme": "basic", "description": "An API key as the password of any user."},
}


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _id(operation),
        "tags": [operation.area],
        "summary": operation.summary,
        "responses": _responses(operation),
    }
    if parameters := [*_path_parameters(operation.path), *_query_parameters(operation), *_headers(operation)]:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.needs_body,
            "content": {JSON: {"schema": operation.body}},
        }
    if operation.is_open:
        described["security"] = [{}, {"key": []}]
    return described


def _id(operation: Operation) -> str:
    words = operation.path.replace("{", "").replace("}", "").replace("-", "_").strip("/")
    return f"{operation.method}_{words.replace('/', '_').replace('.', '_')}"


def _responses(operation: Operation) -> dict[str, Any]:
    errors = {*ALWAYS, *KEYED_ERRORS, *operation.errors}
    if "{" in operation.path:
        errors.add(404)
    if operation.body is not None:
        errors |= {*BODY_ERRORS}
    if _is_conditional(operation):
        errors |= {409, 422}
    answers: dict[int, Schema | None] = {status: _error(status, operation) for status in errors}
    answers |= operation.answers
    media = {status: JSON if status in errors - operation.answers.keys() else operation.media for status in answers}
    described = {str(status): _response(status, answers[status], media[status]) for status in sorted(answers)}
    if operation.path in REVISED and operation.method == "get":
        described["200"]["headers"] = {"ETag": {"description": "Its revision.", "schema": _ETAG}}
    return described


def _is_conditional(operation: Operation) -> bool:
    return operation.path in REVISED and operation.method != "get"


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if not _is_conditional(operation):
        return []
    about = "The revision that is to be changed, as `ETag` told it; left out: whichever is there. Another one is a 409."
    return [{"name": "If-Match", "in": "header", "required": False, "description": about, "schema": _ETAG}]


def _error(status: int, operation: Operation) -> Schema:
    if status in BODY_ERRORS and operation.path.endswith("/templates/validate"):
        return {"anyOf": [ref("TemplateError"), ref("Error")]}
    return ref("Error")


def _response(status: int, schema: Schema | None, media: str) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        described["content"] = {media: {"schema": schema}}
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": _IN_PATHS.get(name, _TEXT)} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name.removesuffix("!"), "in": "query", "required": name.endswith("!"), "schema": schema}
        for name, schema in operation.query.items()
    ]
