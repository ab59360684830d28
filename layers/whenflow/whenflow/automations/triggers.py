"""Triggers as documents (SPEC 3.1, 3.8, 3.9): fields, defaults, and what is refused."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    StrictStr,
    Tag,
    ValidationError,
    model_serializer,
    model_validator,
)

from whenflow.events.durations import Seconds, SignedSeconds, read_seconds

SpecificationInput: TypeAlias = dict[str, StrictStr | list[StrictStr]]
Patterns: TypeAlias = Annotated[list[StrictStr], AfterValidator(lambda names: sorted(set(names)))]
LEAST_PROACTIVE_WITHIN = 10.0
LEAST_METRIC_SECONDS = 300.0


class _Trigger(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class EventTrigger(_Trigger):
    """Watches for events, or for their absence.

    Attributes:
        match: What the primary resource must be.
        match_related: What some related resource must be; a list asks for each of its specifications.
        after: Patterns of event names that open a window.
        expect: Patterns of event names that are counted; empty means every event.
        for_each: Labels; each combination of their values has windows of its own.
        posture: `Reactive` fires when enough events came, `Proactive` when too few did.
        threshold: How many events are enough.
        within: Seconds that a window lasts; 0 means no deadline, and for Proactive 10.
    """

    type: Literal["event"] = "event"
    id: str = ""
    match: SpecificationInput = {}
    match_related: SpecificationInput | list[SpecificationInput] = {}
    after: Patterns = []
    expect: Patterns = []
    for_each: Patterns = []
    posture: Literal["Reactive", "Proactive"]
    threshold: int = 1
    within: Seconds = 0.0

    @property
    def related_specifications(self) -> list[SpecificationInput]:
        """The specifications of related resources, one or many, as a list."""
        return self.match_related if isinstance(self.match_related, list) else [self.match_related]

    @model_validator(mode="before")
    @classmethod
    def _proactive_lasts_a_while(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("posture") != "Proactive":
            return values
        within = values.get("within", 0)
        if within is not None and not within:
            within = 0  # left empty is left out
        elif isinstance(within, str | int | float):
            try:
                within = read_seconds(within)
            except ValidationError:
                return values  # the field tells of it, beside the faults of others
        if isinstance(within, int | float) and 0 < within < LEAST_PROACTIVE_WITHIN:
            raise ValueError("within must be greater than or equal to 10 seconds for a Proactive trigger")
        return values | ({"within": LEAST_PROACTIVE_WITHIN} if within == 0 else {})


class _Composite(_Trigger):
    id: str = ""
    triggers: list["Trigger"]
    within: SignedSeconds | None
    for_each: Patterns = []

    @model_serializer(mode="wrap")
    def _as_prefect_has_it(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the labels out where there are none: the document is then what Prefect's clients know."""
        document: dict[str, Any] = write(self)
        if not self.for_each:
            document.pop("for_each", None)
        return document

    @model_validator(mode="after")
    def _children_have_the_labels(self) -> "_Composite":
        for child in self.triggers:
            missing = set(self.for_each) - set(getattr(child, "for_each", ()))
            if missing:
                raise ValueError(f"for_each of every trigger within must hold {', '.join(sorted(missing))} as well")
        return self

    @model_validator(mode="after")
    def _combines_events(self) -> "_Composite":
        if any(isinstance(child, MetricTrigger) for child in self.triggers):
            raise ValueError("a metric trigger stands alone; it cannot be combined with others")
        return self


class CompoundTrigger(_Composite):
    """Fires when enough of its children have fired.

    Attributes:
        within: Seconds that their firings may lie apart; null for any distance. Below 0 no two are near enough.
        for_each: Labels, which all its triggers have; only firings with the same values come together.
        require: `any`, `all`, or how many.
    """

    type: Literal["compound"] = "compound"
    require: int | Literal["any", "all"]

    @property
    def needed(self) -> int:
        """How many children must have fired."""
        return {"any": 1, "all": len(self.triggers)}[self.require] if isinstance(self.require, str) else self.require

    @model_validator(mode="after")
    def _requires_what_there_is(self) -> "CompoundTrigger":
        if not isinstance(self.require, str) and not 1 <= self.require <= len(self.triggers):
            raise ValueError(f"require must be between 1 and the number of triggers, which is {len(self.triggers)}")
        return self


class SequenceTrigger(_Composite):
    """Fires when all of its children have fired in the order written, each by an event of its own.

    Attributes:
        within: Seconds that their firings may lie apart; null for any distance. Below 0 no two are near enough.
    """

    type: Literal["sequence"] = "sequence"


class MetricQuery(_Trigger):
    """What is measured over flow runs, and when it is bad.

    Attributes:
        name: `successes` (share, 0 to 1), `duration` (mean seconds), `lateness` (mean seconds).
        range: Seconds to look back.
        firing_for: Seconds that it must stay bad, or good again, to count.
    """

    name: Literal["successes", "duration", "lateness"]
    threshold: float
    operator: Literal["<", "<=", ">", ">="]
    range: Annotated[Seconds, Field(ge=LEAST_METRIC_SECONDS)] = LEAST_METRIC_SECONDS
    firing_for: Annotated[Seconds, Field(ge=LEAST_METRIC_SECONDS)] = LEAST_METRIC_SECONDS


class MetricTrigger(_Trigger):
    """Fires when a metric of flow runs has been bad for a while, and resolves when it has been good again as long."""

    type: Literal["metric"] = "metric"
    id: str = ""
    posture: Literal["Metric"] = "Metric"
    match: SpecificationInput = {}
    match_related: SpecificationInput | list[SpecificationInput] = {}
    metric: MetricQuery


def _kind(value: Any) -> str | None:
    """Tell the type of a trigger; where it is left out, its fields say it."""
    if isinstance(value, BaseModel):
        return str(getattr(value, "type", "event"))
    if not isinstance(value, dict):
        return "event"
    if "type" in value:
        return value["type"] if isinstance(value["type"], str) else None
    if "triggers" in value:
        return "compound" if "require" in value else "sequence"
    return "metric" if value.get("posture") == "Metric" else "event"


Trigger: TypeAlias = Annotated[
    Annotated[EventTrigger, Tag("event")]
    | Annotated[CompoundTrigger, Tag("compound")]
    | Annotated[SequenceTrigger, Tag("sequence")]
    | Annotated[MetricTrigger, Tag("metric")],
    Discriminator(_kind),
]
_Composite.model_rebuild()
CompoundTrigger.model_rebuild()
SequenceTrigger.model_rebuild()


def all_triggers(trigger: Trigger) -> Iterator[Trigger]:
    """Yield a trigger and all below it, depth first, as written."""
    yield trigger
    if isinstance(trigger, CompoundTrigger | SequenceTrigger):
        for child in trigger.triggers:
            yield from all_triggers(child)
