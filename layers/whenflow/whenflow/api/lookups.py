"""What the templates of actions may look up: objects by kind and id, in the shapes of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whenflow.actions.context import Scope
from whenflow.automations.model import automation_from_stored
from whenflow.deployments.pools import work_pool, work_queue
from whenflow.deployments.values import VARIABLE
from whenflow.limits.model import ID_KIND, KIND
from whenflow.ports import ConfigStore, EventStore, RunStore
from whenflow.runs.task_run_book import TaskRunBook

Found = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Lookups:
    """Reads the stores; each object costs one read, a task run a few.

    Attributes:
        task_runs: None where nobody asks for task runs.
    """

    config: ConfigStore
    events: EventStore
    runs: RunStore
    task_runs: TaskRunBook | None = None

    def scope(self, site: str = "") -> Scope:
        """Return what templates see; `site` is the address of the UI, if it has one."""
        return Scope(self.find, self.variables, site)

    def find(self, kind: str, id_: str) -> Found:
        """Return an object as the API shows it, or None where there is none: `whenflow.actions.context.Lookup`."""
        finders: dict[str, Callable[[str], Found]] = {
            "automation": self._automation,
            "concurrency-limit": self._limit,
            "deployment": self._deployment,
            "event": self._event,
            "flow": lambda flow_id: self.config.get("flow", flow_id),
            "flow-run": self._flow_run,
            "task-run": self._task_run,
            "work-pool": self._work_pool,
            "work-queue": lambda queue_id: work_queue(self.config, queue_id),
        }
        return finders[kind](id_) if kind in finders else None

    def variables(self) -> Mapping[str, Any]:
        """Return the values of all variables by name."""
        return {one["name"]: one["value"] for one in self.config.all(VARIABLE)}

    def _automation(self, id_: str) -> Found:
        stored = self.config.get("automation", id_)
        return automation_from_stored(stored).as_document() if stored else None

    def _limit(self, id_: str) -> Found:
        reference = self.config.get(ID_KIND, id_)
        return self.config.get(KIND, reference["id"]) if reference else None

    def _deployment(self, id_: str) -> Found:
        from whenflow.api.deployments import shown  # brings in the routes, which few templates are worth

        stored = self.config.get("deployment", id_)
        return shown(stored) if stored else None

    def _event(self, id_: str) -> Found:
        event = self.events.get(id_)
        return event.as_document() if event else None

    def _flow_run(self, id_: str) -> Found:
        from whenflow.api.flow_runs import as_document  # as above

        run = self.runs.get(id_)
        return as_document(run) if run else None

    def _task_run(self, id_: str) -> Found:
        found = self.task_runs.get(id_) if self.task_runs else None
        return found.as_document() if found else None

    def _work_pool(self, id_: str) -> Found:
        from whenflow.api.work_pools import shown  # as above

        stored = work_pool(self.config, id_)
        return shown(stored) if stored else None
