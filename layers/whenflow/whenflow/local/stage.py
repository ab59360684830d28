"""Sets the stories up, and follows what they set off: event, firing, run, states. All of it over plain HTTP."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from whenflow.local.client import Api
from whenflow.local.errors import LocalError
from whenflow.local.stories import MARK, Document

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.1
PAGE = 50
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclass(frozen=True)
class Chain:
    """What one event caused.

    Attributes:
        event: As it is in the feed.
        firing: Of the automation that was waiting for it.
        run: That the firing's action started, now in its final state.
        states: Of the run, oldest first.
        said: What the flow printed.
        tasks: How many task runs the run had.
    """

    event: Mapping[str, Any]
    firing: Mapping[str, Any]
    run: Mapping[str, Any]
    states: list[Mapping[str, Any]]
    said: list[str]
    tasks: int = 0


class Stage:
    """The running stack, as far as the stories need it."""

    def __init__(self, api: Api, patience: float = PATIENCE_SECONDS) -> None:
        """Play on this API; nothing may take longer than the patience lasts."""
        self._api, self._patience = api, patience

    def deployment(self, flow: str, name: str) -> dict[str, Any]:
        """Return a deployment by its name."""
        found: dict[str, Any] = self._api.get(f"/deployments/name/{flow}/{name}")
        return found

    def put(self, kind: str, document: Document) -> dict[str, Any]:
        """Make a webhook or an automation anew; the one of an earlier demo goes, one of somebody else's stays."""
        for old in self._api.post(f"/{kind}/filter", {}):
            if (old["name"], old["description"]) == (document["name"], MARK):
                self._api.delete(f"/{kind}/{old['id']}")
        made: dict[str, Any] = self._api.post(f"/{kind}/", document)
        return made

    def call(self, webhook: Mapping[str, Any], body: bytes, headers: Mapping[str, str]) -> None:
        """Post to a webhook."""
        self._api.call_webhook(webhook["url"], body, headers)

    def events(self) -> list[dict[str, Any]]:
        """Return the newest events."""
        found: list[dict[str, Any]] = self._api.get("/events", limit=PAGE)["events"]
        return found

    def follow(self, name: str, resource: str, automation: Mapping[str, Any], known: set[str]) -> Chain:
        """Wait for an event that is not known yet, and for all that an automation makes of it."""
        event = self._wait(f"the event {name} on {resource}", lambda: self._event(name, resource, known))
        what = f"a flow run of the automation '{automation['name']}'"
        run = self._wait(what, lambda: self._run(event["id"], automation["id"]))
        run = self._wait(f"the end of the flow run {run['name']}", lambda: self._ended(run["id"]))
        if run["state_type"] != "COMPLETED":
            message = run["state"].get("message") or "it says no reason"
            raise LocalError(f"The flow run {run['name']} ended as {run['state_name']}: {message}")
        firing = self._api.get(f"/firings/{run['firing_id']}")
        states = self._api.get("/flow_run_states/", flow_run_id=run["id"])
        logs = self._api.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
        tasks = self._api.post("/task_runs/count", {"flow_runs": {"id": {"any_": [run["id"]]}}})
        return Chain(event, firing, run, states, [str(line["message"]) for line in logs], tasks)

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            if (seen := look()) is not None:
                return seen
            time.sleep(LOOK_SECONDS)
        raise LocalError(f"Waited {self._patience:.0f} seconds in vain for {what}. `.whenflow/` has the logs.")

    def _event(self, name: str, resource: str, known: set[str]) -> dict[str, Any] | None:
        for event in self.events():
            is_it = event["event"] == name and event["resource"]["prefect.resource.id"] == resource
            if is_it and event["id"] not in known:
                return event
        return None

    def _run(self, event_id: str, automation_id: str) -> dict[str, Any] | None:
        runs = self._api.post("/flow_runs/filter", {"limit": PAGE})
        made = (run for run in runs if run["event_id"] == event_id and run["created_by"]["id"] == automation_id)
        return next(made, None)

    def _ended(self, run_id: str) -> dict[str, Any] | None:
        run: dict[str, Any] = self._api.get(f"/flow_runs/{run_id}")
        return run if run["state_type"] in FINAL else None
