"""Automations as documents: checked when they come in, plain when they are evaluated."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    StrictStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from whenflow.actions.definitions import ACTION_TYPES, Action, RunDeployment
from whenflow.automations.matching import admits_every
from whenflow.automations.triggers import (
    CompoundTrigger,
    EventTrigger,
    MetricTrigger,
    SequenceTrigger,
    Trigger,
)
from whenflow.documents import STORED
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import named_id
from whenflow.events.validation import Instant, faults_of

__all__ = [
    "Automation",
    "AutomationInput",
    "CompoundTrigger",
    "EventTrigger",
    "MetricTrigger",
    "SequenceTrigger",
    "Trigger",
    "Unreadable",
    "automation_from_document",
    "automation_from_stored",
    "with_identity",
]

_UUID = TypeAdapter(UUID)
M = TypeVar("M", bound=BaseModel)
RESOURCE_PREFIX = "prefect.automation."
FLOW_RUNS = "prefect.flow-run"
LABELS = "dict[str,union[str,list[str]]]"
TAGS = ACTION_TYPES | {"event", "compound", "sequence", "metric", "str", "list[str]", LABELS, f"list[{LABELS}]"}
LOOPING = frozenset(f"{FLOW_RUNS}.{state}" for state in ("Scheduled", "Pending", "Running", "*"))


class Unreadable(NotFound):
    """What is stored cannot be read by this version."""


class AutomationCore(BaseModel):
    """What an automation says, new or replaced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr
    description: StrictStr = ""
    enabled: bool = True
    tags: list[StrictStr] = []
    trigger: Trigger
    actions: list[Action]
    actions_on_trigger: list[Action] = []
    actions_on_resolve: list[Action] = []

    @model_validator(mode="after")
    def _does_not_start_itself(self, info: ValidationInfo) -> "AutomationCore":
        if info.context == STORED:
            return self
        if self.enabled and isinstance(self.trigger, EventTrigger) and runs_in_circles(self.trigger, self.actions):
            raise ValueError(
                "Running an inferred deployment from a flow run's own states, or any deployment from those of every "
                "flow run, would start run after run: narrow `match` or `match_related`, or expect a final state."
            )
        return self


class _Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    enabled: bool = True


class AutomationInput(AutomationCore):
    """An automation as a client creates it."""

    owner_resource: StrictStr | None = None


class Automation(AutomationInput):
    """An automation as it is stored and evaluated.

    Attributes:
        since: When it was last switched on after having been off; its windows begin anew then.
    """

    id: str
    created: Instant
    updated: Instant
    since: Instant | None = None

    @property
    def active_since(self) -> datetime:
        """From when on its windows count."""
        return self.since or self.created

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return RESOURCE_PREFIX + self.id

    @property
    def posture(self) -> str | None:
        """The posture of its outermost trigger, where that is an event trigger."""
        return self.trigger.posture if isinstance(self.trigger, EventTrigger) else None

    def as_document(self) -> dict[str, Any]:
        """Return the automation as the API shows it."""
        return self.model_dump(mode="json", exclude={"since"})

    def as_stored(self) -> dict[str, Any]:
        """Return what the store keeps."""
        return self.model_dump(mode="json")


def runs_in_circles(trigger: EventTrigger, actions: list[Action]) -> bool:
    """Tell whether an automation would be triggered by the very runs that it starts (SPEC 5.2)."""
    if trigger.posture != "Reactive" or not LOOPING & set(trigger.expect):
        return False
    every_run = admits_every(FLOW_RUNS, trigger.match) and any(
        admits_every(FLOW_RUNS, specification) for specification in trigger.related_specifications
    )
    return any(isinstance(action, RunDeployment) and (action.source == "inferred" or every_run) for action in actions)


def automation_from_document(document: object) -> AutomationInput:
    """Check what a client sent.

    Raises:
        Rejected: With every fault and its place.
    """
    return _checked(AutomationInput, document)


def replacement_from_document(document: object) -> AutomationCore:
    """Check what a client sent to replace an automation; its owner cannot be replaced.

    Raises:
        Rejected: With every fault and its place.
    """
    return _checked(AutomationCore, document)


def patch_from_document(document: object) -> bool:
    """Check what a client sent to switch an automation on or off; return which.

    Raises:
        Rejected: With every fault and its place.
    """
    return _checked(_Switch, document).enabled


def _checked(kind: type[M], document: object) -> M:
    faults = list(_id_faults(document.get("trigger") if isinstance(document, dict) else None, "trigger"))
    try:
        checked = kind.model_validate(document)
    except ValidationError as error:
        found = [Fault(without_tags(fault.loc, document), fault.msg, fault.type) for fault in faults_of(error)]
        raise Rejected("This is not a valid automation.", found + faults) from None
    if faults:
        raise Rejected("This is not a valid automation.", faults)
    return checked


def _id_faults(trigger: Any, *path: str | int) -> Iterator[Fault]:
    """Yield what is wrong with the ids of triggers. They are given anew, but whoever sends no UUID there errs."""
    if not isinstance(trigger, dict):
        return
    given = trigger.get("id")
    if isinstance(given, str) and given:
        try:
            _UUID.validate_python(given)
        except ValidationError:
            yield Fault((*path, "id"), "An id is a UUID, or left out", "uuid_parsing")
    children = trigger.get("triggers")
    for place, child in enumerate(children if isinstance(children, list) else ()):
        yield from _id_faults(child, *path, "triggers", place)


def without_tags(loc: tuple[str | int, ...], document: object) -> tuple[str | int, ...]:
    """Return a path as the sender knows it: only what is in the document, not how alternatives are told apart."""
    path: list[str | int] = []
    here: Any = document
    told_apart = False  # each value once: a field that is missing may be called like a tag
    for step in loc:
        if not isinstance(here, dict | list):
            break
        if step in TAGS and not told_apart and not (isinstance(here, dict) and step in here):
            told_apart = True
            continue
        told_apart = False
        path.append(step)
        try:
            here = here[step]  # type: ignore[index]
        except (LookupError, TypeError):
            here = None
    return tuple(path)


def automation_from_stored(document: Mapping[str, Any]) -> Automation:
    """Read an automation that Whenflow stored.

    Its templates, and whether it starts itself, were checked then: what a newer version finds wrong with them is told
    where it acts.

    Raises:
        Unreadable: Another version stored it, in a way that this one does not know.
    """
    try:
        return Automation.model_validate(document, context=STORED)
    except ValidationError as error:
        fault = faults_of(error)[0]
        raise Unreadable(
            f"The automation {document.get('id')} was stored by another version of Whenflow, and cannot be read: "
            f"{'.'.join(map(str, fault.loc))}: {fault.msg}. Delete it, and make it anew."
        ) from None


def with_identity(given: AutomationInput, id_: str, created: Any, updated: Any) -> Automation:
    """Give an automation its id, and its triggers ids that stay the same for as long as what they say does."""
    values = given.model_dump(mode="json")
    _name_triggers(values["trigger"], id_, Counter())
    return Automation.model_validate(values | {"id": id_, "created": created, "updated": updated})


def _name_triggers(trigger: dict[str, Any], automation_id: str, seen: Counter[str]) -> None:
    """Name a trigger and all below it by what they say; equals are counted apart."""
    for child in trigger.get("triggers", ()):
        _name_triggers(child, automation_id, seen)
    conditions = json.dumps({name: value for name, value in trigger.items() if name != "id"}, sort_keys=True)
    trigger["id"] = named_id("trigger", automation_id, conditions, str(seen[conditions]))
    seen[conditions] += 1
