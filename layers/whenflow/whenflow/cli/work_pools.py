"""`whenflow target`: where code is launched: work pools."""

import json
from collections.abc import Sequence
from typing import Any

from whenflow.cli.by_name import remove, switch
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes
from whenflow.cli.errors import UsageError
from whenflow.cli.lookup import MAX_CHOICES, MAX_LISTED, WORK_POOL, find, full_name
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import clock_time, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.values import read_pair, read_value

app = group("target", "Where runs are launched: the work pools lambda, step-functions, and those you make.")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the targets."""
    with connect(options) as api:
        pools = api.newest(WORK_POOL.collection, MAX_LISTED)
    if options.json:
        print_json(pools)
    elif not pools:
        say("No targets yet. Make one: whenflow target create reports lambda function_arn=arn:aws:lambda:…")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("TYPE"),
            Column("PAUSED"),
            Column("AT ONCE"),
            Column("SETTINGS", elastic=True),
            Column("ID", wide=True),
        )
        print_table(columns, (_row(pool) for pool in pools))


@app.command
def inspect(target: str, /, *, options: Options = DEFAULTS) -> None:
    """Show a target.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    with connect(options) as api:
        pool = find(api, WORK_POOL, target)
    if options.json:
        print_json(pool)
        return
    limit = pool.get("concurrency_limit")
    facts = {
        "id": pool.get("id"),
        "type": pool.get("type"),
        "about": pool.get("description"),
        "paused": "yes: runs are made, and wait" if pool.get("is_paused") else "no",
        "at once": "" if limit is None else str(limit),
        "settings": json.dumps(_settings(pool), ensure_ascii=False) if _settings(pool) else "",
        "created": clock_time(pool.get("created")) if pool.get("created") else "",
    }
    say(f"Target {pool.get('name')}", *(f"  {name:<8}  {fact}" for name, fact in facts.items() if fact))


@app.command
def create(
    name: str,
    type: str,
    /,
    *settings: str,
    description: str = "",
    paused: bool = False,
    concurrency_limit: int | None = None,
    options: Options = DEFAULTS,
) -> None:
    """Make a target with settings that its deployments then need not give.

    Args:
        name: What to call it; deployments say work_pool_name: NAME.
        type: lambda or step-functions.
        settings: NAME=VALUE, such as function_arn=arn:aws:lambda:… or state_machine_arn=arn:aws:states:…
        description: What it is for.
        paused: Let runs wait until it is resumed.
        concurrency_limit: How many of its runs may work at once; left out: any number.
        options: Common to all commands.
    """
    defaults = {key: read_value(value) for key, value in (read_pair(one, "a setting") for one in settings)}
    body: dict[str, Any] = {"name": name, "type": type, "description": description, "is_paused": paused}
    if concurrency_limit is not None:
        body["concurrency_limit"] = concurrency_limit
    if defaults:
        properties = {key: {"default": value} for key, value in defaults.items()}
        body["base_job_template"] = {
            "job_configuration": {key: f"{{{{ {key} }}}}" for key in defaults},
            "variables": {"type": "object", "properties": properties},
        }
    with connect(options) as api:
        pool = api.create(WORK_POOL.collection, body)
    if options.json:
        print_json(pool)
    else:
        say(f"Made the target {pool.get('name')} ({pool.get('id')}).")


@app.command
def pause(target: str, /, *, options: Options = DEFAULTS) -> None:
    """Let the runs of a target wait: they are made, and not launched until it is resumed.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    _switch(target, True, options)


@app.command
def resume(target: str, /, *, options: Options = DEFAULTS) -> None:
    """Launch the runs of a target again, and those that waited.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    _switch(target, False, options)


@app.command
def set_concurrency_limit(target: str, limit: int, /, *, options: Options = DEFAULTS) -> None:
    """Let only so many runs of a target work at once; others wait until one of them is over.

    Args:
        target: Its name or id.
        limit: How many; 0 lets none start.
        options: Common to all commands.
    """
    _limit(target, limit, options)


@app.command
def clear_concurrency_limit(target: str, /, *, options: Options = DEFAULTS) -> None:
    """Let any number of runs of a target work at once. Those that wait start within five minutes.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    _limit(target, None, options)


@app.command
def delete(target: str, /, *, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove a target. Deployments that use it cannot be launched any more.

    Args:
        target: Its name or id.
        yes: Do not ask.
        options: Common to all commands.
    """

    def check(api: Api, pools: Sequence[dict[str, Any]]) -> None:
        names = {pool.get("name") for pool in pools}
        deployments = () if yes else api.newest("deployments", MAX_LISTED)
        if using := [full_name(one) for one in deployments if one.get("work_pool_name") in names]:
            raise UsageError(
                f"The target {target} is used by {', '.join(using[:MAX_CHOICES])}.",
                hint="Give --yes to remove it all the same.",
            )

    remove(WORK_POOL, (target,), options, yes=yes, check=check)


def _switch(target: str, paused: bool, options: Options) -> None:
    done, so = ("Paused", "paused") if paused else ("Resumed", "not paused")
    words = (f"{done} the target {{name}}.", f"The target {{name}} is {so} already.")
    switch(WORK_POOL, target, {"is_paused": paused}, words, options)


def _limit(target: str, limit: int | None, options: Options) -> None:
    with connect(options) as api:
        pool = find(api, WORK_POOL, target)
        api.patch(WORK_POOL.path_of(pool), {"concurrency_limit": limit})
    if options.json:
        print_json(pool | {"concurrency_limit": limit})
    else:
        many = "any number of runs" if limit is None else "1 run" if limit == 1 else f"{limit} runs"
        say(f"The target {pool.get('name')} lets {many} work at once.")


def _settings(pool: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a pool gives to its deployments."""
    variables = ((pool.get("base_job_template") or {}).get("variables") or {}).get("properties") or {}
    return {name: one["default"] for name, one in variables.items() if isinstance(one, dict) and "default" in one}


def _row(pool: dict[str, Any]) -> tuple[str, ...]:
    settings = ", ".join(f"{name}={value}" for name, value in _settings(pool).items()) or "-"
    paused, limit = "yes" if pool.get("is_paused") else "no", pool.get("concurrency_limit")
    at_once = "-" if limit is None else str(limit)
    return str(pool.get("name", "-")), str(pool.get("type", "-")), paused, at_once, settings, str(pool.get("id", "-"))
