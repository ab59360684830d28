"""The sets `templating` and `targets`, asked of Prefect's own actions; what they ask the API for is answered here."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

from prefect.server.events import actions
from prefect.server.events.schemas.automations import Automation, AutomationCreate, Firing, TriggeredAction
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.utilities.schema_tools.hydration import InvalidJinja, InvalidJSON, WorkspaceVariableNotFound
from pydantic import ValidationError
from tests.reference.engine.documents import refused

MOMENT = "2000-01-01T00:00:00Z"
ID = "00000000-0000-4000-8000-00000000a001"
LOOP = asyncio.new_event_loop()
WORDS = {InvalidJinja: "invalid-jinja", InvalidJSON: "invalid-json", WorkspaceVariableNotFound: "variable-not-found"}
TARGETS = {
    "deployment": "deployment_id_to_use",
    "work-pool": "work_pool_id_to_use",
    "work-queue": "work_queue_id_to_use",
    "automation": "automation_id_to_use",
    "flow-run": "flow_run",
}


class _Answer:
    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self.status_code = 404 if document is None else 200
        self._document = document

    def json(self) -> Any:
        return self._document


class Api:
    """The few calls that templates cause."""

    every_variable = False

    def __init__(self, objects: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._objects = objects
        self._variables = variables

    async def read_workspace_variables(self, names: Sequence[str] | None = None) -> dict[str, Any]:
        wanted = self._variables if names is None or self.every_variable else names
        return {name: value for name, value in self._variables.items() if name in wanted}

    def __getattr__(self, call: str) -> Any:
        kind = call.removeprefix("read_").removesuffix("_raw").removesuffix("_v2").replace("_", "-")

        async def read(id_: Any) -> _Answer:
            return _Answer(self._objects.get(f"prefect.{kind}.{id_}"))

        return read


def templating(case: Mapping[str, Any], fixtures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of an action give."""
    given = fixtures["automation"][case["automation"]]
    fields = {name: value for name, value in given.items() if name in AutomationCreate.model_fields}
    document = {**fields, "actions": [case["action"]]}
    try:
        AutomationCreate.model_validate(deepcopy(document))
    except ValidationError as error:
        answer = refused(error, document)
        return {**answer, "fields": [one.removeprefix("/actions/0") for one in answer["fields"]]}
    except Exception:
        return {"result": "crash"}
    triggered = _triggered_action(case, fixtures, given)
    variables = fixtures["variables"][case["variables"]] if "variables" in case else {}
    objects = fixtures["objects"][case["objects"]] if "objects" in case else {}
    return LOOP.run_until_complete(_rendered(triggered, Api(objects, variables)))


async def _rendered(triggered: TriggeredAction, api: Api) -> dict[str, Any]:
    action = triggered.action

    @asynccontextmanager
    async def client(_triggered: TriggeredAction) -> Any:
        yield api

    async def orchestration_client(_self: Any, _triggered: TriggeredAction) -> Any:
        return client(_triggered)

    actions.ExternalDataAction.orchestration_client = orchestration_client
    try:
        return {"result": "ok", **await _result(action, triggered)}
    except actions.ActionFailed:
        return {"result": "failed", "error": "render-failed"}
    except tuple(WORDS) as error:
        return {"result": "failed", "error": WORDS[type(error)]}
    except _Crash:
        return {"result": "crash"}
    except Exception:
        return {"result": "failed", "error": "other"}


class _Crash(Exception):
    pass


async def _result(action: Any, triggered: TriggeredAction) -> dict[str, Any]:
    match action:
        case actions.RunDeployment():
            parameters = await action.render_parameters(triggered)
            if not isinstance(parameters, dict):
                raise _Crash
            return {"parameters": parameters}
        case actions.SendNotification():
            subject, body = await action._render([action.subject, action.body], triggered)
            return {"subject": subject, "body": body}
        case _:
            (payload,) = await action._render([action.payload], triggered)
            return {"payload": payload}


def _triggered_action(case: Mapping[str, Any], fixtures: Mapping[str, Any], automation: Any) -> TriggeredAction:
    document = {"created": MOMENT, "updated": MOMENT, "id": ID, **automation}
    whole = Automation.model_validate(deepcopy(document))
    given = fixtures["firing"][case["firing"]]
    firing = _firing(given, whole)
    return TriggeredAction(
        automation=whole,
        firing=firing,
        triggered=given["triggered"],
        triggering_labels=given["labels"],
        triggering_event=firing.triggering_event,
        action=case["action"],
    )


def _firing(given: Mapping[str, Any], automation: Automation) -> Firing:
    trigger = next(one for one in automation.triggers() if str(one.id) == given["trigger"])
    return Firing(
        trigger=trigger,
        trigger_states={"Triggered"},
        triggered=given["triggered"],
        triggering_labels=given["labels"],
        triggering_event=ReceivedEvent.model_validate(given["event"]) if given["event"] else None,
        triggering_firings=[_firing(child, automation) for child in given.get("children", ())],
    )


def targets(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action works on."""
    trigger = {"type": "event", "posture": "Reactive"}
    whole = Automation.model_validate(
        {"id": ID, "created": MOMENT, "updated": MOMENT, "name": "n", "trigger": trigger, "actions": [case["action"]]}
    )
    action = whole.actions[0]
    kind, method = next((kind, name) for kind, name in TARGETS.items() if hasattr(action, name))
    triggered = TriggeredAction(
        automation=whole,
        triggered=MOMENT,
        triggering_labels=case["labels"],
        triggering_event=ReceivedEvent.model_validate(case["event"]) if case["event"] else None,
        action=action,
    )
    try:
        return {"kind": kind, "id": str(LOOP.run_until_complete(getattr(action, method)(triggered)))}
    except actions.ActionFailed as error:
        none = error.reason.startswith("No event") or (case["event"] is None and kind != "flow-run")
        return {"kind": kind, "error": "no-event" if none else "none-found"}
