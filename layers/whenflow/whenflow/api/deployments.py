"""Deployments over HTTP. A deployment names a flow and the target that runs its code."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, model_validator

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import NotFound, Rejected
from whenflow.events import iso, named_id
from whenflow.events.validation import faults_of
from whenflow.ports import Reference
from whenflow.runs.targets import WORK_POOLS

KIND = "deployment"
NAME_KIND = "deployment-name"
FLOW_KIND = "flow"
FLOW_NAME_KIND = "flow-name"


class DeploymentInput(BaseModel):
    """A deployment as a client sends it.

    Attributes:
        flow_name: The flow, made known by this if it is new.
        work_pool_name: `lambda` or `step-functions`.
        job_variables: Where the code is: `function_arn` or `state_machine_arn`.
        parameters: Defaults for the flow's parameters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr = Field(min_length=1, max_length=255, pattern=r"^[^/]+$")
    flow_name: StrictStr = Field(min_length=1, max_length=255, pattern=r"^[^/]+$")
    work_pool_name: StrictStr
    job_variables: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    tags: list[StrictStr] = []
    description: StrictStr = ""

    @model_validator(mode="after")
    def _names_a_target(self) -> "DeploymentInput":
        variable = WORK_POOLS.get(self.work_pool_name)
        if variable is None:
            raise ValueError(
                f"there is no work pool '{self.work_pool_name}'; there are {', '.join(sorted(WORK_POOLS))}"
            )
        if not isinstance(self.job_variables.get(variable), str):
            raise ValueError(f"job_variables must hold '{variable}' for the work pool '{self.work_pool_name}'")
        return self


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/deployments` and `/flows`."""

    @app.post("/deployments")
    def create() -> Response[Any]:
        status, deployment = upsert(_checked(object_of(app)), services)
        return answer(status, deployment)

    @app.post("/deployments/filter")
    def some() -> Response[Any]:
        return _page(app, services, KIND)

    @app.post("/flows/filter")
    def flows() -> Response[Any]:
        return _page(app, services, FLOW_KIND)

    @app.get("/deployments/name/<flow_name>/<name>")
    def by_name(flow_name: str, name: str) -> Response[Any]:
        reference = services.config.get(NAME_KIND, f"{flow_name}/{name}")
        if reference is None:
            raise NotFound(f"There is no deployment {flow_name}/{name}.")
        return answer(200, _stored(services, reference["id"]))

    @app.get("/deployments/<deployment_id>")
    def one(deployment_id: str) -> Response[Any]:
        return answer(200, _stored(services, known_id(deployment_id, KIND)))

    @app.delete("/deployments/<deployment_id>")
    def delete(deployment_id: str) -> Response[Any]:
        deployment = _stored(services, known_id(deployment_id, KIND))
        services.config.delete(KIND, deployment["id"], [Reference(NAME_KIND, _full_name(deployment))])
        return answer(204)


def upsert(given: DeploymentInput, services: Services) -> tuple[int, dict[str, Any]]:
    """Store a deployment under flow and name: 201 where it is new, 200 where it replaces the one that was there."""
    now = iso(services.clock.now())
    flow_id = _flow(given.flow_name, services, now)
    deployment = given.model_dump(mode="json") | {"flow_id": flow_id, "updated": now}
    reference = services.config.get(NAME_KIND, _full_name(deployment))
    if reference:
        created = _stored(services, reference["id"])["created"]
        deployment |= {"id": reference["id"], "created": created}
        services.config.replace(KIND, deployment["id"], deployment)
        return 200, deployment
    deployment |= {"id": services.ids.new(), "created": now}
    services.config.create(KIND, deployment["id"], deployment, [Reference(NAME_KIND, _full_name(deployment))])
    return 201, deployment


def _flow(name: str, services: Services, now: str) -> str:
    flow_id = named_id("flow", name)
    if services.config.get(FLOW_KIND, flow_id) is None:
        services.config.create(FLOW_KIND, flow_id, {"id": flow_id, "name": name, "created": now})
    return flow_id


def _checked(document: dict[str, Any]) -> DeploymentInput:
    try:
        return DeploymentInput.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid deployment.", faults_of(error)) from None


def _page(app: APIGatewayHttpResolver, services: Services, kind: str) -> Response[Any]:
    limit, offset = page_of(object_of(app))
    found = sorted(services.config.all(kind), key=lambda one: str(one["name"]))
    return answer(200, found[offset : offset + limit])


def _stored(services: Services, deployment_id: str) -> dict[str, Any]:
    stored = services.config.get(KIND, deployment_id)
    if stored is None:
        raise NotFound(f"There is no deployment {deployment_id}.")
    return stored


def _full_name(deployment: dict[str, Any]) -> str:
    return f"{deployment['flow_name']}/{deployment['name']}"
