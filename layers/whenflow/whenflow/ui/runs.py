"""The list of flow runs, and the page of one."""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from whenflow.errors import NotFound
from whenflow.ports import LogLine
from whenflow.runs import FlowRun, StateType
from whenflow.ui.firings import Chain, chain_of
from whenflow.ui.lineage import Lineage
from whenflow.ui.links import page_of
from whenflow.ui.rendering import Page
from whenflow.ui.requests import Request
from whenflow.ui.states import badge, duration_of, steps_of
from whenflow.ui.text import cut, moment, pretty

if TYPE_CHECKING:
    from whenflow.api.services import Services

FEW, MANY = 30, 150
MAX_LOG_CHARS = 400_000
MAX_LOG_LINES = 2_000
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
WENT_WRONG = frozenset({StateType.FAILED, StateType.CRASHED})


def all_runs(services: "Services", request: Request) -> Page:
    """Show flow runs, newest first."""
    limit = MANY if "more" in request.query else FEW
    runs = services.runs.newest(limit)
    now = services.clock.now()
    values = {
        "runs": [_row(run, now) for run in runs],
        "more": len(runs) == FEW == limit,
        "first": limit == FEW,
        "many": MANY,
        "cut_off": len(runs) == MANY,
        "awaited": "" if runs else _awaited(services),
    }
    return Page("runs", "Runs", "runs", values)


def one_run(services: "Services", id_: str) -> Page:
    """Show a flow run: why it ran, how it went, and what it logged."""
    run = services.runs.get(id_)
    if run is None:
        raise NotFound(f"There is no flow run {id_}.")
    now = services.clock.now()
    lines = services.runs.logs(id_)
    shown = _newest_lines(lines)
    values = _row(run, now) | {
        "run": run,
        "verdict": run.state.message if run.state.type in WENT_WRONG else "",
        "ended": run.state.type.is_final,
        "full_name": full_name(run),
        "started": moment(run.start_time, now) if run.start_time else None,
        "chain": _chain(services, run),
        "steps": steps_of(run, now),
        "parameters": pretty(dict(run.parameters)),
        "log": [_line(line, now) for line in shown],
        "earlier_lines": len(lines) - len(shown),
    }
    return Page("run", run.name, "runs", values)


def full_name(run: FlowRun) -> str:
    """Return `flow/deployment` of a run, as far as it is known."""
    return cut("/".join(name for name in (run.flow_name, run.deployment_name) if name))


def _awaited(services: "Services") -> str:
    """Return the name of an event that some automation waits for; any name where none is plain; nothing without one."""
    automations = services.config.all("automation")
    names = (name for one in automations for name in one["trigger"].get("expect") or () if PLAIN_NAME.match(name))
    return next(names, "hello.said" if automations else "")


def _row(run: FlowRun, now: datetime) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": cut(run.name),
        "of": full_name(run),
        "badge": badge(run.state),
        "created": moment(run.created, now),
        "duration": duration_of(run, now),
        "by": _maker(run),
    }


def _maker(run: FlowRun) -> dict[str, str]:
    """Return who made a run, and our page about them if it is an automation or a deployment."""
    by = run.created_by or {}
    kind = by.get("type", "").lower()
    return {
        "kind": kind,
        "name": cut(by.get("display_value") or by.get("id") or ""),
        "href": page_of(f"prefect.{kind}.{by.get('id', '')}"),
    }


def _chain(services: "Services", run: FlowRun) -> Chain | None:
    firing = Lineage.over(services).cause_of(run)
    return chain_of(firing, run) if firing else None


def _newest_lines(lines: Sequence[LogLine]) -> Sequence[LogLine]:
    """Return the last lines, as many as a page can bear: how it ended is at the end."""
    room, start = MAX_LOG_CHARS, len(lines)
    while start > max(0, len(lines) - MAX_LOG_LINES) and room > 0:
        start -= 1
        room -= len(lines[start].message)
    return lines[start:]


def _line(line: LogLine, now: datetime) -> dict[str, Any]:
    return {
        "at": moment(line.timestamp, now),
        "level": logging.getLevelName(line.level).lower(),
        "tone": "failed" if line.level >= logging.ERROR else "pending" if line.level >= logging.WARNING else "",
        "message": line.message,
    }
