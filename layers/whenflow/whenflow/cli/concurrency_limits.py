"""`whenflow concurrency-limit`: how many may do something at once, or how often."""

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import NotFound, UsageError, did_you_mean
from whenflow.cli.lookup import MAX_LISTED
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, print_json, say
from whenflow.cli.tables import Column, print_table

app = group(
    "concurrency-limit",
    "How many may do something at once, or how often: concurrency(NAME), rate_limit(NAME) in flows; tag:TAG for tasks.",
)

COLLECTION = "v2/concurrency_limits"
Flag = Annotated[bool, Parameter(negative="", show_default=False)]


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the limits."""
    with connect(options) as api:
        limits = api.newest(COLLECTION, MAX_LISTED)
    if options.json:
        print_json(limits)
    elif not limits:
        say("No concurrency limits yet. Make one: whenflow concurrency-limit create database --limit 5")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("LIMIT"),
            Column("TAKEN"),
            Column("DECAY"),
            Column("ACTIVE"),
            Column("UPDATED"),
        )
        print_table(columns, (_row(one) for one in limits))


@app.command
def create(
    name: str,
    /,
    *,
    limit: int,
    decay: float = 0.0,
    inactive: Flag = False,
    options: Options = DEFAULTS,
) -> None:
    """Make a limit.

    Args:
        name: What to call it; tag:TAG limits the tasks with a tag.
        limit: How many slots there are.
        decay: Slots that become free in each second by themselves; a rate limit needs that.
        inactive: Hold nobody up until it is switched on.
        options: Common to all commands.
    """
    body = {"name": name, "limit": limit, "slot_decay_per_second": decay, "active": not inactive}
    with connect(options) as api:
        made = api.create(COLLECTION, body)
    if options.json:
        print_json(made)
    else:
        say(f"Made the concurrency limit {name}: {_about(made)}.")


@app.command
def inspect(name: str, /, *, options: Options = DEFAULTS) -> None:
    """Show all about a limit, and how much of it is taken.

    Args:
        name: Its name or id.
        options: Common to all commands.
    """
    with connect(options) as api:
        limit = _found(api, name)
    if options.json:
        print_json(limit)
        return
    facts = {
        "id": limit.get("id"),
        "limit": _about(limit),
        "taken": str(limit.get("active_slots")),
        "active": "yes" if limit.get("active") else "no: it holds nobody up",
        "created": clock_time(limit.get("created")),
        "updated": clock_time(limit.get("updated")),
    }
    say(f"Concurrency limit {limit.get('name')}", *(f"  {what:<8}  {fact}" for what, fact in facts.items() if fact))


@app.command
def update(
    name: str,
    /,
    *,
    limit: int | None = None,
    decay: float | None = None,
    taken: int | None = None,
    active: Flag = False,
    inactive: Flag = False,
    options: Options = DEFAULTS,
) -> None:
    """Change a limit. Who holds slots keeps them.

    Args:
        name: Its name or id.
        limit: How many slots there are.
        decay: Slots that become free in each second by themselves.
        taken: Have so many taken, and by nobody; 0 frees all.
        active: Switch it on.
        inactive: Switch it off: it holds nobody up.
        options: Common to all commands.
    """
    if active and inactive:
        raise UsageError("Give --active or --inactive, not both.")
    given = {"limit": limit, "slot_decay_per_second": decay, "active_slots": taken}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if active or inactive:
        changes["active"] = active
    if not changes:
        raise UsageError("Nothing to change: give --limit, --decay, --taken, --active or --inactive.")
    with connect(options) as api:
        present = _found(api, name)
        api.patch(_path(str(present["id"])), changes)
        changed = _found(api, str(present["id"]))
    if options.json:
        print_json(changed)
    else:
        say(f"Changed the concurrency limit {changed.get('name')}: {_about(changed)}.")


@app.command
def delete(name: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove limits. They hold nobody up from then on.

    Args:
        name: Its name or id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = [_found(api, one) for one in (name, *more)]
        confirm(f"Remove {', '.join(str(one['name']) for one in found)}?", yes)
        for one in found:
            api.delete(_path(str(one["id"])))
            if not options.json:
                say(f"Removed the concurrency limit {one['name']}.")
    if options.json:
        print_json({"removed": [one["name"] for one in found]})


def _path(name: str) -> str:
    return f"/{COLLECTION}/{quote(name, safe='')}"


def _found(api: Api, name: str) -> dict[str, Any]:
    found = api.find(_path(name))
    if found is None:
        known = [str(one.get("name")) for one in api.newest(COLLECTION, MAX_LISTED)]
        hint = did_you_mean(name, known) + "`whenflow concurrency-limit ls` shows those there are."
        raise NotFound(f"There is no concurrency limit {name}.", hint=hint)
    return found


def _about(limit: dict[str, Any]) -> str:
    slots, decay = limit.get("limit"), limit.get("slot_decay_per_second")
    word = "slot" if slots == 1 else "slots"
    return f"{slots} {word}" + (f", {decay:g} a second become free by themselves" if decay else "")


def _row(limit: dict[str, Any]) -> tuple[str, ...]:
    decay = limit.get("slot_decay_per_second")
    return (
        str(limit.get("name", "-")),
        str(limit.get("limit", "-")),
        str(limit.get("active_slots", "-")),
        f"{decay:g}/s" if decay else "-",
        "yes" if limit.get("active") else "no",
        ago(limit.get("updated")),
    )
