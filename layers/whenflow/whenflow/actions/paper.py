"""Tools that only note down what would be done: reading is real, and nothing is ever written or sent.

What performs an action works with these as with the real ones, so that a preview cannot differ from the deed.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from whenflow.actions.context import Scope
from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.notifications.formats import Message
from whenflow.actions.outcome import Executed
from whenflow.actions.run_deployment import DeploymentRunner, RunPlanner
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation
from whenflow.automations.registry import SwitchedBy
from whenflow.events import Event, iso
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, Mail, RunStore
from whenflow.runs import FlowRun, RunControl, RunLedger

Note: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Is told of each effect: what kind it is, and its particulars."""

READS = frozenset(
    {"get", "read", "all", "get_all", "version", "changes", "newest", "newest_first", "between", "latest", "logs"}
    | {"slots_taken", "waiting", "deleted_by"}
)
OWN = "prefect."
"""What the names of Whenflow's own events begin with: they go with the effects, and are none of their own."""


class _Paper:
    """A store that can be read; what else it can do, a subclass notes down."""

    def __init__(self, real: object, note: Note) -> None:
        self._real = real
        self._note = note

    def __getattr__(self, name: str) -> Any:
        if name not in READS:
            raise AttributeError(name)
        return getattr(self._real, name)


class _Events(_Paper):
    """Keeps what would be told.

    Attributes:
        told: In this order.
    """

    def __init__(self, real: object, note: Note) -> None:
        super().__init__(real, note)
        self.told: list[Event] = []

    def put(self, event: Event) -> Event:
        self.told.append(event)
        if not event.event.startswith(OWN):
            self._note("emit-event", {"event": event.event, "resource": dict(event.resource), "payload": event.payload})
        return event


class _Config(_Paper):
    def __init__(self, real: object, note: Note, events: _Events) -> None:
        super().__init__(real, note)
        self._events = events

    def create(
        self, kind: str, _id: str, document: Mapping[str, Any], _also: object = (), told: Event | None = None
    ) -> None:
        self._tell(told)
        self._note("update", {"kind": kind, "name": document.get("name"), "changes": dict(document)})

    def _tell(self, told: Event | None) -> None:
        if told:
            self._events.put(told)

    def replace(
        self, kind: str, id_: str, document: Mapping[str, Any], told: Event | None = None, *, over: str | None = None
    ) -> None:
        del over
        self._tell(told)
        present = self.get(kind, id_) or {}
        changes = {name: value for name, value in document.items() if present.get(name) != value and name != "updated"}
        self._note("update", {"kind": kind, "name": document.get("name"), "changes": changes})

    def delete(self, kind: str, id_: str, _also: object = ()) -> bool:
        self._note("delete", {"kind": kind, "id": id_})
        return True


class _Runs(_Paper):
    def create(self, run: FlowRun, *_events: Event) -> bool:
        self._note("create-flow-run", _new_run(run))
        return True

    def save(self, run: FlowRun, _event: Event | None, _slots: object = ()) -> None:
        state = {"type": str(run.state.type), "name": run.state.name, "message": run.state.message}
        self._note("set-flow-run-state", {"flow_run_id": run.id, "flow_run": run.name, "state": state})

    def delete(self, run: FlowRun, _slots: object = (), _by: object = None) -> None:
        self._note("delete-flow-run", {"flow_run_id": run.id, "flow_run": run.name})


class _Deployments(DeploymentRunner):
    """Plans the run, and starts nothing."""

    def __init__(self, planner: RunPlanner, note: Note) -> None:
        self._planner = planner
        self._note = note

    def run(self, action: Mapping[str, Any], firing: Firing, index: int, event: Event | None) -> Executed:
        self._note("create-flow-run", _new_run(self._planner.plan(action, firing, index, event)))
        return Executed()


class _Automations:
    """Switches on paper; `find` returns an automation or raises `NotFound`."""

    def __init__(self, find: Callable[[str], Automation], note: Note) -> None:
        self._find = find
        self._note = note

    def switch(self, id_: str, document: object, *, cause: SwitchedBy | None = None) -> object:
        del cause
        automation = self._find(id_)
        enabled = bool(cast("Mapping[str, Any]", document)["enabled"])
        told = {"automation_id": id_, "automation": automation.name, "enabled": enabled, "was": automation.enabled}
        self._note("switch-automation", told)
        return automation


class _Notifier(Notifier):
    """Shows messages as they would be sent; knows no secrets."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def notify(self, target: Mapping[str, Any], message: Message) -> dict[str, Any]:
        told = {"target": target["name"], "type": target["type"], "subject": message.subject, "body": message.body}
        self._note("send-message", told)
        return {}

    def mail(self, mail: Mail) -> dict[str, Any]:
        self._note("send-email", {"to": list(mail.to), "subject": mail.subject, "body": mail.body})
        return {}

    def call(self, target: Mapping[str, Any], url: str, payload: str, message_id: str) -> dict[str, Any]:
        del message_id
        method = target["data"].get("method", "POST")
        self._note("call-webhook", {"target": target["name"], "method": method, "url": url, "payload": payload})
        return {}


class PaperTools:
    """The tools, and what would have been done with them.

    Attributes:
        tools: To be given to what performs actions.
    """

    def __init__(
        self,
        events: EventStore,
        config: ConfigStore,
        runs: RunStore,
        clock: Clock,
        ids: Ids,
        find_automation: Callable[[str], Automation],
        scope: Scope,
    ) -> None:
        """Read from these.

        Args:
            events: Events.
            config: What the user set up.
            runs: Flow runs.
            clock: Tells the time.
            ids: Makes ids.
            find_automation: Returns the automation of an id, or raises `NotFound`.
            scope: What templates may look up.
        """
        self._effects: list[dict[str, Any]] = []
        self._events = _Events(events, self._note)
        ledger = RunLedger(cast("RunStore", _Runs(runs, self._note)), clock, ids)
        paper_config = cast("ConfigStore", _Config(config, self._note, self._events))
        self.tools = Tools(
            events=cast("EventStore", self._events),
            config=paper_config,
            clock=clock,
            ids=ids,
            deployments=_Deployments(RunPlanner(paper_config, ledger, clock, scope), self._note),
            runs=RunControl(ledger, clock),
            automations=_Automations(find_automation, self._note),
            notifier=_Notifier(self._note),
            scope=scope,
        )

    def taken(self) -> tuple[list[dict[str, Any]], list[Event]]:
        """Return the effects and the events since this was last asked."""
        effects, told = list(self._effects), list(self._events.told)
        self._effects.clear()
        self._events.told.clear()
        return effects, told

    def _note(self, effect: str, particulars: Mapping[str, Any]) -> None:
        self._effects.append({"effect": effect, **particulars})


def _new_run(run: FlowRun) -> dict[str, Any]:
    scheduled = run.states[0].details.scheduled_time
    return {
        "deployment": f"{run.flow_name}/{run.deployment_name}",
        "deployment_id": run.deployment_id,
        "parameters": dict(run.parameters),
        "job_variables": dict(run.job_variables),
        "tags": list(run.tags),
        "scheduled_time": iso(scheduled) if scheduled else None,
    }
