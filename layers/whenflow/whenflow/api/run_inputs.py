"""Inputs of flow runs over HTTP: what is given to a run while it runs, or with which it is resumed."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from whenflow.api.answers import answer, object_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.deployments.values import DoNotFit, check_fit, hydrated
from whenflow.errors import NotFound, Rejected
from whenflow.events import iso, named_id
from whenflow.ports import RunInput
from whenflow.runs import FlowRun

MAX_KEY_CHARS = 250
MAX_VALUE_CHARS = 350_000
KEYSET = "run_input_keyset"
Key = Annotated[StrictStr, Field(min_length=1, max_length=MAX_KEY_CHARS, pattern=r"^[^\x00-\x20/?#%]+$")]


class InputGiven(BaseModel):
    """An input as a client sends it; `value` is text, JSON as a rule."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    key: Key
    value: Annotated[StrictStr, Field(max_length=MAX_VALUE_CHARS)]
    sender: Annotated[StrictStr, Field(max_length=MAX_KEY_CHARS)] | None = None


class InputsWanted(BaseModel):
    """Which inputs are asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    prefix: Annotated[StrictStr, Field(max_length=MAX_KEY_CHARS)]
    limit: Annotated[StrictInt, Field(ge=0, le=200)] = 1
    exclude_keys: Annotated[list[StrictStr], Field(max_length=10_000)] = []


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/flow_runs/<id>/input`."""
    inputs = services.run_inputs

    @app.post("/flow_runs/<run_id>/input")
    def create(run_id: str) -> Response[Any]:
        given = checked(InputGiven, object_of(app), "input")
        run_id = _known(services, run_id)
        inputs.add(run_id, RunInput(given.key, given.value, services.clock.now(), given.sender))
        return answer(201)

    @app.post("/flow_runs/<run_id>/input/filter")
    def some(run_id: str) -> Response[Any]:
        wanted = checked(InputsWanted, object_of(app), "filter")
        run_id = known_id(run_id, "flow run")
        found = [one for one in inputs.of_run(run_id, wanted.prefix) if one.key not in wanted.exclude_keys]
        return answer(200, [_shown(run_id, one) for one in found[: wanted.limit]])

    @app.get("/flow_runs/<run_id>/input/<key>")
    def one(run_id: str, key: str) -> Response[Any]:
        name = unquote(key)
        found = inputs.get(known_id(run_id, "flow run"), name) if len(name) <= MAX_KEY_CHARS else None
        if found is None:
            raise NotFound(f"The flow run has no input {key}.")
        return Response(200, "text/plain", found.value)

    @app.delete("/flow_runs/<run_id>/input/<key>")
    def delete(run_id: str, key: str) -> Response[Any]:
        name = unquote(key)
        if len(name) > MAX_KEY_CHARS or not inputs.remove(known_id(run_id, "flow run"), name):
            raise NotFound(f"The flow run has no input {key}.")
        return answer(204)


def checked_for(services: Services, run: FlowRun, given: Mapping[str, Any]) -> RunInput | str | None:
    """Check what a run is to be resumed with.

    Returns:
        The input to keep; why it does not fit; or None where the run waits for none.
    """
    keyset = run.state.details.others.get(KEYSET)
    if not isinstance(keyset, Mapping):
        return None
    schema = services.run_inputs.get(run.id, str(keyset.get("schema")))
    if schema is None:
        return "Run input schema not found."
    try:
        values = hydrated(dict(given), services.config) or {}
        check_fit(values, json.loads(schema.value))
    except ValueError:
        return "Run input schema is not valid JSON."
    except DoNotFit as error:
        return f"Reason: {error}"
    except Rejected as error:
        return f"The run input cannot be used: {error.reason}"
    return RunInput(str(keyset.get("response")), json.dumps(values), services.clock.now())


def replace_input(services: Services, run: FlowRun, given: RunInput) -> None:
    """Keep an input over one of its key: somebody may resume a run twice."""
    services.run_inputs.remove(run.id, given.key)
    services.run_inputs.add(run.id, given)


def _known(services: Services, run_id: str) -> str:
    run = services.runs.get(known_id(run_id, "flow run"))
    if run is None:
        raise NotFound(f"There is no flow run {run_id}.")
    return run.id


def _shown(run_id: str, given: RunInput) -> dict[str, Any]:
    moment = iso(given.created)
    return {
        "id": named_id("run-input", run_id, given.key),
        "created": moment,
        "updated": moment,
        "flow_run_id": run_id,
        "key": given.key,
        "value": given.value,
        "sender": given.sender,
    }
