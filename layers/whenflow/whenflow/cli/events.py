"""`whenflow event`: what happened."""

import secrets
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import connect
from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError
from whenflow.cli.event_filters import ALL, Which, filter_of
from whenflow.cli.event_lookup import check_event_id, enough, event_id
from whenflow.cli.event_stream import follow
from whenflow.cli.moments import read_length, read_moment
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, complain, print_json, print_json_line, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.wire import RESOURCE_ID, RESOURCE_NAME

app = group("event", "What happened: list it, or tell of something new.")


SHORT = 6
COLUMNS = (
    Column("ID"),
    Column("OCCURRED"),
    Column("EVENT", elastic=True),
    Column("RESOURCE", elastic=True),
    Column("WHOLE ID", wide=True),
)


@app.command
def ls(
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    oldest_first: bool = False,
    distinct: bool = False,
    which: Which = ALL,
    options: Options = DEFAULTS,
) -> None:
    """List events, newest first.

    Args:
        limit: How many at most.
        oldest_first: List the oldest first.
        distinct: Only the newest event of each resource.
        which: Which events.
        options: Common to all commands.
    """
    given = filter_of(which)
    if oldest_first:
        given["order"] = "ASC"
    if distinct:
        given["resource"] = {**(given.get("resource") or {}), "distinct": True}
    with connect(options) as api:
        listed = api.events(given, limit) if given else api.newest_events(limit)
    if options.json:
        print_json(listed.events)
        return
    if listed.events:
        size = enough((str(event.get("id")) for event in listed.events), SHORT, end=True)
        print_table(COLUMNS, ((row[-1][-size:], *row) for row in map(_row, listed.events)))
        if listed.total and listed.total > len(listed.events):
            say(f"{len(listed.events):,} of {'' if listed.is_exact else 'at least '}{listed.total:,} events.")
    elif which.asks_nothing:
        say("No events yet. Send one: whenflow event emit hello.said --resource-id me")
        say("or let others send them: whenflow webhook create --help")
    else:
        say("No such events.")
    if listed.stopped:
        say("There may be more: finding them takes reading very many events. Narrow the time with --since and --until.")


@app.command
def inspect(event: str, /, *, options: Options = DEFAULTS) -> None:
    """Show one event, with all it says, as JSON.

    Args:
        event: Its id; or the end of it, where it is among the newest.
        options: Common to all commands.
    """
    check_event_id(event)
    with connect(options) as api:
        print_json(api.get(f"/events/{event_id(api, event)}"))


@app.command
def stream(*, run_once: bool = False, which: Which = ALL, options: Options = DEFAULTS) -> None:
    """Show events as they come in, from a minute ago on, until Ctrl-C.

    Args:
        run_once: End when all that is there was shown.
        which: Which events.
        options: Common to all commands; with --json each event is a line.
    """
    with connect(options) as api:
        if sys.stderr.isatty() and not run_once:
            complain("Waiting for events. Ctrl-C ends.")
        for event in follow(api, filter_of(which), once=run_once):
            if options.json:
                print_json_line(event)
            else:
                _, name, resource, id_ = _row(event)
                say(f"{clock_time(event.get('occurred'))}  {name}  {resource}  {id_}")
            sys.stdout.flush()


@app.command
def count(
    *,
    by: Literal["day", "time", "event", "resource"] = "day",
    every: str = "1h",
    which: Which = ALL,
    options: Options = DEFAULTS,
) -> None:
    """Count events: by day, in steps of time, by name or by resource.

    Args:
        by: What by.
        every: With --by time, how long a step is: 30s, 5m, 1h, 7d.
        which: Which events.
        options: Common to all commands.
    """
    body: dict[str, Any] = {"filter": filter_of(which)}
    if by == "time":
        body |= {"time_unit": "second", "time_interval": read_length(every, "--every")}
    with connect(options) as api:
        counts = api.post(f"/events/count-by/{by}", body)
    if options.json:
        print_json(counts)
    else:
        columns = (Column("COUNT"), Column(by.upper(), elastic=True))
        shown = [one for one in counts if one["count"] or by not in ("day", "time")]
        print_table(columns, ((str(one["count"]), _label(one, by)) for one in shown))


def _label(one: dict[str, Any], by: str) -> str:
    if by in ("day", "time"):
        return str(one["start_time"]).replace(".000000", "")
    return str(one["label"]) if one["label"] == one["value"] else f"{one['label']} · {one['value']}"


@app.command
def emit(  # noqa: PLR0913 - the parts of an event
    name: str,
    /,
    *,
    resource_id: str | None = None,
    resource: Annotated[list[str] | None, Parameter(alias="-r")] = None,
    related: list[str] | None = None,
    payload: str | None = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    occurred: str = "now",
    follows: str | None = None,
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
        id_: The event's id, a UUID. The same id sent twice is one event.
        occurred: When it happened, or how long ago: 2026-11-20T12:00:00Z, 5m; now if left out.
        follows: Id of the event that caused it.
        options: Common to all commands.
    """
    event = {
        "id": _checked_id(id_, "--id") if id_ else uuid7(),
        "occurred": read_moment(occurred, "--occurred", datetime.now(UTC)).isoformat().replace("+00:00", "Z"),
        "event": name,
        "resource": _resource(resource_id, resource or []),
        "related": [labels for text in related or () for labels in _related(text)],
        "payload": _payload(payload),
        "follows": _checked_id(follows, "--follows") if follows else None,
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


def _checked_id(text: str, what: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise UsageError(f"{what} must be a UUID, and is {text!r}.") from error


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
