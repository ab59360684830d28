"""`whenflow deployment schedule`: when a deployment runs by itself."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import NotFound, UsageError, did_you_mean
from whenflow.cli.lookup import DEPLOYMENT, find, full_name
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.values import read_parameters

app = group("schedule", "When a deployment runs by itself.")

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def in_words(schedule: dict[str, Any]) -> str:
    """Return a schedule in a few words: `cron 0 6 * * * (Europe/Berlin)`."""
    return f"{_what(schedule)}{'' if schedule.get('active', True) else ', paused'}"


@app.command
def ls(deployment: str, /, *, options: Options = DEFAULTS) -> None:
    """List the schedules of a deployment.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        schedules = api.get(f"/deployments/{found['id']}/schedules")
    if options.json:
        print_json(schedules)
    elif not schedules:
        say(f"{full_name(found)} has no schedules. Make one:")
        say("", f"  whenflow deployment schedule create {full_name(found)} --cron '0 6 * * *'")
    else:
        columns = (Column("SLUG", elastic=True), Column("WHEN", elastic=True), Column("ACTIVE"), Column("ID"))
        print_table(columns, (_row(one) for one in schedules))


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Timing:
    """When a schedule is due, and what its runs are like."""

    cron: Annotated[str | None, Parameter(help="Five fields: '0 6 * * 1-5'.")] = None
    interval: Annotated[float | None, Parameter(validator=Number(gt=0), help="Every so many seconds.")] = None
    rrule: Annotated[str | None, Parameter(help="A recurrence rule: 'FREQ=WEEKLY;BYDAY=MO'.")] = None
    timezone: Annotated[str, Parameter(help="Where the clock hangs: Europe/Berlin.")] = "UTC"
    anchor: Annotated[str | None, Parameter(help="With --interval, a time from which it is counted.")] = None
    slug: Annotated[str | None, Parameter(help="What to call it; pause, resume and delete know it by that.")] = None
    param: Annotated[
        list[str] | None, Parameter(alias="-p", help="A parameter of its runs, NAME=VALUE; may be given again.")
    ] = None
    params: Annotated[str | None, Parameter(help="All of them as one JSON object, or @FILE with it.")] = None
    max_runs: Annotated[
        int | None, Parameter(validator=Number(gte=1), help="How many runs at most are planned ahead.")
    ] = None
    inactive: Annotated[bool, Parameter(negative="", show_default=False, help="Make it paused.")] = False

    def as_document(self) -> dict[str, Any]:
        """Return the schedule as the API takes it.

        Raises:
            UsageError: The options say none, or more than one.
        """
        ways = {"cron": self.cron, "interval": self.interval, "rrule": self.rrule}
        said = {name: value for name, value in ways.items() if value is not None}
        if len(said) != 1:
            raise UsageError("Give one of --cron, --interval and --rrule.")
        if self.anchor is not None and self.interval is None:
            raise UsageError("--anchor is for --interval.")
        timing = said | {"timezone": self.timezone} | ({"anchor_date": self.anchor} if self.anchor else {})
        parameters = read_parameters(self.param, self.params)
        more = {"slug": self.slug, "parameters": parameters, "max_scheduled_runs": self.max_runs}
        return {"schedule": timing, "active": not self.inactive} | {key: value for key, value in more.items() if value}


NEVER = Timing()


@app.command
def create(deployment: str, /, *, timing: Timing = NEVER, options: Options = DEFAULTS) -> None:
    """Add a schedule to a deployment.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        timing: When it is due.
        options: Common to all commands.
    """
    schedule = timing.as_document()
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        made = api.post(f"/deployments/{found['id']}/schedules", [schedule])
    if options.json:
        print_json(made)
    else:
        for one in made:
            say(f"{full_name(found)} runs by {in_words(one)} ({one.get('id')}).")


@app.command
def pause(deployment: str, schedule: str, /, *, options: Options = DEFAULTS) -> None:
    """Stop a schedule for a while.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        schedule: Its slug or id.
        options: Common to all commands.
    """
    _switch(deployment, schedule, False, options)


@app.command
def resume(deployment: str, schedule: str, /, *, options: Options = DEFAULTS) -> None:
    """Let a schedule go on.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        schedule: Its slug or id.
        options: Common to all commands.
    """
    _switch(deployment, schedule, True, options)


@app.command
def delete(deployment: str, schedule: str, /, *, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove a schedule, and the runs it has planned.

    Args:
        deployment: flow/name, its id, or its name where only one has it.
        schedule: Its slug or id.
        yes: Do not ask.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        one = _choose(schedule, api.get(f"/deployments/{found['id']}/schedules"), full_name(found))
        confirm(f"Remove the schedule {in_words(one)} of {full_name(found)}?", yes)
        api.delete(f"/deployments/{found['id']}/schedules/{one['id']}")
    if options.json:
        print_json({"removed": [one["id"]]})
    else:
        say(f"Removed the schedule {in_words(one)} of {full_name(found)}.")


def _switch(deployment: str, schedule: str, active: bool, options: Options) -> None:
    with connect(options) as api:
        found = find(api, DEPLOYMENT, deployment)
        path = f"/deployments/{found['id']}/schedules"
        one = _choose(schedule, api.get(path), full_name(found))
        was = bool(one.get("active", True))
        if was != active:
            api.patch(f"{path}/{one['id']}", {"active": active})
    changed = one | {"active": active}
    if options.json:
        print_json(changed)
    elif was == active:
        say(f"The schedule {_what(one)} is {'active' if active else 'paused'} already.")
    else:
        say(f"{'Resumed' if active else 'Paused'} the schedule {_what(one)} of {full_name(found)}.")


def _choose(wanted: str, schedules: list[dict[str, Any]], deployment: str) -> dict[str, Any]:
    """Return the schedule of a slug or an id."""
    found = next((one for one in schedules if wanted in (one.get("slug"), one.get("id"))), None)
    if found is None:
        slugs = [str(one["slug"]) for one in schedules if one.get("slug")]
        hint = did_you_mean(wanted, slugs) + f"`whenflow deployment schedule ls {deployment}` shows those there are."
        raise NotFound(f"{deployment} has no schedule {wanted}.", hint=hint)
    return found


def _what(schedule: dict[str, Any]) -> str:
    timing = schedule.get("schedule") or {}
    zone = timing.get("timezone")
    where = f" ({zone})" if zone and zone != "UTC" else ""
    if timing.get("cron"):
        return f"cron {timing['cron']}{where}"
    if timing.get("rrule"):
        return f"rule {timing['rrule']}{where}"
    return f"every {_span(timing.get('interval'))}{where}"


def _span(seconds: Any) -> str:
    """Return seconds in the largest unit that fits: `90 min`."""
    if not isinstance(seconds, int | float):
        return str(seconds or "?")
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size and seconds % size == 0), (1, "s"))
    return f"{seconds / size:g} {unit}"


def _row(schedule: dict[str, Any]) -> tuple[str, ...]:
    active = "yes" if schedule.get("active", True) else "no"
    return str(schedule.get("slug") or "-"), _what(schedule), active, str(schedule.get("id", "-"))
