"""`whenflow event`: what happened."""

import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import connect
from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.wire import RESOURCE_ID, RESOURCE_NAME

app = group("event", "What happened: list it, or tell of something new.")


@app.command
def ls(*, limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20, options: Options = DEFAULTS) -> None:
    """List events, newest first.

    Args:
        limit: How many at most.
        options: Common to all commands.
    """
    with connect(options) as api:
        events = api.newest_events(limit)
    if options.json:
        print_json(events)
    elif not events:
        say("No events yet. Send one: whenflow event emit hello.said --resource-id me")
        say("or let others send them: whenflow webhook create --help")
    else:
        columns = (
            Column("OCCURRED"),
            Column("EVENT", elastic=True),
            Column("RESOURCE", elastic=True),
            Column("ID", wide=True),
        )
        print_table(columns, (_row(event) for event in events))


@app.command
def emit(
    name: str,
    /,
    *,
    resource_id: str | None = None,
    resource: Annotated[list[str] | None, Parameter(alias="-r")] = None,
    related: list[str] | None = None,
    payload: str | None = None,
    event_id: Annotated[str | None, Parameter(name="--id")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Tell Whenflow that something happened.

    Args:
        name: What happened, dotted and in the past tense: customer.signed-up
        resource_id: What it happened to: any text that names it.
        resource: A label of the resource as KEY=VALUE, or several as a JSON object; may be given again.
        related: Another resource it has to do with: a JSON object with prefect.resource.id and prefect.resource.role,
            or a list of such; may be given again.
        payload: More about it: a JSON object, or @FILE with one.
        event_id: The event's id, a UUID. The same id sent twice is one event.
        options: Common to all commands.
    """
    event = {
        "id": _checked_id(event_id) if event_id else uuid7(),
        "occurred": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "event": name,
        "resource": _resource(resource_id, resource or []),
        "related": [labels for text in related or () for labels in _related(text)],
        "payload": _payload(payload),
        "follows": None,
    }
    with connect(options) as api:
        api.post("/events", [event])
    if options.json:
        print_json(event)
        return
    say(f"Stored the event {name} ({event['id']}).", "`whenflow flow-run ls` shows what it started.")


def uuid7() -> str:
    """Return a fresh UUID that sorts by time (version 7; the standard library has it from 3.14)."""
    millis = time.time_ns() // 1_000_000
    return str(uuid.UUID(int=millis << 80 | 7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)))


def _checked_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise UsageError(f"--id must be a UUID, and is {text!r}.") from error


def _resource(resource_id: str | None, labels: list[str]) -> dict[str, Any]:
    """Return the labels of the primary resource."""
    found: dict[str, Any] = {}
    for text in labels:
        if text.lstrip().startswith("{"):
            found |= check_json_object(parse_json(text, "--resource"), "--resource")
            continue
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise UsageError(f"--resource must be KEY=VALUE or a JSON object, and is {text!r}.")
        found[key] = value
    if resource_id is not None:
        found[RESOURCE_ID] = resource_id
    if not found.get(RESOURCE_ID):
        raise UsageError(
            "An event happens to something: give --resource-id.",
            hint="Any text that names it will do: customer-17, s3://bucket/key",
        )
    return found


def _related(argument: str) -> list[Any]:
    text, file = text_or_file(argument)
    document = parse_json(text, file or "--related")
    return document if isinstance(document, list) else [check_json_object(document, "--related")]


def _payload(argument: str | None) -> dict[str, Any]:
    if argument is None:
        return {}
    text, file = text_or_file(argument)
    return check_json_object(parse_json(text, file or "--payload"), "--payload")


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    resource = event.get("resource") or {}
    shown = " · ".join(str(resource[label]) for label in (RESOURCE_NAME, RESOURCE_ID) if resource.get(label))
    return ago(event.get("occurred")), str(event.get("event", "-")), shown or "-", str(event.get("id", "-"))
