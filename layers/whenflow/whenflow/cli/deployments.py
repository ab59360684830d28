"""`whenflow deployment`: flows that can be started."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.automation_show import when
from whenflow.cli.by_name import remove, switch
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes
from whenflow.cli.errors import UsageError
from whenflow.cli.flow_runs import Every, Timeout, watch_run
from whenflow.cli.lookup import DEPLOYMENT, find, full_name
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, parse_time, print_json, say
from whenflow.cli.schedules import in_words
from whenflow.cli.tables import Column, print_table
from whenflow.cli.values import read_parameters

app = group("deployment", "Flows that can be started.")

MAX_SHOWN = 1000

app.command("whenflow.cli.schedules:app", name="schedule", help="When a deployment runs by itself.")
app.command("whenflow.cli.schema:project_schema", name="schema", help="The JSON Schema of whenflow.yaml, for editors.")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the deployments."""
    with connect(options) as api:
        deployments = api.newest("deployments", MAX_SHOWN)
    if options.json:
        print_json(deployments)
    elif not deployments:
        say("No deployments yet. A deployment says where the code of a flow runs; `make demo` makes the first two.")
        say("Make your own with a file: whenflow deploy whenflow.yaml")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("RUNS ON"),
            Column("SCHEDULES", elastic=True),
            Column("CREATED"),
            Column("ID", wide=True),
        )
        print_table(columns, (_row(deployment) for deployment in deployments))


@app.command
def inspect(deployment: str, /, *, options: Options = DEFAULTS) -> None:
    """Show a deployment: its target, defaults and schedules, and the automations that start it.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        automations = api.get(f"/automations/related-to/prefect.deployment.{found['id']}")
    if options.json:
        print_json(found | {"automations": automations})
    else:
        _show(found, automations)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run shall be like."""

    param: Annotated[
        list[str] | None,
        Parameter(alias="-p", help="A parameter, NAME=VALUE; JSON where it can be, else text; may be given again."),
    ] = None
    params: Annotated[str | None, Parameter(help="All parameters as one JSON object, or @FILE with it.")] = None
    name: Annotated[str | None, Parameter(help="What to call the run.")] = None
    tag: Annotated[list[str] | None, Parameter(help="May be given again.")] = None
    at: Annotated[str | None, Parameter(help="When to start it: 2026-11-20T12:00:00Z.")] = None
    after: Annotated[
        float | None, Parameter(name="--in", validator=Number(gte=0), help="In how many seconds to start it.")
    ] = None
    idempotency_key: Annotated[str | None, Parameter(help="The same key given twice is one run.")] = None


AT_ONCE = Wanted()


@app.command
def run(
    deployment: str,
    /,
    *,
    wanted: Wanted = AT_ONCE,
    watch: Annotated[bool, Parameter(alias="-w", negative="", show_default=False)] = False,
    every: Every = 2,
    timeout: Timeout = None,
    options: Options = DEFAULTS,
) -> int:
    """Run a deployment now, or at a given time.

    With --watch it ends as `whenflow flow-run watch` does: 0 if the run completed, 3 if it failed, 4 if it crashed,
    5 if it was cancelled, 6 if the time was up first.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        wanted: What it shall be like.
        watch: Follow it until it has ended.
        every: Seconds between two looks.
        timeout: Seconds after which to stop watching; the run goes on.
        options: Common to all commands.
    """
    body: dict[str, Any] = {"parameters": read_parameters(wanted.param, wanted.params), "tags": wanted.tag or []}
    more = {"name": wanted.name, "idempotency_key": wanted.idempotency_key}
    body |= {key: value for key, value in more.items() if value}
    if moment := _moment(wanted.at, wanted.after):
        body["state"] = {"type": "SCHEDULED", "state_details": {"scheduled_time": moment}}
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        made = api.post(f"/deployments/{found['id']}/create_flow_run", body)
        if watch:
            return watch_run(api, made, every, timeout, options)
    if options.json:
        print_json(made)
        return 0
    expected = made.get("next_scheduled_start_time") or made.get("expected_start_time")
    say(f"Made the run {made.get('name')} of {full_name(found)} ({made.get('id')}).")
    say(f"It starts {ago(expected)}." if moment else f"Follow it: whenflow flow-run watch {made.get('id')}")
    return 0


@app.command
def pause(deployment: str, /, *, options: Options = DEFAULTS) -> None:
    """Stop a deployment's schedules; by hand and by automations it still runs.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        options: Common to all commands.
    """
    _switch(deployment, True, options)


@app.command
def resume(deployment: str, /, *, options: Options = DEFAULTS) -> None:
    """Let a deployment's schedules go on.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        options: Common to all commands.
    """
    _switch(deployment, False, options)


@app.command
def delete(deployment: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove deployments, with their schedules and the automations they own. Their runs stay.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(DEPLOYMENT, (deployment, *more), options, yes=yes, also=", with schedules and automations of their own")


def _switch(deployment: str, paused: bool, options: Options) -> None:
    word = "pause" if paused else "resume"
    done = "Paused {name}: its schedules make no runs." if paused else "Resumed {name}: its schedules make runs again."
    words = (done, f"{{name}} is {'paused' if paused else 'not paused'} already.")

    def send(api: Api, found: dict[str, Any]) -> None:
        api.post(f"/deployments/{found['id']}/{word}_deployment", {})

    switch(DEPLOYMENT, deployment, {"paused": paused}, words, options, send)


def _moment(at: str | None, after: float | None) -> str | None:
    """Return the moment that the options name, as the API writes it."""
    if at is not None and after is not None:
        raise UsageError("Give either --at or --in.")
    if after is not None:
        try:
            moment = datetime.now(UTC) + timedelta(seconds=after)
        except OverflowError:
            raise UsageError(f"--in {after:g} seconds: there is no date so far ahead.") from None
    elif at is not None:
        read = parse_time(at)
        if read is None:
            raise UsageError(f"--at must be a time such as 2026-11-20T12:00:00Z, and is {at!r}.")
        moment = read.astimezone(UTC)
    else:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _show(deployment: dict[str, Any], automations: list[dict[str, Any]]) -> None:
    limit = deployment.get("concurrency_limit")
    facts = {
        "id": deployment.get("id"),
        "about": deployment.get("description"),
        "runs on": deployment.get("work_pool_name"),
        "settings": _as_text(deployment.get("job_variables")),
        "parameters": _as_text(deployment.get("parameters")),
        "tags": ", ".join(deployment.get("tags") or ()),
        "version": deployment.get("version"),
        "at once": "" if limit is None else str(limit),
        "created": clock_time(deployment.get("created")),
        "updated": clock_time(deployment.get("updated")),
    }
    say(f"Deployment {full_name(deployment)}{'  paused' if deployment.get('paused') else ''}")
    say(*(f"  {name:<10}  {fact}" for name, fact in facts.items() if fact))
    if schedules := deployment.get("schedules"):
        say("", "Schedules", *(f"  {in_words(one)}" for one in schedules))
    if automations:
        say("", "Started or owned by the automations")
        say(*(f"  {one.get('name')}  (on {when(one.get('trigger') or {})})" for one in automations))


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _row(deployment: dict[str, Any]) -> tuple[str, ...]:
    target = str(deployment.get("work_pool_name") or "-")
    schedules = "; ".join(in_words(one) for one in deployment.get("schedules") or ()) or "-"
    if deployment.get("paused"):
        schedules = f"paused: {schedules}" if schedules != "-" else "paused"
    return full_name(deployment), target, schedules, ago(deployment.get("created")), str(deployment.get("id", "-"))
