"""Answers and errors in the shapes that Prefect's clients know (SPEC 7.1)."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types

from whenflow.documents import parse_json
from whenflow.errors import Conflict, Fault, Forbidden, Locked, NotFound, Rejected, TooLarge, Transient

MAX_LIMIT = 200
MAX_SHOWN_BODY = 10_000
MAX_FAULTS = 1_000
MAX_FAULT_CHARS = 1_000
SECRETS = frozenset({"password", "secret"})
OF_TARGETS = "/notification-targets"
HIDDEN = "[removed]"
NO_WORKERS = "Whenflow launches flow runs itself: there are no workers, and nothing to poll. See /flow_runs/filter."
NO_BLOCKS = "Blocks are notification targets here: /notification-targets makes, changes and deletes them."
NOT_HERE = {
    "/workers": NO_WORKERS,
    "/artifacts": "Whenflow keeps no artifacts.",
    "/block_": NO_BLOCKS,
}
logger = logging.getLogger("whenflow.api")


def answer(status: int, document: Any = None, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Return an answer with a JSON body, or with none."""
    empty = document is None and status == 204  # noqa: PLR2004
    text = "" if empty else _sendable(document)
    return Response(status, content_types.APPLICATION_JSON, text, headers=dict(headers or {}))


def _sendable(document: Any) -> str:
    text = json.dumps(document, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON may say that, UTF-8 may not
        return json.dumps(document)
    return text


def body_of(app: APIGatewayHttpResolver) -> Any:
    """Return the parsed body of the present request; no body is an empty object.

    Raises:
        Rejected: It is not JSON.
    """
    try:
        text = app.current_event.decoded_body
    except ValueError as error:
        reason = f"The body is not UTF-8: {error}."
        raise Rejected(reason, [Fault((), reason, "json_invalid")]) from None
    return parse_json(text) if text else {}


def object_of(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """Return the body of the present request, which must be an object. A field that is null counts as left out.

    In a PATCH it counts as null: there, what is left out stays as it is.

    Raises:
        Rejected: It is not.
    """
    document = object_as_sent(app)
    if app.current_event.http_method == "PATCH":
        return document
    return {name: value for name, value in document.items() if value is not None}


def object_as_sent(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """Return the body of the present request, which must be an object, with its nulls.

    Raises:
        Rejected: It is not.
    """
    document = body_of(app)
    if not isinstance(document, dict):
        raise Rejected("The body is not a JSON object.", [Fault(("body",), "Input should be an object", "dict_type")])
    return document


def page_of(document: Mapping[str, Any]) -> tuple[int, int]:
    """Return `limit` and `offset` of a filter request; null and absent mean the default.

    Raises:
        Rejected: One of them is out of bounds.
    """
    return _whole(document, "limit", 0, MAX_LIMIT, MAX_LIMIT), _whole(document, "offset", 0, 1_000_000, 0)


def numbered_page_of(document: Mapping[str, Any]) -> tuple[int, int]:
    """Return `limit` and `page` of a request for a numbered page; the first is 1.

    Raises:
        Rejected: One of them is out of bounds.
    """
    return _whole(document, "limit", 0, MAX_LIMIT, MAX_LIMIT), _whole(document, "page", 1, 1_000_000, 1)


def numbered_page(results: Sequence[Any], count: int, limit: int, page: int) -> dict[str, Any]:
    """Return a numbered page as clients know it, with how many there are in all."""
    pages = -(-count // limit) if limit else 0
    return {"results": list(results), "count": count, "limit": limit, "pages": pages, "page": page}


def _whole(document: Mapping[str, Any], name: str, low: int, high: int, default: int) -> int:
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Rejected(
            f"Invalid {name}.", [Fault(("body", name), f"Invalid {name}: must be {low} to {high}", "value_error")]
        )
    return value


def limit_of(app: APIGatewayHttpResolver, default: int) -> int:
    """Return the query parameter `limit`.

    Raises:
        Rejected: It is no whole number from 1 to 200.
    """
    given = app.current_event.get_query_string_value("limit", str(default)) or str(default)
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= MAX_LIMIT:
        raise Rejected(
            "Invalid limit.", [Fault(("query", "limit"), f"Invalid limit: must be 1 to {MAX_LIMIT}", "value_error")]
        )
    return int(given)


def add_error_answers(app: APIGatewayHttpResolver) -> None:
    """Give every error its answer: the caller learns what is wrong, and never sees a stack trace."""
    handlers: list[tuple[type[Exception], Callable[[Any], Response[Any]]]] = [
        (TooLarge, lambda error: answer(413, {"exception_message": error.reason})),
        (Rejected, lambda error: _unprocessable(app, error)),
        (Forbidden, lambda error: answer(403, {"detail": str(error)})),
        (NotFound, lambda error: answer(404, {"detail": str(error)})),
        (Conflict, lambda error: answer(409, {"detail": str(error)})),
        (Locked, _locked),
        (Transient, lambda _error: answer(503, {"exception_message": "Try again."}, {"Retry-After": "1"})),
        (Exception, _unexpected),
    ]
    for kind, handler in handlers:
        app.exception_handler(kind)(handler)
    app.not_found(lambda _error: answer(404, {"detail": missing(app.current_event.path)}))


def _unprocessable(app: APIGatewayHttpResolver, error: Rejected) -> Response[Any]:
    faults = error.faults or (Fault((), error.reason),)
    return answer(
        422,
        {
            "exception_message": "Invalid request received.",
            "exception_detail": [_shown_fault(fault) for fault in faults[:MAX_FAULTS]],
            "request_body": _shown_body(app),
        },
    )


def _locked(error: Locked) -> Response[Any]:
    wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return answer(423, {"detail": str(error)}, wait)


def _shown_fault(fault: Fault) -> dict[str, Any]:
    shown = fault.as_dict()
    shown["loc"] = [part if isinstance(part, int) else part[:MAX_FAULT_CHARS] for part in shown["loc"]]
    return shown | {"msg": fault.msg[:MAX_FAULT_CHARS]}


def _shown_body(app: APIGatewayHttpResolver) -> Any:
    if len(app.current_event.body or "") > MAX_SHOWN_BODY:  # whoever sent that much knows what it was
        return None
    try:
        hidden = SECRETS | {"data"} if OF_TARGETS in app.current_event.path else SECRETS  # a target's URL may be one
        return _without_secrets(body_of(app), hidden)
    except Rejected:
        return None


def _without_secrets(value: Any, hidden: frozenset[str]) -> Any:
    """Take secrets out of what is sent back: answers that tell of a fault end up in other people's logs."""
    if isinstance(value, dict):
        return {name: HIDDEN if name in hidden else _without_secrets(item, hidden) for name, item in value.items()}
    return [_without_secrets(item, hidden) for item in value] if isinstance(value, list) else value


def _unexpected(error: Exception) -> Response[Any]:
    logger.error("unexpected error", exc_info=error)
    return answer(500, {"exception_message": "Internal Server Error"})


def missing(path: str) -> str:
    """Return what is said of a route that is not there, to a client that knows it from elsewhere."""
    return next((told for part, told in NOT_HERE.items() if part in path), "Not Found")
