"""`whenflow progress`: how far automations are with what they are to do, after a flood above all."""

from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.client import connect
from whenflow.cli.moments import read_moment
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json, say
from whenflow.cli.tables import Column, print_table

PREFIX = "prefect.automation."
COUNTED = {
    "fired": f"{PREFIX}triggered",
    "called_for": f"{PREFIX}action.triggered",
    "executed": f"{PREFIX}action.executed",
    "failed": f"{PREFIX}action.failed",
}
WORDS = {"fired": "fired", "called_for": "actions", "executed": "executed", "failed": "failed", "open": "open"}


def progress(*, since: Annotated[str, Parameter(alias="-s")] = "1h", options: Options = DEFAULTS) -> None:
    """Show how many actions were called for, how many have ended, and what waits in the queues.

    Args:
        since: Count from this time on: 2026-11-20T12:00:00Z, or how long ago: 15m, 2h.
        options: Common to all commands.
    """
    now = datetime.now(UTC)
    span = {"since": read_moment(since, "--since", now).isoformat(), "until": now.isoformat()}
    asked = {"occurred": span, "event": {"name": list(COUNTED.values())}}
    with connect(options) as api:
        counted = {one["value"]: int(one["count"]) for one in api.post("/events/count-by/event", {"filter": asked})}
        queues = api.get("/dead-letters")
    found = _progress(counted)
    if options.json:
        print_json({**span, **found, "queues": queues})
        return
    say(*(f"{WORDS[name]:<10}{number:>8}" for name, number in found.items()))
    columns = (Column("QUEUE"), Column("WAITING"), Column("DEAD"))
    print_table(columns, (_row(one) for one in queues if one.get("waiting") is not None or one["messages"]))


def _progress(counted: dict[str, int]) -> dict[str, int]:
    found = {name: counted.get(event, 0) for name, event in COUNTED.items()}
    return found | {"open": max(0, found["called_for"] - found["executed"] - found["failed"])}


def _row(queue: dict[str, Any]) -> tuple[str, ...]:
    waiting = queue.get("waiting")
    return str(queue["name"]), "-" if waiting is None else str(waiting), str(queue["messages"])
