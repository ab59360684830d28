"""Finds the flow run that a person means, and the runs that a person wants to see."""

from datetime import UTC, datetime
from typing import Any

from whenflow.cli.client import Api
from whenflow.cli.errors import NotFound, UsageError, did_you_mean
from whenflow.cli.lookup import DEPLOYMENT, MAX_CHOICES, as_id, find
from whenflow.cli.moments import read_moment
from whenflow.cli.render import ago

SEARCHED = 200
MIN_PREFIX = 4
SEE = "`whenflow flow-run ls` shows those there are."
STATE_TYPES = frozenset(
    {"SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING"}
)
STATE_NAMES = frozenset(
    {"Late", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming", "Submitting", "InfrastructurePending"}
    | {"Retrying", "Rerunning", "Suspended", "Cached", "Skipped", "RolledBack", "TimedOut", "NotReady"}
)


def find_run(api: Api, wanted: str) -> dict[str, Any]:
    """Return the run that a person means by an id, the start of one, or a name.

    Args:
        api: Whom to ask.
        wanted: What was given.

    Raises:
        NotFound: There is none.
        UsageError: There are several.
    """
    if (id_ := as_id(wanted)) is not None:
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


def filters(
    api: Api, states: list[str] | None, deployment: str | None, since: str | None, tags: list[str] | None
) -> dict[str, Any]:
    """Return the request for the runs that are wanted; empty where all are.

    Args:
        api: Who knows the deployments.
        states: Types or names of states, in any case; one of them.
        deployment: Name or id.
        since: Expected to start then or later.
        tags: All of them.

    Raises:
        CliError: There is no such state or deployment, or no such moment.
    """
    wanted: dict[str, Any] = {}
    if states:
        wanted["state"] = _states(states)
    if deployment:
        wanted["deployment_id"] = {"any_": [find(api, DEPLOYMENT, deployment)["id"]]}
    if since:
        moment = read_moment(since, "--since", datetime.now(UTC))
        wanted["expected_start_time"] = {"after_": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    if tags:
        wanted["tags"] = {"all_": tags}
    return {"flow_runs": wanted} if wanted else {}


def _states(given: list[str]) -> dict[str, Any]:
    """Return the filter for one of some states: by type where all of them are types, else by name."""
    types = [text.upper() for text in given]
    if STATE_TYPES.issuperset(types):
        return {"type": {"any_": types}}
    known = {name.lower(): name for name in (*STATE_NAMES, *(one.title() for one in STATE_TYPES))}
    for text in given:
        if text.lower() not in known:
            names = sorted(known.values())
            raise UsageError(
                f"There is no state {text}.", hint=did_you_mean(text, names) + f"There are: {', '.join(names)}."
            )
    return {"name": {"any_": [known[text.lower()] for text in given]}}


def _starts(run: dict[str, Any], wanted: str) -> bool:
    return len(wanted) >= MIN_PREFIX and str(run.get("id", "")).startswith(wanted.lower())


def _unknown(wanted: str, names: list[str]) -> NotFound:
    searched = f" among the newest {SEARCHED}" if len(names) >= SEARCHED else ""
    return NotFound(f"There is no flow run {wanted}{searched}.", hint=did_you_mean(wanted, names) + SEE)
