"""`whenflow backtest`: what automations would have done with events of the past. Nothing is acted on."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.automations.backtest import Backtest
from whenflow.automations.fixtures import Draft
from whenflow.cli.backtest_report import JsonReport, Report, TextReport
from whenflow.cli.client import connect
from whenflow.cli.drafts import read_drafts
from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.event_files import EventBuffer, EventFile, counted
from whenflow.cli.moments import read_moment
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.progress import progress
from whenflow.cli.scope import scope_of
from whenflow.cli.stored_events import fetch


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Reading:
    """How the events of a file are read."""

    clock: Annotated[
        Literal["received", "occurred"],
        Parameter(
            help="Whether time goes by when events were received, or as if each was received when it occurred: "
            "for events that came in long after they occurred."
        ),
    ] = "received"
    sort: Annotated[bool, Parameter(show_default=False, help="Put the events into the order of that clock first.")] = (
        False
    )
    strict: Annotated[
        bool,
        Parameter(show_default=False, help="Fail at the first line that holds no event, instead of leaving it out."),
    ] = False


READING = Reading()


def backtest(
    automation: str,
    /,
    *more: str,
    events: Annotated[str | None, Parameter(alias="-e", allow_leading_hyphen=True)] = None,
    since: str | None = None,
    until: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=0))] = 20,
    reading: Reading = READING,
    options: Options = DEFAULTS,
) -> None:
    """Show what automations would have done with events of the past: when, for which key, with which parameters.

    Nothing is acted on. An automation that is switched off is played as if it were on.

    Args:
        automation: YAML or JSON file with an automation, or several.
        more: Further such files.
        events: File with one event per line, as JSON; may be compressed with gzip; - reads standard input. A pattern
            such as 'archive/**/*.jsonl.gz' is all files that fit it, one after the other; --sort puts them in order.
        since: Instead of a file: the events that Whenflow has stored since then (30d, 12h, 2026-11-20T12:00:00Z).
        until: Play no further than this; windows that end by then are closed. By default up to the last event, and
            with --since up to now.
        limit: How many firings the table shows.
        reading: How a file is read.
        options: Common to all commands.
    """
    if (events is None) == (since is None):
        raise UsageError("Give either --events FILE or --since 30d.")
    drafts = [draft for name in (automation, *more) for draft in read_drafts(name)]
    now = datetime.now(UTC)
    end = read_moment(until, "--until", now) if until else None
    report: Report = JsonReport() if options.json else TextReport(limit, _deployments(drafts), len(drafts) > 1)
    if since is not None:
        _play_stored(drafts, read_moment(since, "--since", now), end or now, report, options)
    else:
        file = EventFile(str(events), strict=reading.strict, by_occurred=reading.clock == "occurred")
        _play_file(drafts, file, end, report, reading.sort)


def _play_file(drafts: list[Draft], file: EventFile, end: datetime | None, report: Report, sort: bool) -> None:
    with file, _sorted(file) if sort else nullcontext() as buffer:
        player = Backtest((draft.automation for draft in drafts), until=end)
        with progress("Playing", file.size if buffer is None else len(buffer)) as told:
            played = counted(file, lambda _count: told(file.position)) if buffer is None else counted(buffer, told)
            for found in player.play(played):
                report.add(found)
        if file.bad and not player.tally.events:
            number, reason = file.told[0]
            raise CliError(f"The file holds no event at all; line {number}: {reason}.")
        report.end(player, drafts, file)


def _sorted(file: EventFile) -> EventBuffer:
    buffer = EventBuffer()
    with progress("Sorting", file.size) as told:
        for event in counted(file, lambda _count: told(file.position)):
            buffer.add(event)
    return buffer


def _play_stored(drafts: list[Draft], since: datetime, end: datetime, report: Report, options: Options) -> None:
    if since >= end:
        raise UsageError("--since must lie before --until.")
    with connect(options) as api:
        with progress("Fetching", (end - since).total_seconds()) as told:
            buffer = fetch(api, since, end, lambda oldest, _count: told((end - max(oldest, since)).total_seconds()))
        player = Backtest((draft.automation for draft in drafts), start=since, until=end, scope=scope_of(api))
        with buffer, progress("Playing", len(buffer)) as told:
            for found in player.play(counted(buffer, told)):
                report.add(found)
    report.end(player, drafts, None)


def _deployments(drafts: Iterable[Draft]) -> dict[str, str]:
    """Return what deployments are called in the files, by their ids."""
    return {id_: name for draft in drafts for id_, name in draft.deployments.items()}
