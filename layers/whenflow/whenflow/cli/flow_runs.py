"""`whenflow flow-run`: what ran, how it went, and why."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from whenflow.cli.causes import gather, tell
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import CliError
from whenflow.cli.event_lookup import enough
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clean, clock_time, complain, print_json, print_json_line, say, seconds_between
from whenflow.cli.run_lookup import filters, find_run
from whenflow.cli.tables import Column, console, print_table, state
from whenflow.cli.watching import EXIT_CODES, LEVELS, STILL_GOING, Follower, print_news, state_line
from whenflow.cli.watching import follow as follow_run

app = group("flow-run", "What ran, how it went, and why.")

MAX_SHOWN = 1000
SHORT = 8
COLUMNS = (
    Column("ID"),
    Column("NAME"),
    Column("DEPLOYMENT", elastic=True),
    Column("STATE"),
    Column("START"),
    Column("WHOLE ID", wide=True),
)

Every = Annotated[float, Parameter(validator=Number(gt=0), help="Seconds between two looks.")]
Timeout = Annotated[
    float | None, Parameter(validator=Number(gte=0), help="Seconds after which to give up; the run goes on.")
]


@app.command
def ls(
    *,
    state: Annotated[list[str] | None, Parameter(alias="-s")] = None,
    deployment: str | None = None,
    since: str | None = None,
    tag: list[str] | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    options: Options = DEFAULTS,
) -> None:
    """List flow runs, newest first.

    Args:
        state: Only those in this state: failed, running, late; given again, in one of them.
        deployment: Only those of this deployment: its name or id.
        since: Only those expected to start since then: 12h, 30d, 2026-11-20T12:00:00Z.
        tag: Only those with this tag; given again, with all of them.
        limit: How many at most.
        options: Common to all commands.
    """
    with connect(options) as api:
        wanted = filters(api, state, deployment, since, tag)
        runs, looked_until = api.runs(wanted, limit)
    if looked_until:
        complain(
            f"There may be more: no run made before {looked_until} was looked at, since that takes reading very many.",
            "Narrow what is looked for: by --deployment, --state or --since.",
        )
    if options.json:
        print_json(runs)
    elif not runs and wanted:
        say("No flow run is like that.")
    elif not runs:
        say("No flow runs yet. A run starts when an automation with a run-deployment action fires:")
        say("`whenflow automation ls` shows what is watched, `whenflow event ls` what happened.")
        say("or by hand: whenflow deployment run flow/deployment")
    else:
        size = enough((str(run.get("id")) for run in runs), SHORT, end=False)
        print_table(COLUMNS, ((row[-1][:size], *row) for row in map(_row, runs)))


@app.command
def inspect(run: str, /, *, options: Options = DEFAULTS) -> None:
    """Show one flow run: its states with their times, and the firing and the event that caused it.

    Args:
        run: The name of the run, its id, or the first characters of its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find_run(api, run)
        states = sorted(api.states(found["id"]), key=lambda one: str(one.get("timestamp")))
        causes = gather(api, found)
    if options.json:
        print_json({"flow_run": found, "states": states, "firing": causes.firing, "event": causes.event})
        return
    _print_run(found)
    say("", "Why", *tell(found, causes), "", "States")
    _print_states(states)


@app.command
def cancel(run: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Cancel flow runs: what has not started never will; what runs is told to stop.

    Args:
        run: Its name, its id, or the first characters of its id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    answers = []
    with connect(options) as api:
        found = [find_run(api, one) for one in (run, *more)]
        confirm(f"Cancel {', '.join(str(one.get('name')) for one in found)}?", yes)
        for one in found:
            body = {"state": {"type": "CANCELLING", "message": "Cancelled from the command line"}}
            answers.append(api.post(f"/flow_runs/{one['id']}/set_state", body))
    if options.json:
        print_json(answers if more else answers[0])
    for one, answer in zip(found, answers, strict=True):
        if answer.get("status") in {"ACCEPT", "REJECT"} and _is_cancelled(answer):
            if not options.json:
                say(_told(one, answer))
        else:
            reason = str((answer.get("details") or {}).get("reason") or answer.get("status")).rstrip(".")
            raise CliError(f"{one.get('name')} was not cancelled: {reason}.")


@app.command
def logs(
    run: str,
    /,
    *,
    follow: Annotated[bool, Parameter(alias="-f", negative="", show_default=False)] = False,
    level: Literal["debug", "info", "warning", "error", "critical"] = "debug",
    every: Every = 2,
    options: Options = DEFAULTS,
) -> None:
    """Show what a flow run logged, oldest first.

    Args:
        run: Its name, its id, or the first characters of its id.
        follow: Go on until the run has ended.
        level: Nothing less grave than this.
        every: Seconds between two looks.
        options: Common to all commands.
    """
    grave = next(number for number, name in LEVELS.items() if name == level.upper())
    with connect(options) as api:
        follower = Follower(api, find_run(api, run))
        found = _lines_until_it_ends(follower, every) if follow else follower.new_lines()
        shown = (line for line in found if int(line.get("level") or 0) >= grave)
        if options.json and not follow:
            print_json(list(shown))
            return
        silent = True
        for line in shown:
            silent = False
            _print_line(line, options)
    if silent and not options.json:
        say(f"{follower.run.get('name')} has logged nothing{'' if follower.has_ended else ' yet'}.")


@app.command
def watch(run: str, /, *, every: Every = 2, timeout: Timeout = None, options: Options = DEFAULTS) -> int:
    """Follow a flow run, its states and its log, until it has ended.

    Ends with 0 if it completed, 3 if it failed, 4 if it crashed, 5 if it was cancelled, 6 if the time was up first,
    and with 1 if it could not be watched.

    Args:
        run: Its name, its id, or the first characters of its id.
        every: Seconds between two looks.
        timeout: Seconds after which to give up; the run goes on.
        options: Common to all commands. With --json each state and each line is one line of JSON, the run the last.
    """
    with connect(options) as api:
        return watch_run(api, find_run(api, run), every, timeout, options)


def watch_run(api: Api, run: dict[str, Any], every: float, timeout: float | None, options: Options) -> int:
    """Follow a flow run until it has ended; return the exit code that says how.

    Args:
        api: Whom to ask.
        run: The run.
        every: Seconds between two looks.
        timeout: Seconds after which to give up; None for never.
        options: Whether to write JSON.
    """
    follower = Follower(api, run)
    if not options.json:
        say(f"Watching {run.get('name')} ({run.get('id')}). Ctrl-C stops watching, not the run.")
    for one in follow_run(follower, every, timeout):
        _print_line(one, options)
    ended = follower.run
    if options.json:
        print_json_line(ended)
    elif follower.has_ended:
        took = seconds_between(ended.get("start_time"), ended.get("end_time")).lstrip("+")
        say(f"{ended.get('name')} is {ended.get('state_name')}{f' after {took}' if took else ''}.")
    else:
        complain(f"{ended.get('name')} is still {ended.get('state_name')}; the time is up.")
    return EXIT_CODES.get(str(ended.get("state_type")), STILL_GOING)


def _lines_until_it_ends(follower: Follower, every: float) -> Iterator[dict[str, Any]]:
    return follow_run(follower, every, None, states=False)


def _print_line(one: dict[str, Any], options: Options) -> None:
    if options.json:
        print_json_line(one)
    else:
        print_news(one)
    sys.stdout.flush()


def _is_cancelled(answer: dict[str, Any]) -> bool:
    return (answer.get("state") or {}).get("type") in {"CANCELLING", "CANCELLED"}


def _told(run: dict[str, Any], answer: dict[str, Any]) -> str:
    if answer["state"]["type"] == "CANCELLED":
        return f"Cancelled {run.get('name')}."
    return f"Told {run.get('name')} to stop. `whenflow flow-run watch {run['id']}` shows when it has."


def _print_run(run: dict[str, Any]) -> None:
    console().print(Text.assemble("Flow run ", (clean(run.get("name")), "bold"), "  ", state(run)), soft_wrap=True)
    facts = {
        "id": run.get("id"),
        "deployment": full_name(run),
        "parameters": _brief(json.dumps(run.get("parameters") or {}, ensure_ascii=False)),
        "created": clock_time(run.get("created")),
        "took": seconds_between(run.get("start_time"), run.get("end_time")).lstrip("+"),
    }
    say(*(f"  {name:<10}  {fact}" for name, fact in facts.items() if fact))


def _brief(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}… (--json shows all {len(text):,} characters)"


def _print_states(states: list[dict[str, Any]]) -> None:
    width = max((len(state(one)) for one in states), default=0)
    for one in states:
        console().print(state_line(one, width), soft_wrap=True)


def full_name(run: dict[str, Any]) -> str:
    """Return `flow/deployment` of a run, as far as it is known.

    Args:
        run: As the API shows it.
    """
    return "/".join(str(name) for name in (run.get("flow_name"), run.get("deployment_name")) if name) or "-"


def _row(run: dict[str, Any]) -> tuple[Any, ...]:
    id_ = str(run.get("id", "-"))
    start = run.get("start_time") or run.get("expected_start_time") or run.get("created")
    return str(run.get("name", "-")), full_name(run), state(run), ago(start), id_
