"""`whenflow flow-run`: what ran, how it went, and why."""

import json
import uuid
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from whenflow.cli.causes import gather, tell
from whenflow.cli.client import Api, connect
from whenflow.cli.errors import NotFound, UsageError, did_you_mean
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clean, clock_time, print_json, say, seconds_between
from whenflow.cli.tables import Column, console, print_table, state

app = group("flow-run", "What ran, how it went, and why.")

SEARCHED = 200
MIN_PREFIX = 4
MAX_CHOICES = 10
MAX_SHOWN = 1000
SHORT = 8
COLUMNS = (
    Column("ID"),
    Column("NAME"),
    Column("DEPLOYMENT", elastic=True),
    Column("STATE"),
    Column("CREATED"),
    Column("WHOLE ID", wide=True),
)
SEE = "`whenflow flow-run ls` shows those there are."


@app.command
def ls(*, limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20, options: Options = DEFAULTS) -> None:
    """List flow runs, newest first.

    Args:
        limit: How many at most.
        options: Common to all commands.
    """
    with connect(options) as api:
        runs = api.newest("flow_runs", limit)
    if options.json:
        print_json(runs)
    elif not runs:
        say("No flow runs yet. A run starts when an automation with a run-deployment action fires:")
        say("`whenflow automation ls` shows what is watched, `whenflow event ls` what happened.")
    else:
        print_table(COLUMNS, (_row(run) for run in runs))


@app.command
def inspect(run: str, /, *, options: Options = DEFAULTS) -> None:
    """Show one flow run: its states with their times, and the firing and the event that caused it.

    Args:
        run: The name of the run, its id, or the first characters of its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = _find(api, run)
        states = sorted(api.states(found["id"]), key=lambda one: str(one.get("timestamp")))
        causes = gather(api, found)
    if options.json:
        print_json({"flow_run": found, "states": states, "firing": causes.firing, "event": causes.event})
        return
    _print_run(found)
    say("", "Why", *tell(found, causes), "", "States")
    _print_states(states)


def _find(api: Api, wanted: str) -> dict[str, Any]:
    """Return the run that a person means by an id, the start of one, or a name."""
    if (id_ := _as_uuid(wanted)) is not None:
        if (run := api.find(f"/flow_runs/{id_}")) is None:
            raise NotFound(f"There is no flow run {id_}.", hint=SEE)
        return run
    runs = api.newest("flow_runs", SEARCHED)
    meant = [run for run in runs if run.get("name") == wanted or _starts(run, wanted)]
    if not meant:
        raise _unknown(wanted, [str(run.get("name")) for run in runs])
    if len(meant) > 1:
        which = tuple(f"{run.get('id')}  {run.get('name')}  {ago(run.get('created'))}" for run in meant[:MAX_CHOICES])
        raise UsageError(
            f"{wanted} may mean {len(meant)} flow runs.", details=which, hint="Give the whole id of one of them."
        )
    run = api.find(f"/flow_runs/{meant[0]['id']}")
    return run or meant[0]


def _starts(run: dict[str, Any], wanted: str) -> bool:
    return len(wanted) >= MIN_PREFIX and str(run.get("id", "")).startswith(wanted.lower())


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _unknown(wanted: str, names: list[str]) -> NotFound:
    searched = f" among the newest {SEARCHED}" if len(names) >= SEARCHED else ""
    return NotFound(f"There is no flow run {wanted}{searched}.", hint=did_you_mean(wanted, names) + SEE)


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
    out = console()
    width = max((len(state(one)) for one in states), default=0)
    for one in states:
        name = state(one)
        name.pad_right(width - len(name))
        message = clean(one.get("message") or "")
        out.print(
            Text.assemble(f"  {clock_time(one.get('timestamp'))}  ", name, f"  {message}".rstrip()), soft_wrap=True
        )


def full_name(run: dict[str, Any]) -> str:
    """Return `flow/deployment` of a run, as far as it is known.

    Args:
        run: As the API shows it.
    """
    return "/".join(str(name) for name in (run.get("flow_name"), run.get("deployment_name")) if name) or "-"


def _row(run: dict[str, Any]) -> tuple[Any, ...]:
    id_ = str(run.get("id", "-"))
    return id_[:SHORT], str(run.get("name", "-")), full_name(run), state(run), ago(run.get("created")), id_
