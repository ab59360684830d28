"""What the templates of actions may look up, asked of the API: for what is rendered on this machine."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from whenflow.actions.context import Scope
from whenflow.cli.client import Api

FOLDERS = {
    "automation": "automations",
    "deployment": "deployments",
    "event": "events",
    "flow": "flows",
    "flow-run": "flow_runs",
    "task-run": "task_runs",
}
PAGE = 200


def scope_of(api: Api) -> Scope:
    """Return a scope that asks an API, for each object once."""
    known: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def lookup(kind: str, id_: str) -> Mapping[str, Any] | None:
        if (kind, id_) not in known:
            known[kind, id_] = api.find(f"/{FOLDERS[kind]}/{id_}") if kind in FOLDERS else None
        return known[kind, id_]

    variables = cache(lambda: dict(_variables(api)))
    return Scope(lookup, variables, f"{api.connection.api_url.removesuffix('/api')}/ui")


def _variables(api: Api) -> Iterator[tuple[str, Any]]:
    offset = 0
    while True:
        page = api.post("/variables/filter", {"limit": PAGE, "offset": offset})
        yield from ((one["name"], one["value"]) for one in page)
        if len(page) < PAGE:
            return
        offset += PAGE
