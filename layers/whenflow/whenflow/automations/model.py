"""Automations as documents: checked when they come in, plain when they are evaluated."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
    field_validator,
    model_validator,
)

from whenflow.actions.definitions import Action
from whenflow.errors import Rejected
from whenflow.events import named_id
from whenflow.events.validation import Instant, faults_of

SpecificationInput: TypeAlias = dict[str, StrictStr | list[StrictStr]]
Patterns: TypeAlias = Annotated[list[StrictStr], AfterValidator(lambda names: sorted(set(names)))]
RESOURCE_PREFIX = "prefect.automation."


class EventTrigger(BaseModel):
    """Watches for events.

    Attributes:
        match: What the primary resource must be.
        match_related: What some related resource must be; a list asks for each of its specifications.
        expect: Patterns of event names; empty means every event.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["event"] = "event"
    id: str = ""
    match: SpecificationInput = {}
    match_related: SpecificationInput | list[SpecificationInput] = {}
    after: Patterns = []
    expect: Patterns = []
    for_each: Patterns = []
    posture: Literal["Reactive", "Proactive"]
    threshold: int = 1
    within: float = Field(default=0.0, ge=0)

    @property
    def related_specifications(self) -> list[SpecificationInput]:
        """The specifications of related resources, one or many, as a list."""
        return self.match_related if isinstance(self.match_related, list) else [self.match_related]

    @model_validator(mode="after")
    def _is_immediate(self) -> "EventTrigger":
        windows = self.posture != "Reactive" or self.within > 0 or self.threshold > 1 or self.after
        if windows:
            raise ValueError(
                "This version evaluates immediate triggers only: posture Reactive, threshold 1, within 0, no after."
            )
        return self


class AutomationInput(BaseModel):
    """An automation as a client sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr
    description: StrictStr = ""
    enabled: bool = True
    tags: list[StrictStr] = []
    trigger: EventTrigger
    actions: list[Action]
    actions_on_trigger: list[Action] = []
    actions_on_resolve: list[Action] = []
    owner_resource: StrictStr | None = None

    @field_validator("tags")
    @classmethod
    def _each_once(cls, tags: list[str]) -> list[str]:
        return list(dict.fromkeys(tags))


class Automation(AutomationInput):
    """An automation as it is stored and evaluated."""

    id: str
    created: Instant
    updated: Instant

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return RESOURCE_PREFIX + self.id

    def as_document(self) -> dict[str, Any]:
        """Return the automation as the API shows it and the store keeps it."""
        return self.model_dump(mode="json")


def automation_from_document(document: object) -> AutomationInput:
    """Check what a client sent.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        return AutomationInput.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid automation.", faults_of(error)) from None


def automation_from_stored(document: Mapping[str, Any]) -> Automation:
    """Read an automation that Whenflow stored."""
    return Automation.model_validate(document)


def with_identity(given: AutomationInput, id_: str, created: Any, updated: Any) -> Automation:
    """Give an automation its id, and its trigger one that stays the same for as long as the trigger does."""
    values = given.model_dump(mode="json")
    values["trigger"]["id"] = trigger_id(id_, values["trigger"])
    return Automation.model_validate(values | {"id": id_, "created": created, "updated": updated})


def trigger_id(automation_id: str, trigger: Mapping[str, Any]) -> str:
    """Return the id of a trigger: the same automation and the same conditions have the same id."""
    conditions = {name: value for name, value in trigger.items() if name != "id"}
    return named_id("trigger", automation_id, json.dumps(conditions, sort_keys=True))
