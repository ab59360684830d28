"""`whenflow webhook test` and `requests`: what a request would become, and what came of those that were sent."""

import base64
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import connect
from whenflow.cli.documents import STDIN
from whenflow.cli.errors import FAILED, UsageError
from whenflow.cli.lookup import WEBHOOK, find
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import ago, complain, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.webhook_fields import read_template
from whenflow.cli.wire import RESOURCE_ID, RESOURCE_ROLE

POLL_SECONDS = 2.0
MAX_REQUESTS = 100
COLUMNS = (
    Column("WHEN"),
    Column("STATUS"),
    Column("METHOD"),
    Column("BYTES"),
    Column("MS"),
    Column("OUTCOME", elastic=True),
    Column("ID"),
)


def test(
    webhook: str,
    /,
    *,
    body: Annotated[str | None, Parameter(alias="-b")] = None,
    header: Annotated[list[str] | None, Parameter(alias="-H", allow_leading_hyphen=True)] = None,
    query: str = "",
    method: Annotated[str, Parameter(alias="-X")] = "POST",
    request: str | None = None,
    template: Annotated[str | None, Parameter(alias="-t")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Show what a request would become, and which automations it would fire. Nothing is stored, nothing is started.

    Args:
        webhook: Its name or its id.
        body: The body, @FILE with it, or @- for standard input. JSON needs no content-type header.
        header: A header as 'NAME: VALUE'; may be given again.
        query: Query parameters as in a URL: a=1&b=2
        method: The HTTP method.
        request: The id of a request in `whenflow webhook requests` to take instead of one given here.
        template: Try this template instead of the webhook's: text, or @FILE.
        options: Common to all commands.
    """
    trial: dict[str, Any] = {}
    if request is not None:
        if body is not None or header or query:
            raise UsageError("Give either --request, or a request of your own.")
        trial["request_id"] = request
    else:
        trial["request"] = _request(method, header or [], query, body)
    if template is not None:
        trial["template"] = read_template(template)
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
        answer = api.post(f"/webhooks/{found['id']}/test", trial)
    errors = answer.get("errors") or []
    if options.json:
        print_json(answer)
    else:
        say(*_told(answer))
        complain(*_complaints(errors, answer.get("rendered")))
    return FAILED if errors else 0


def requests(
    webhook: str,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_REQUESTS))] = 20,
    follow: Annotated[bool, Parameter(alias="-f")] = False,
    options: Options = DEFAULTS,
) -> None:
    """List the latest requests to a webhook, newest first: failed ones always, others where it logs them.

    Args:
        webhook: Its name or its id.
        limit: How many at most.
        follow: Oldest first, and go on to show new ones as they come, until Ctrl-C.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
        path = f"/webhooks/{found['id']}/requests"
        asked: dict[str, str | int] = {"limit": MAX_REQUESTS if follow else limit}  # none may slip by between two looks
        listed = api.listed(path, asked)
        _show_all(found, listed[:limit], follow, options.json)
        while follow:
            time.sleep(POLL_SECONDS)
            newer = api.listed(path, asked)
            known = {one.get("id") for one in listed}
            _show_lines((one for one in reversed(newer) if one.get("id") not in known), options.json)
            listed = newer


def _show_all(webhook: dict[str, Any], listed: list[dict[str, Any]], follow: bool, as_json: bool) -> None:
    if as_json and follow:
        _show_lines(reversed(listed), as_json)
    elif as_json:
        print_json(listed)
    elif not listed:
        _say_none(webhook)
    else:
        print_table(COLUMNS, (_row(one) for one in (reversed(listed) if follow else listed)))


def _show_lines(requests: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Show requests in a line each, as they come."""
    for one in requests:
        say(json.dumps(one).replace("\x7f", "\\u007f") if as_json else "  ".join(_row(one)))
    sys.stdout.flush()


def _request(method: str, headers: list[str], query: str, body: str | None) -> dict[str, Any]:
    """Return a request as the API takes it."""
    named = dict(_header(text) for text in headers)
    request: dict[str, Any] = {
        "method": method.upper(),
        "headers": named,
        "query": dict(parse_qsl(query.lstrip("?"), keep_blank_values=True)),
    }
    data = _bytes(body)
    try:
        request["body"] = data.decode()
    except UnicodeDecodeError:
        request["body_base64"] = base64.b64encode(data).decode()
    if data and "content-type" not in named and _is_json(data):
        named["content-type"] = "application/json"
    return request


def _header(text: str) -> tuple[str, str]:
    name, separator, value = text.partition(":")
    if not separator or not name.strip():
        raise UsageError(f"--header must be 'NAME: VALUE', and is {text!r}.")
    return name.strip().lower(), value.strip()


def _bytes(body: str | None) -> bytes:
    if body is None:
        return b""
    if not body.startswith("@"):
        return body.encode("utf-8", "surrogateescape")
    name = body[1:]
    try:
        return sys.stdin.buffer.read() if name == STDIN else Path(name).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"Cannot read the file {name or '(no name)'}: {reason}.") from error


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def _told(answer: dict[str, Any]) -> Iterator[str]:
    """Yield lines that tell what a request would become."""
    for event in answer.get("events") or []:
        resource = event.get("resource") or {}
        yield f"Event     {event.get('event')}"
        yield f"Resource  {resource.get(RESOURCE_ID)}"
        yield from (f"            {label}: {value}" for label, value in resource.items() if label != RESOURCE_ID)
        for related in event.get("related") or []:
            yield f"Related   {related.get(RESOURCE_ID)}  ({related.get(RESOURCE_ROLE)})"
        yield f"Id        {event.get('id')}"
        yield f"Occurred  {event.get('occurred')}"
        yield "Payload"
        yield from _indented(json.dumps(event.get("payload"), indent=2, ensure_ascii=False))
        yield ""
    if answer.get("events"):
        yield from _firing(answer.get("would_fire") or [])


def _firing(automations: list[dict[str, Any]]) -> Iterator[str]:
    if not automations:
        yield "No automation looks at it."
        return
    for title, at_once in (("It would fire", True), ("It would count for", False)):
        if found := [automation for automation in automations if bool(automation.get("at_once")) is at_once]:
            yield title
            yield from (f"  {automation.get('name')} ({automation.get('id')})" for automation in found)


def _complaints(errors: list[Any], rendered: Any) -> Iterator[str]:
    for error in errors:
        yield f"Error: {_sentence(error)}"
    if errors and isinstance(rendered, str) and rendered:
        yield "What the template made of it:"
        yield from _numbered(rendered)


def _sentence(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    place = ".".join(str(step) for step in error.get("loc") or ())
    line = f"line {error['line']}" if error.get("line") else ""
    message = str(error.get("message") or error.get("msg") or error.get("reason") or error)
    return ": ".join(text for text in (place, line, message) if text)


def _indented(text: str) -> Iterator[str]:
    return (f"  {line}" for line in text.splitlines())


def _numbered(text: str) -> Iterator[str]:
    return (f"  {number:>3}  {line}" for number, line in enumerate(text.splitlines(), 1))


def _say_none(webhook: dict[str, Any]) -> None:
    say(f"No requests to {webhook.get('name')} are listed.")
    if not webhook.get("log_requests"):
        say("Only failed ones are; to list those that succeed, too:")
        say(f"  whenflow webhook update {webhook.get('id')} --log-requests")


def _row(request: dict[str, Any]) -> tuple[str, ...]:
    said = str(request.get("outcome", "-"))
    more = str(request.get("reason") or " ".join(request.get("events") or []))
    return (
        ago(request.get("received")),
        str(request.get("status", "-")),
        str(request.get("method", "-")),
        str(request.get("size", "-")),
        str(request.get("milliseconds", "-")),
        f"{said}: {more}" if more else said,
        str(request.get("id", "-")),
    )
