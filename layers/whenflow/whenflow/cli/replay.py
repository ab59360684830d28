"""`whenflow replay`: events of the past, once more; only the firings that are missing are started."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import UsageError
from whenflow.cli.lookup import AUTOMATION, find_id
from whenflow.cli.moments import read_moment
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.progress import progress
from whenflow.cli.render import clock_time, complain, print_json, say
from whenflow.cli.tables import Column, print_table

AT_ONCE = 50
Plan = dict[str, Any]


def replay(
    *,
    since: str,
    until: str = "now",
    automation: Annotated[tuple[str, ...], Parameter(alias="-a")] = (),
    plan: bool = False,
    unsure: bool = False,
    yes: Yes = False,
    limit: Annotated[int, Parameter(validator=Number(gte=0))] = 20,
    options: Options = DEFAULTS,
) -> None:
    """Have automations act on events of the past, as far as they have not.

    First a plan: what would fire, and what did. Then only what is missing is started; what fired is never started
    again. It can be stopped at any time, and run again to go on.

    Args:
        since: From when on events are to have occurred: how long ago (2h, 7d), or a time.
        until: Until when.
        automation: Id or name of an automation; may be given several times. By default all that are switched on.
        plan: Only show the plan.
        unsure: Also start what counts events in windows and may have fired much like this already.
        yes: Do not ask.
        limit: How many firings the table shows.
        options: Common to all commands.
    """
    now = datetime.now(UTC)
    first, last = read_moment(since, "--since", now), read_moment(until, "--until", now)
    if first >= last:
        raise UsageError("--since must lie before --until.")
    with connect(options) as api:
        ids = [find_id(api, AUTOMATION, one) for one in automation]
        plans = list(_plans(api, first, None if until == "now" else last, ids))
        wanted = {"missing", "unsure"} if unsure else {"missing"}
        count = sum(firing["status"] in wanted for one in plans for firing in one["firings"])
        if options.json and (plan or not count):
            print_json({"plan": plans, "started": []})
            return
        if not options.json:
            _show(plans, limit)
        if plan or not count:
            return
        confirm(f"This starts {count} firing{'' if count == 1 else 's'}. Go on?", yes)
        started = _start(api, plans, ids, wanted, count)
    if options.json:
        print_json({"plan": plans, "started": started})
    else:
        say(f"Started {len(started)} of {count}." + (" The others were there by now." if len(started) < count else ""))


def _plans(api: Api, since: datetime, until: datetime | None, ids: list[str]) -> Iterator[Plan]:
    """Yield the plan, a stretch at a time: as much as the API takes at once. What is now, the API knows best."""
    at: str | None = since.isoformat()
    end = until.isoformat() if until else None
    with progress("Planning", ((until or datetime.now(UTC)) - since).total_seconds()) as told:
        while at:
            one: Plan = api.post("/replay", _asked(at, end, ids))
            yield one
            told((datetime.fromisoformat(one["until"]) - since).total_seconds())
            at = one["next_since"]


def _start(api: Api, plans: list[Plan], ids: list[str], wanted: set[str], count: int) -> list[str]:
    """Start what is missing, oldest first; return the ids of what was."""
    started: list[str] = []
    done = 0
    try:
        with progress("Starting", count) as told:
            for one in plans:
                missing = [firing["id"] for firing in one["firings"] if firing["status"] in wanted]
                for begin in range(0, len(missing), AT_ONCE):
                    some = missing[begin : begin + AT_ONCE]
                    asked = _asked(one["since"], one["until"], ids) | {"firings": some, "unsure": "unsure" in wanted}
                    answer = api.post("/replay/fire", asked)
                    started += answer["fired"]
                    for refused in answer["refused"]:
                        complain(f"Not started: {refused['id']}: {refused['reason']}")
                    told(done := done + len(some))
    except KeyboardInterrupt:
        complain(f"Stopped: {len(started)} of {count} were started. Run it again to go on; nothing is started twice.")
        raise
    return started


def _asked(since: str, until: str | None, ids: list[str]) -> dict[str, Any]:
    return {"since": since, "until": until} | ({"automations": ids} if ids else {})


def _show(plans: list[Plan], limit: int) -> None:
    firings = [firing for one in plans for firing in one["firings"]]
    events = sum(one["events"] for one in plans)
    if not firings:
        say(f"Nothing would fire on these {events} events.")
        return
    columns = (
        Column("TIME"),
        Column("AUTOMATION", elastic=True),
        Column("KEY", elastic=True),
        Column("EVENT", elastic=True),
        Column("STATUS"),
    )
    if limit:
        print_table(columns, (_row(firing) for firing in firings[:limit]))
    if len(firings) > limit:
        say(f"… and {len(firings) - limit} more: --limit shows them.")
    counts = {status: sum(one["counts"][status] for one in plans) for status in plans[0]["counts"]}
    say("", f"{counts['missing']} missing, {counts['stored']} fired already.")
    if counts["unsure"]:
        say(
            f"{counts['unsure']} unsure: these count events in windows while the automation was at work, and may have "
            "fired much like this. --unsure starts them too."
        )
    if counts["by-time"]:
        say(f"{counts['by-time']} closed by time and not by an event: these are not replayed.")


def _row(firing: dict[str, Any]) -> tuple[str, ...]:
    key = ", ".join(f"{name}={value}" for name, value in (firing["labels"] or {}).items())
    event = firing["event"] or {}
    name = f"{event.get('event')} on {event.get('resource')}" if event else "-"
    return clock_time(firing["time"])[:19], str(firing["automation_name"]), key or "-", name, str(firing["status"])
