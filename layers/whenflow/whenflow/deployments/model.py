"""A deployment as a client sends it, and as it is stored and shown (SPEC 6.3)."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from whenflow.errors import Rejected
from whenflow.events.validation import faults_of
from whenflow.runs.recurrence import Recurrence
from whenflow.runs.slots import Collision

MAX_LIMIT = 5_000
MAX_SCHEDULES = 100
M = TypeVar("M", bound=BaseModel)


def _or(default: Any) -> BeforeValidator:
    """Take null for the default, as clients mean it."""
    return BeforeValidator(lambda value: default if value is None else value)


Name = Annotated[StrictStr, Field(min_length=1, max_length=255, pattern=r"^[^/%&><\x00]+$")]
Object = Annotated[dict[str, Any], _or({})]
Tags = Annotated[list[StrictStr], _or([])]
Text = Annotated[StrictStr, _or("")]


class ConcurrencyOptions(BaseModel):
    """What becomes of a run that finds no slot, and of the slot of a run whose code does not begin.

    Attributes:
        grace_period_seconds: How long a run may be Pending before it gives its slot back to those that wait; without
            one it keeps it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    collision_strategy: Collision = Collision.ENQUEUE
    grace_period_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None


class ScheduleInput(BaseModel):
    """A schedule of a deployment as a client sends it.

    Attributes:
        replaces: The slug of the schedule whose place it takes; its own slug is then a new name.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    schedule: Recurrence
    active: Annotated[StrictBool, _or(default=True)] = True
    max_scheduled_runs: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    parameters: Object = {}
    slug: Annotated[StrictStr, Field(min_length=1, max_length=255)] | None = None
    replaces: StrictStr | None = None


class SchedulePatch(BaseModel):
    """What changes of a schedule; what is left out stays."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schedule: Recurrence | None = None
    active: StrictBool | None = None
    max_scheduled_runs: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    parameters: Object = {}
    slug: Annotated[StrictStr, Field(min_length=1, max_length=255)] | None = None


class DeploymentPatch(BaseModel):
    """What changes of a deployment; what is left out stays.

    Attributes:
        work_pool_name: The pool that launches its runs; without one, a process of the user's own fetches them.
        job_variables: Where the code is: `function_arn` or `state_machine_arn`; `timeout_seconds`,
            `heartbeat_seconds`.
        parameters: Defaults for the flow's parameters.
        parameter_openapi_schema: What they must fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    work_pool_name: StrictStr | None = None
    work_queue_name: StrictStr | None = None
    job_variables: Object = {}
    parameters: Object = {}
    tags: Tags = []
    description: Text = ""
    version: StrictStr | None = None
    paused: Annotated[StrictBool, _or(default=False)] = False
    schedules: Annotated[list[ScheduleInput], _or([]), Field(max_length=MAX_SCHEDULES)] = []
    concurrency_limit: Annotated[StrictInt, Field(ge=0, le=MAX_LIMIT)] | None = None
    concurrency_options: ConcurrencyOptions | None = None
    enforce_parameter_schema: Annotated[StrictBool, _or(default=True)] = True
    parameter_openapi_schema: Object = {}
    labels: Object = {}
    path: StrictStr | None = None
    entrypoint: StrictStr | None = None
    pull_steps: Annotated[list[dict[str, Any]], _or([])] = []
    storage_document_id: StrictStr | None = None
    infrastructure_document_id: StrictStr | None = None
    # What clients send as well, and nothing here uses:
    version_info: Any = Field(default=None, exclude=True)
    branch: Any = Field(default=None, exclude=True)
    base: Any = Field(default=None, exclude=True)
    root: Any = Field(default=None, exclude=True)
    global_concurrency_limit_id: Any = Field(default=None, exclude=True)


class DeploymentInput(DeploymentPatch):
    """A deployment as a client sends it, with its flow by name, made known by this if it is new, or by id."""

    name: Name
    flow_name: Name | None = None
    flow_id: StrictStr | None = None


NOT_OURS: Mapping[str, Any] = {
    "global_concurrency_limit": None,
    "last_polled": None,
    "created_by": None,
    "updated_by": None,
    "status": "READY",
}
"""Fields of the answer that say the same of every deployment here."""


def checked(model: type[M], document: object, what: str) -> M:
    """Return a document as a model.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Rejected(f"This is not a valid {what}.", faults_of(error)) from None


def full_name(deployment: Mapping[str, Any]) -> str:
    """Return `flow/deployment`."""
    return f"{deployment['flow_name']}/{deployment['name']}"


def spellings(name: str) -> tuple[str, ...]:
    """Return the ways in which `flow/deployment` may be written: a flow is known by its function's name as well.

    Args:
        name: As it was given; it comes first.
    """
    flow, slash, deployment = name.partition("/")
    flows = (flow, flow.replace("_", "-"), flow.replace("-", "_"))
    return tuple(dict.fromkeys(f"{one}{slash}{deployment}" for one in flows))
