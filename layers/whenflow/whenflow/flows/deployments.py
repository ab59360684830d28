"""Deployments as code, and from documents: applied through the REST API, again and again to the same end."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from whenflow.errors import Rejected
from whenflow.events import iso
from whenflow.flows.remote import Client, RemoteClient
from whenflow.flows.runtime import NotConnected
from whenflow.flows.triggers import DeploymentTrigger, trigger_from

if TYPE_CHECKING:
    from whenflow.flows.flow_definition import Flow

CREATED = 201
OF_A_SCHEDULE = ("active", "max_scheduled_runs", "parameters", "slug", "replaces")
OF_A_RECURRENCE = ("cron", "day_or", "interval", "anchor_date", "rrule", "timezone")
AS_THEY_ARE = (
    "description",
    "version",
    "tags",
    "parameters",
    "paused",
    "enforce_parameter_schema",
    "entrypoint",
    "concurrency_options",
    "labels",
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of a flow, with its schedules and triggers.

    Attributes:
        name: Its name; unique among those of its flow.
        flow_name: The flow.
        document: What the API is sent of it.
        triggers: What it runs on.
    """

    name: str
    flow_name: str
    document: Mapping[str, Any] = field(default_factory=dict)
    triggers: tuple[DeploymentTrigger, ...] = ()

    @classmethod
    def of(  # noqa: PLR0913 - as the field has them
        cls,
        flow: "Flow[..., Any]",
        name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        triggers: Sequence[DeploymentTrigger | Mapping[str, Any]] = (),
        schedules: Sequence[Mapping[str, Any]] | None = None,
        schedule: Mapping[str, Any] | None = None,
        cron: str | Sequence[str] | None = None,
        interval: float | timedelta | None = None,
        rrule: str | None = None,
        timezone: str | None = None,
        anchor_date: datetime | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        version: str | None = None,
        work_pool_name: str | None = "lambda",
        work_queue_name: str | None = None,
        job_variables: Mapping[str, Any] | None = None,
        concurrency_limit: int | Mapping[str, Any] | None = None,
        paused: bool | None = None,
        enforce_parameter_schema: bool = True,
        entrypoint: str | None = None,
    ) -> Self:
        """Describe a deployment of a flow.

        Args:
            flow: The flow.
            name: Of the deployment.
            parameters: Defaults of its runs.
            triggers: What it runs on: triggers, or dictionaries that say the same.
            schedules: When it runs, each a dictionary with `cron`, `interval` or `rrule`; an empty list for not at all.
                Where nothing says when, the schedules that are there stay.
            schedule: One such.
            cron: One or more cron lines.
            interval: Seconds between runs.
            rrule: A recurrence rule (RFC 5545).
            timezone: Of `cron`, `interval` and `rrule`; UTC if left out.
            anchor_date: From when on `interval` counts.
            tags: Of its runs.
            description: The flow's if left out.
            version: The flow's if left out.
            work_pool_name: Which pool launches its runs: `lambda`, `step-functions`, or one of yours.
            work_queue_name: Which queue of the pool.
            job_variables: Where the code is: `function_arn` or `state_machine_arn`.
            concurrency_limit: How many of its runs may work at once: a number, or a dictionary of `limit` and
                `collision_strategy`.
            paused: Whether its schedules are paused; if left out, they stay as they are.
            enforce_parameter_schema: Refuse runs whose parameters do not fit the flow.
            entrypoint: Where the flow is, for people: `flows.py:process_new_file`.

        Raises:
            Rejected: A trigger is not valid.
        """
        plain: list[dict[str, Any]] = [{"cron": one} for one in ([cron] if isinstance(cron, str) else cron or ())]
        plain += [{"interval": interval}] if interval is not None else []
        plain += [{"rrule": rrule}] if rrule else []
        common = {"timezone": timezone, "anchor_date": anchor_date}
        listed = [*({**common, **one} for one in plain), *(schedules or ()), *([schedule] if schedule else ())]
        given = {
            "parameters": parameters,
            "tags": list(tags) or None,
            "description": description or flow.description,
            "version": version or flow.version,
            "paused": paused,
            "enforce_parameter_schema": enforce_parameter_schema,
            "entrypoint": entrypoint,
            "schedules": listed if listed or schedules is not None else None,
            "concurrency_limit": concurrency_limit,
            "work_pool": {"name": work_pool_name, "work_queue_name": work_queue_name, "job_variables": job_variables},
            "triggers": triggers,
        }
        return cls.from_document(name, flow.name, given, flow.parameter_schema())

    @classmethod
    def from_document(
        cls, name: str, flow_name: str, given: Mapping[str, Any], schema: Mapping[str, Any] | None = None
    ) -> Self:
        """Read one entry of `deployments` of a `whenflow.yaml`.

        Args:
            name: Of the deployment.
            flow_name: The flow.
            given: The entry.
            schema: Of the flow's parameters, where it is known.

        Raises:
            Rejected: A schedule or trigger is not valid.
        """
        pool = given.get("work_pool") or {}
        if isinstance(pool, str):
            pool = {"name": pool}
        listed = given.get("schedules")
        schedules = [*(listed or ()), *([given["schedule"]] if given.get("schedule") else ())]
        document = {key: given[key] for key in AS_THEY_ARE if given.get(key) is not None}
        document |= {
            "name": name,
            "flow_name": flow_name,
            "work_pool_name": pool.get("name"),
            "work_queue_name": pool.get("work_queue_name"),
            "job_variables": dict(pool.get("job_variables") or {}),
            "schedules": [schedule_document(one) for one in schedules] if schedules or listed is not None else None,
            **_limit(given.get("concurrency_limit")),
        }
        if schema:
            document["parameter_openapi_schema"] = dict(schema)
        triggers = tuple(trigger_from(one) for one in given.get("triggers") or ())
        return cls(name, flow_name, {key: value for key, value in document.items() if value is not None}, triggers)

    def automations(self, deployment_id: str) -> list[dict[str, Any]]:
        """Return the automations that its triggers are."""
        return [
            one.as_automation(deployment_id, f"{self.name}__automation_{number}")
            for number, one in enumerate(self.triggers, 1)
        ]

    def apply(self, client: Client | None = None) -> str:
        """Make it so, and return the id of the deployment. Done again, nothing changes: windows of its triggers go on.

        Args:
            client: Calls the API; the one that the environment names, if left out.

        Raises:
            NotConnected: Nobody said where.
            Rejected: The API refuses it.
            Transient: The API cannot be reached.
        """
        return self.applied(client or connected()).id

    def applied(self, client: Client) -> "Applied":
        """Make it so, and tell what was done."""
        status, stored = client.call("POST", "/deployments/", dict(self.document))
        owner = f"prefect.deployment.{stored['id']}"
        _, owned = client.call("PUT", f"/automations/owned-by/{owner}", self.automations(stored["id"]))
        return Applied(
            stored["id"], f"{self.flow_name}/{self.name}", status == CREATED, tuple(one["id"] for one in owned)
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a deployment that was applied.

    Attributes:
        id: Of the deployment.
        name: `flow/deployment`.
        is_new: Whether it was there before.
        automation_ids: The automations that its triggers are.
    """

    id: str
    name: str
    is_new: bool
    automation_ids: tuple[str, ...]


def apply_deployments(document: object, client: Client, base: Path | None = None) -> list[Applied]:
    """Apply every deployment of a document (`whenflow.yaml`); none, if one of them is not valid.

    Args:
        document: `{"deployments": [{"name", "flow_name" or "entrypoint", …}]}`.
        client: Calls the API.
        base: Where paths of entrypoints start; the present directory if left out.

    Raises:
        Rejected: The document is not valid, or the API refuses a deployment.
        Transient: The API cannot be reached.
    """
    return [one.applied(client) for one in deployments_in(document, base or Path.cwd())]


def deployments_in(document: object, base: Path) -> list[Deployment]:
    """Return the deployments of a document.

    Raises:
        Rejected: It is not valid; told with the place.
    """
    listed = document.get("deployments") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise Rejected("The document has no list 'deployments'.")
    found = []
    for place, given in enumerate(listed):
        try:
            found.append(_deployment(given, base))
        except Rejected as error:
            raise Rejected(f"deployments[{place}]: {error.reason}", error.faults) from None
    return found


def _deployment(given: object, base: Path) -> Deployment:
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise Rejected("give it a name")
    flow = flow_at(str(given["entrypoint"]), base) if given.get("entrypoint") else None
    flow_name = given.get("flow_name") or (flow.name if flow else None)
    if not isinstance(flow_name, str):
        raise Rejected("give flow_name, or entrypoint as path.py:function")
    if flow:
        given = {"description": flow.description, "version": flow.version, **given}
    return Deployment.from_document(given["name"], flow_name, given, flow.parameter_schema() if flow else None)


def flow_at(entrypoint: str, base: Path) -> "Flow[..., Any]":
    """Return the flow that an entrypoint names; its file is run for that.

    Args:
        entrypoint: `path.py:function`.
        base: Where the path starts.

    Raises:
        Rejected: There is no such file or flow, or the file cannot be run.
    """
    from whenflow.flows.flow_definition import Flow

    path_text, _, name = entrypoint.rpartition(":")
    path = base / path_text
    if not path_text or not path.is_file():
        raise Rejected(f"entrypoint {entrypoint}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"whenflow_entrypoint_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise Rejected(f"entrypoint {entrypoint}: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises
        raise Rejected(f"entrypoint {entrypoint}: {path} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    found = getattr(module, name, None)
    if not isinstance(found, Flow):
        raise Rejected(f"entrypoint {entrypoint}: {path} has no flow '{name}'")
    return found


def schedule_document(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule as the API takes it: `{"schedule": {"cron", …}, "active", …}`.

    Raises:
        Rejected: It says neither `cron` nor `interval` nor `rrule`.
    """
    if isinstance(given.get("schedule"), Mapping):
        return dict(given)
    recurrence = {key: given[key] for key in OF_A_RECURRENCE if given.get(key) is not None}
    if not {"cron", "interval", "rrule"} & recurrence.keys():
        raise Rejected("a schedule says cron, interval or rrule")
    if "interval" not in recurrence:
        recurrence.pop("anchor_date", None)
    if isinstance(recurrence.get("interval"), timedelta):
        recurrence["interval"] = recurrence["interval"].total_seconds()
    if isinstance(recurrence.get("anchor_date"), datetime):
        recurrence["anchor_date"] = iso(recurrence["anchor_date"])
    return {"schedule": recurrence, **{key: given[key] for key in OF_A_SCHEDULE if given.get(key) is not None}}


def connected() -> Client:
    """Return the API that the environment or a running local stack names.

    Raises:
        NotConnected: Neither does.
    """
    client = RemoteClient.from_environment()
    if client is None:
        raise NotConnected(
            "It is not known where to deploy: set WHENFLOW_API_URL and WHENFLOW_API_KEY, "
            "or run inside a directory in which `make up` is running."
        )
    return client


def _limit(given: int | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(given, Mapping):
        strategy = given.get("collision_strategy")
        options = {"collision_strategy": str(strategy)} if strategy else None
        return {"concurrency_limit": given.get("limit"), "concurrency_options": options}
    return {"concurrency_limit": given}
