"""The names that the templates of an action may use (SPEC 4.3); none is looked up before it is mentioned."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from whenflow.actions.inference import first_of, id_in
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event, parse_iso
from whenflow.events.codec import from_stored
from whenflow.runs import StateType
from whenflow.templating import Context, Dotted, ObjectView, ResourceView, Word
from whenflow.templating.links import event_url
from whenflow.templating.meter import current

NATIVE = ("flow_run", "flow", "deployment", "task_run", "work_pool", "work_queue", "concurrency_limit")
STATE = "prefect.state-"
STATE_TYPES = "StateType"
MOMENTS = frozenset({"created", "updated", "timestamp", "last_polled", "occurred", "received"})


class Lookup(Protocol):
    """Finds what a template mentions."""

    def __call__(self, kind: str, id_: str) -> Mapping[str, Any] | None:
        """Return an object as the API shows it, or None where there is none.

        Args:
            kind: `automation`, `event`, or that of a resource: `flow-run`, `flow`, `deployment`, `task-run`,
                `work-pool`, `work-queue`, `concurrency-limit`.
            id_: A UUID.
        """
        ...


def _nothing(kind: str, id_: str) -> None:  # noqa: ARG001 - a lookup that finds nothing
    return None


def context_of(
    firing: Firing,
    event: Event | None,
    *,
    lookup: Lookup = _nothing,
    variables: Callable[[], Mapping[str, Any]] | None = None,
    site: str = "",
) -> "ActionContext":
    """Return the names that the templates of an action may use.

    Args:
        firing: What the action is done for.
        event: The event that it is on: the one that closed the firing, or the one that tells of it.
        lookup: Finds the objects that templates mention, each at most once.
        variables: Returns the stored variables by name; asked at most once, and only where they are mentioned.
        site: The address of the UI, for `ui_url`.
    """
    return ActionContext(firing, event, lookup, variables, site)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the templates of actions may look up beside the firing and its event.

    Attributes:
        lookup: Finds the objects that templates mention.
        variables: Returns the stored variables by name.
        site: The address of the UI, for `ui_url`; empty where it has none.
    """

    lookup: Lookup = _nothing
    variables: Callable[[], Mapping[str, Any]] | None = None
    site: str = ""

    def context_of(self, firing: Firing, event: Event | None) -> "ActionContext":
        """Return the names that the templates of an action may use."""
        return context_of(firing, event, lookup=self.lookup, variables=self.variables, site=self.site)

    def knowing(self, automation: Automation) -> "Scope":
        """Return a scope with an automation as it is given here, whether it is stored or not."""

        def lookup(kind: str, id_: str) -> Mapping[str, Any] | None:
            return automation.as_document() if (kind, id_) == ("automation", automation.id) else self.lookup(kind, id_)

        return replace(self, lookup=lookup)


class ActionContext(Context):
    """Names with their values, made when they are first asked for. What time it is, is when the automation fired."""

    def __init__(
        self,
        firing: Firing,
        event: Event | None,
        lookup: Lookup,
        variables: Callable[[], Mapping[str, Any]] | None,
        site: str,
    ) -> None:
        """Look up nothing yet."""
        super().__init__({}, now=firing.triggered, site=site)
        self._firing = firing
        self._event = event
        self._lookup = lookup
        self._known: dict[str, Any] = {}
        self._makers: dict[str, Callable[[], Any]] = {
            "automation": self._automation,
            "event": lambda: EventView(event) if event else None,
            "labels": lambda: Dotted(firing.labels),
            "firing": lambda: self["firings"][0],
            "firings": self._firings,
            "events": lambda: [one["triggering_event"] for one in self["firings"] if one["triggering_event"]],
        }
        if variables is not None:
            self._makers["variables"] = lambda: dict(variables())
        if firing.trigger_type == "metric":
            self._makers["metric"] = self._metric
        if event is not None:
            self._makers |= {name: self._native(name.replace("_", "-"), event) for name in NATIVE}

    def __getitem__(self, name: str) -> Any:
        """Return the value of a name, made now if need be."""
        if name not in self._known:
            self._known[name] = self._makers[name]()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._makers)

    def _automation(self) -> ObjectView:
        firing = self._firing
        found = self._lookup("automation", firing.automation_id) or {}
        known = {"id": firing.automation_id, "name": firing.automation_name}
        values = _timed({**found, **known} if found else known)
        if "trigger" in values:
            values["trigger"] = _worded(values["trigger"])
        return ObjectView("automation", values)

    def _metric(self) -> dict[str, Any]:
        trigger = self["automation"].get("trigger") or {}
        return {**(trigger.get("metric") or {}), "value": self._firing.value}

    def _firings(self) -> list[dict[str, Any]]:
        firing = self._firing
        stored = firing.as_stored()
        top = self._firing_view({**stored, "trigger": firing.trigger_id}, firing.event)
        top["trigger_states"] = ["Resolved" if firing.is_resolved else "Triggered"]
        top["triggering_value"] = firing.value
        return list(_depth_first(top))

    def _firing_view(self, document: Mapping[str, Any], event: Event | None) -> dict[str, Any]:
        return {
            "id": document["id"],
            "trigger": self._trigger(document["trigger"]),
            "trigger_states": ["Triggered"],
            "triggered": parse_iso(document["triggered"]),
            "triggering_labels": dict(document["labels"]),
            "triggering_event": EventView(event) if event else None,
            "triggering_firings": [
                self._firing_view(child, self._event_of(child["event"])) for child in document["children"]
            ],
        }

    def _event_of(self, event_id: str | None) -> Event | None:
        if event_id is None:
            return None
        known = self._firing.event
        if known is not None and known.id == event_id:
            return known
        found = self._lookup("event", event_id)
        return from_stored(dict(found)) if found else None

    def _trigger(self, trigger_id: str) -> Mapping[str, Any]:
        found = self["automation"].get("trigger")
        return next((one for one in _triggers(found) if one.get("id") == trigger_id), {"id": trigger_id})

    def _native(self, kind: str, event: Event) -> Callable[[], Any]:
        def found() -> ObjectView | None:
            labels = first_of(event, kind)
            id_ = id_in(labels[RESOURCE_ID], kind) if labels else None
            values = self._lookup(kind, id_) if id_ else None
            if labels is None or values is None:
                return None
            view = ObjectView(kind, _timed(values))
            if kind == "flow-run":
                view["state"] = _state_in(labels) or _stated(view.get("state"))
            return view

        return found


class EventView(ObjectView):
    """An event as templates see it; as JSON it is the event and nothing more."""

    def __init__(self, event: Event) -> None:
        """View an event."""
        document = event.as_document() | {"occurred": event.occurred, "received": event.received}
        document["resource"] = ResourceView(event.resource)
        document["related"] = [ResourceView(labels) for labels in event.related]
        super().__init__("event", document)

    def look_up(self, name: str) -> Any:
        """Return a field of the event, or one of the conveniences."""
        if name in self:
            return self[name]
        related = self["related"]
        match name:
            case "name":
                return self["event"]
            case "involved" | "involved_resources":
                return [self["resource"], *related]
            case "resource_in_role":
                return {labels[RESOURCE_ROLE]: labels for labels in reversed(related) if RESOURCE_ROLE in labels}
            case "resources_in_role":
                roles: dict[str, list[ResourceView]] = {}
                for labels in related:
                    roles.setdefault(labels.get(RESOURCE_ROLE, ""), []).append(labels)
                return roles
            case "url" if site := current().site:
                return event_url(site, self["id"], self["occurred"])
        raise KeyError(name)


def _state_in(labels: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the state that a flow run had when the event happened, where the event tells all of it."""
    try:
        return {
            "type": Word(StateType(labels[f"{STATE}type"]), STATE_TYPES),
            "name": labels[f"{STATE}name"],
            "message": labels[f"{STATE}message"],
            "timestamp": parse_iso(labels[f"{STATE}timestamp"]),
        }
    except (KeyError, ValueError):
        return None


def _timed(value: Any) -> Any:
    """Return a document with times as times, which templates compare, and write as people do."""
    if isinstance(value, Mapping):
        return {name: _moment(name, item) for name, item in value.items()}
    return value


def _moment(name: str, value: Any) -> Any:
    if name == "state":
        return _timed(value)
    if isinstance(value, str) and (name in MOMENTS or name.endswith("_time")):
        try:
            return parse_iso(value)
        except ValueError:
            return value
    return value


def _stated(value: Any) -> Any:
    """Return a state whose type answers to `.value`."""
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        return value
    return {**value, "type": Word(value["type"], STATE_TYPES)}


def _worded(value: Any) -> Any:
    """Return a trigger whose posture answers to `.value`, and so for those within it."""
    if not isinstance(value, Mapping):
        return value
    posture = value.get("posture")
    words = {"posture": Word(posture, "Posture")} if isinstance(posture, str) else {}
    children = {"triggers": [_worded(child) for child in value["triggers"]]} if "triggers" in value else {}
    return {**value, **words, **children}


def _triggers(trigger: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(trigger, Mapping):
        yield trigger
        for child in trigger.get("triggers", ()):
            yield from _triggers(child)


def _depth_first(firing: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield firing
    for child in firing["triggering_firings"]:
        yield from _depth_first(child)
