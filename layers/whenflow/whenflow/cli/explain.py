"""`whenflow explain`: why an automation fired on an event, or why not."""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.client import connect
from whenflow.cli.documents import parse_json, read_file
from whenflow.cli.drafts import SUFFIXES, read_drafts
from whenflow.cli.errors import CliError, NotFound, UsageError
from whenflow.cli.event_files import EventFile
from whenflow.cli.event_lookup import event_id
from whenflow.cli.lookup import AUTOMATION, as_id, find_id
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json, say
from whenflow.events import Event

MAX_AUTOMATIONS = 1000


def explain(
    *,
    automation: Annotated[str, Parameter(alias="-a")],
    event: Annotated[str | None, Parameter(alias="-e")] = None,
    event_file: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    history: str | None = None,
    options: Options = DEFAULTS,
) -> None:
    """Show why an automation fired on an event, or why not: clause by clause.

    With an id or a name, Whenflow is asked about what it has stored. With a file no server is needed.

    Args:
        automation: Id or name of an automation; or a YAML or JSON file with one.
        event: Id of the event, or the end of it; with a file of automations, one of those in --history.
        event_file: File with the event as JSON; - reads standard input.
        history: File with the events before it, one per line as JSON; may be compressed with gzip.
        options: Common to all commands.
    """
    if _is_file(automation):
        answers = list(_offline(automation, event, event_file, history))
    elif event is None or event_file or history:
        raise UsageError("Give --event with the id of a stored event.", hint="Files go with an automation in a file.")
    else:
        with connect(options) as api:
            id_ = find_id(api, AUTOMATION, automation)
            answers = [api.get("/explain", {"automation": id_, "event": event_id(api, event)})]
    if options.json:
        print_json([answer["explanation"] for answer in answers] if len(answers) > 1 else answers[0]["explanation"])
        return
    for place, answer in enumerate(answers):
        say(*([""] if place else []), *str(answer["text"]).splitlines())


def _offline(
    automation: str, event_id: str | None, event_file: str | None, history: str | None
) -> Iterator[dict[str, Any]]:
    """Yield an answer for each automation of a file."""
    from whenflow.automations.explaining import explain_document

    if (event_id is None) == (event_file is None) or (event_id and not history):
        raise UsageError("Give the event: --event-file FILE, or --event ID of one in --history FILE.")
    drafts = read_drafts(automation)
    event = _read_event(str(event_file)) if event_file else _find(str(event_id), str(history))
    for draft in drafts:
        if history is None:
            yield explain_document(draft.automation, event, is_draft=True)
            continue
        with EventFile(history, strict=True) as file:
            yield explain_document(draft.automation, event, file, is_draft=True)


def _read_event(name: str) -> Event:
    from whenflow.errors import Rejected
    from whenflow.events.exports import event_from_export

    try:
        return event_from_export(parse_json(read_file(name), name), "line", name)
    except UsageError as error:
        raise CliError(error.message, details=error.details, hint=error.hint) from error
    except Rejected as error:
        raise CliError(f"{name} holds no event: {error}.") from error


def _find(event_id: str, history: str) -> Event:
    with EventFile(history, strict=True) as file:
        found = next((event for event in file if event.id == event_id.lower()), None)
    if found is None:
        raise NotFound(f"There is no event {event_id} in {history}.")
    return found


def _is_file(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES or (not as_id(name) and Path(name).is_file())
