"""Triggers as code: what a deployment runs on (SPEC 5.4)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from whenflow.automations import triggers as documents
from whenflow.automations.strict import unknown_in_trigger
from whenflow.errors import Fault, Rejected
from whenflow.events.validation import faults_of

if TYPE_CHECKING:
    Names = Iterable[str]
    Duration = float | timedelta
else:  # what comes of what code may give: the same as of a document
    Names, Duration = documents.Patterns, documents.Seconds

OF_THE_AUTOMATION = frozenset({"name", "description", "enabled"})
OF_THE_ACTION = frozenset({"parameters", "job_variables", "schedule_after"})


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


STRICT = ConfigDict(extra="forbid", frozen=True)
"""In code a field that is not known is a slip of the pen."""


class _InCode(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _as_a_document(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {name: _seconds(value) for name, value in values.items()}


class EventTrigger(_InCode, documents.EventTrigger):
    """Watches for events, or for their absence; `docs/triggers.md` says how."""

    model_config = STRICT
    after: Names = []  # type: ignore[assignment]
    expect: Names = []  # type: ignore[assignment]
    for_each: Names = []  # type: ignore[assignment]
    posture: Literal["Reactive", "Proactive"] = "Reactive"
    within: Duration = 0.0  # type: ignore[assignment]


class CompoundTrigger(_InCode, documents.CompoundTrigger):
    """Fires when enough of its children have fired."""

    model_config = STRICT
    require: int | Literal["any", "all"] = "all"
    within: Duration | None = None  # type: ignore[assignment]


class SequenceTrigger(_InCode, documents.SequenceTrigger):
    """Fires when all of its children have fired in their order."""

    model_config = STRICT
    within: Duration | None = None  # type: ignore[assignment]


class MetricTrigger(_InCode, documents.MetricTrigger):
    """Fires when a metric of flow runs has been bad for a while."""

    model_config = STRICT


class Described(BaseModel):
    """What a trigger of a deployment says beside when it fires.

    Attributes:
        name: Of the automation.
        enabled: Whether it is switched on. Where that is not said, a trigger that was paused stays paused.
        parameters: Of the run; templates are filled in from the event.
        job_variables: Of the run.
        schedule_after: Seconds until the run starts.
    """

    name: str | None = None
    description: str = ""
    enabled: bool = True
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: Duration = 0.0

    def as_automation(self, deployment_id: str, name: str) -> dict[str, Any]:
        """Return the automation that runs a deployment on this.

        Args:
            deployment_id: The deployment.
            name: The name of the automation, where the trigger has none.
        """
        said = self.model_dump(mode="json")
        action: dict[str, Any] = {"type": "run-deployment", "source": "selected", "deployment_id": deployment_id}
        action |= {key: said[key] for key in sorted(OF_THE_ACTION) if said[key]}
        trigger = {key: value for key, value in said.items() if key not in OF_THE_AUTOMATION | OF_THE_ACTION}
        return {
            "name": self.name or name,
            "description": self.description,
            **({"enabled": self.enabled} if "enabled" in self.model_fields_set else {}),
            "trigger": {key: value for key, value in trigger.items() if key != "id"},
            "actions": [action],
        }


class DeploymentEventTrigger(Described, EventTrigger):
    """Runs a deployment on events, or on their absence."""


class DeploymentCompoundTrigger(Described, CompoundTrigger):
    """Runs a deployment when enough of some triggers have fired."""


class DeploymentSequenceTrigger(Described, SequenceTrigger):
    """Runs a deployment when some triggers have fired one after the other."""


class DeploymentMetricTrigger(Described, MetricTrigger):
    """Runs a deployment when a metric of flow runs has been bad for a while."""


DeploymentTrigger = (
    DeploymentEventTrigger | DeploymentCompoundTrigger | DeploymentSequenceTrigger | DeploymentMetricTrigger
)


def trigger_from(value: DeploymentTrigger | Mapping[str, Any]) -> DeploymentTrigger:
    """Return a trigger of a deployment; a plain dictionary says by its fields what it is.

    Raises:
        Rejected: It is not valid; with every fault and its place.
    """
    if not isinstance(value, Mapping):
        return value
    kinds: dict[str, type[DeploymentTrigger]] = {
        "event": DeploymentEventTrigger,
        "compound": DeploymentCompoundTrigger,
        "sequence": DeploymentSequenceTrigger,
        "metric": DeploymentMetricTrigger,
    }
    kind = kinds.get(str(value.get("type") or _guessed(value)))
    if kind is None:
        raise Rejected(f"There is no type of trigger '{value['type']}'; there are {', '.join(sorted(kinds))}.")
    whole = _with_postures(value)
    try:
        trigger = kind.model_validate(whole)
    except ValidationError as error:
        raise _refused(faults_of(error)) from None
    if faults := unknown_in_trigger(whole, trigger.model_dump(mode="json")):
        raise _refused(faults)
    return trigger


def _refused(faults: list[Fault]) -> Rejected:
    told = "; ".join(f"{'.'.join(map(str, fault.loc))}: {fault.msg}" for fault in faults)
    return Rejected(f"This is not a valid trigger: {told}", faults)


def _guessed(value: Mapping[str, Any]) -> str:
    if "triggers" in value:
        return "compound" if "require" in value else "sequence"
    return "metric" if value.get("posture") == "Metric" else "event"


def _with_postures(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trigger in which every event trigger has its posture, as the documents of automations ask for it."""
    children = [_with_postures(one) if isinstance(one, Mapping) else one for one in value.get("triggers") or ()]
    if "triggers" in value:
        return {**value, "triggers": children}
    return dict(value) if "metric" in {value.get("type"), _guessed(value)} else {"posture": "Reactive", **value}
