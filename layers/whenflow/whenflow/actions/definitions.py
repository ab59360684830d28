"""Actions as documents (SPEC 4.2): fields, defaults, and what is refused."""

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictStr,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, to_json

from whenflow.actions.hydration import check_parameters
from whenflow.documents import STORED
from whenflow.events.durations import Seconds
from whenflow.templating import TemplateError, check


def _template(text: Any, info: ValidationInfo) -> Any:
    if not isinstance(text, str) or info.context == STORED:
        return text
    try:
        check(text, unknown_later=True)
    except TemplateError as error:
        raise PydanticCustomError("invalid_template", "{reason}", {"reason": str(error)}) from None
    return text


def _as_text(payload: Any) -> Any:
    """Return anything but text as its JSON, written as Prefect does."""
    return payload if payload is None or isinstance(payload, str) else to_json(payload, indent=2).decode()


Template: TypeAlias = Annotated[StrictStr, Field(), BeforeValidator(_template)]


Address: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=320)]


class _Action(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class DoNothing(_Action):
    """Only tells that it was reached."""

    type: Literal["do-nothing"] = "do-nothing"


class _OnSomething(_Action):
    """An action on an object that is `selected` by its id, or `inferred` from the event."""

    source: Literal["selected", "inferred"] = "selected"

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> "_OnSomething":
        name = next(name for name in type(self).model_fields if name.endswith("_id"))
        if (self.source == "selected") != (getattr(self, name) is not None):
            raise ValueError(f"{name} is required when source is 'selected', and not allowed when it is 'inferred'")
        return self


class RunDeployment(_OnSomething):
    """Starts a flow run of a deployment.

    Attributes:
        parameters: Any JSON; strings with `{{` are templates over the event.
        schedule_after: Seconds to wait first.
    """

    type: Literal["run-deployment"] = "run-deployment"
    deployment_id: UUID | None = None
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: Seconds = 0.0

    @field_validator("parameters")
    @classmethod
    def _can_be_rendered(cls, parameters: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        for fault in check_parameters(parameters or {}) if info.context != STORED else ():
            place = "/".join(map(str, fault.loc))
            raise PydanticCustomError("invalid_template", "{place}: {reason}", {"place": place, "reason": fault.msg})
        return parameters


class _OnDeployment(_OnSomething):
    deployment_id: UUID | None = None


class PauseDeployment(_OnDeployment):
    """Stops a deployment's schedules."""

    type: Literal["pause-deployment"] = "pause-deployment"


class ResumeDeployment(_OnDeployment):
    """Starts a deployment's schedules again."""

    type: Literal["resume-deployment"] = "resume-deployment"


class _OnWorkPool(_OnSomething):
    work_pool_id: UUID | None = None


class PauseWorkPool(_OnWorkPool):
    """Pauses a work pool."""

    type: Literal["pause-work-pool"] = "pause-work-pool"


class ResumeWorkPool(_OnWorkPool):
    """Resumes a work pool."""

    type: Literal["resume-work-pool"] = "resume-work-pool"


class _OnWorkQueue(_OnSomething):
    work_queue_id: UUID | None = None


class PauseWorkQueue(_OnWorkQueue):
    """Pauses a work queue."""

    type: Literal["pause-work-queue"] = "pause-work-queue"


class ResumeWorkQueue(_OnWorkQueue):
    """Resumes a work queue."""

    type: Literal["resume-work-queue"] = "resume-work-queue"


class _OnAutomation(_OnSomething):
    automation_id: UUID | None = None


class PauseAutomation(_OnAutomation):
    """Switches an automation off."""

    type: Literal["pause-automation"] = "pause-automation"


class ResumeAutomation(_OnAutomation):
    """Switches an automation on."""

    type: Literal["resume-automation"] = "resume-automation"


class CancelFlowRun(_Action):
    """Cancels the flow run that the event is about."""

    type: Literal["cancel-flow-run"] = "cancel-flow-run"


class SuspendFlowRun(_Action):
    """Suspends the flow run that the event is about."""

    type: Literal["suspend-flow-run"] = "suspend-flow-run"


class ResumeFlowRun(_Action):
    """Resumes the flow run that the event is about."""

    type: Literal["resume-flow-run"] = "resume-flow-run"


class DeleteFlowRun(_Action):
    """Deletes the flow run that the event is about."""

    type: Literal["delete-flow-run"] = "delete-flow-run"


class ChangeFlowRunState(_Action):
    """Puts the flow run that the event is about into a state."""

    type: Literal["change-flow-run-state"] = "change-flow-run-state"
    name: StrictStr | None = None
    state: Literal[
        "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING"
    ]
    message: StrictStr | None = None
    force: bool = False


class SendNotification(_Action):
    """Sends a message to a notification target."""

    type: Literal["send-notification"] = "send-notification"
    block_document_id: UUID
    subject: Template = "Prefect automated notification"
    body: Template


class CallWebhook(_Action):
    """Calls a webhook target; an object or a list as payload is kept as its JSON text."""

    type: Literal["call-webhook"] = "call-webhook"
    block_document_id: UUID
    payload: Annotated[Template, BeforeValidator(_as_text)] = ""


class SendEmailNotification(_Action):
    """Sends an e-mail from the stack's own address."""

    type: Literal["send-email-notification"] = "send-email-notification"
    emails: Annotated[list[Address], Field(min_length=1, max_length=50)]
    subject: Template = "Prefect automated notification"
    body: Template


class DeclareIncident(_Action):
    """Tells of an incident by an event, and by a message to a target: the one named here, else the default one."""

    type: Literal["declare-incident"] = "declare-incident"
    title: Template = "{{ automation.name }}"
    summary: Template = ""
    severity: Literal["minor", "moderate", "high", "critical"] | None = None
    block_document_id: UUID | None = None


_ACTIONS: tuple[type[_Action], ...] = (
    DoNothing,
    RunDeployment,
    PauseDeployment,
    ResumeDeployment,
    CancelFlowRun,
    DeleteFlowRun,
    ChangeFlowRunState,
    PauseWorkQueue,
    ResumeWorkQueue,
    SendNotification,
    CallWebhook,
    PauseAutomation,
    ResumeAutomation,
    SuspendFlowRun,
    ResumeFlowRun,
    PauseWorkPool,
    ResumeWorkPool,
    SendEmailNotification,
    DeclareIncident,
)
_TOLD_BY_TYPE = (SendEmailNotification, DeclareIncident)
"""Those that Prefect's open source server does not know: nobody means them without saying so."""
ACTION_TYPES = frozenset(str(one.model_fields["type"].default) for one in _ACTIONS)


def _kind(value: Any) -> str | None:
    if isinstance(value, BaseModel):
        return str(getattr(value, "type", ""))
    if not isinstance(value, dict):
        return "do-nothing"
    given = value["type"] if "type" in value else _meant(value)
    return given if isinstance(given, str) else None


def _meant(value: dict[str, Any]) -> str:
    """Return the type of an action that says none: the first of those that know most of its fields, and are valid."""
    meant, most = "do-nothing", 0
    for one in _ACTIONS:
        if one in _TOLD_BY_TYPE or len(one.model_fields.keys() & value.keys()) <= most:
            continue
        try:
            known = one.model_validate(value)
        except ValidationError:
            continue
        meant, most = str(one.model_fields["type"].default), len(known.model_fields_set)
    return meant


Action: TypeAlias = Annotated[
    Annotated[DoNothing, Tag("do-nothing")]
    | Annotated[RunDeployment, Tag("run-deployment")]
    | Annotated[PauseDeployment, Tag("pause-deployment")]
    | Annotated[ResumeDeployment, Tag("resume-deployment")]
    | Annotated[PauseWorkPool, Tag("pause-work-pool")]
    | Annotated[ResumeWorkPool, Tag("resume-work-pool")]
    | Annotated[PauseWorkQueue, Tag("pause-work-queue")]
    | Annotated[ResumeWorkQueue, Tag("resume-work-queue")]
    | Annotated[PauseAutomation, Tag("pause-automation")]
    | Annotated[ResumeAutomation, Tag("resume-automation")]
    | Annotated[CancelFlowRun, Tag("cancel-flow-run")]
    | Annotated[SuspendFlowRun, Tag("suspend-flow-run")]
    | Annotated[ResumeFlowRun, Tag("resume-flow-run")]
    | Annotated[DeleteFlowRun, Tag("delete-flow-run")]
    | Annotated[ChangeFlowRunState, Tag("change-flow-run-state")]
    | Annotated[SendNotification, Tag("send-notification")]
    | Annotated[SendEmailNotification, Tag("send-email-notification")]
    | Annotated[CallWebhook, Tag("call-webhook")]
    | Annotated[DeclareIncident, Tag("declare-incident")],
    Discriminator(_kind),
]
