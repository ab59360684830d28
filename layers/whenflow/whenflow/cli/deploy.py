"""`whenflow deploy`: makes the deployments of a file, with their schedules and triggers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.automations.names import with_names
from whenflow.automations.plan import NONE, FieldChange, Kind, Plan, Step, differences, plan_owned
from whenflow.cli.carrying_out import carry_out, check_can_ask, do_automation, show
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes
from whenflow.cli.deploy_files import STAND_IN, Said, read_deployments
from whenflow.cli.errors import CliError, Refused
from whenflow.cli.lookup import MAX_LISTED, Names, full_name
from whenflow.cli.meanwhile import seen
from whenflow.cli.options import DEFAULTS, Options
from whenflow.deployments.model import DeploymentInput, ScheduleInput, checked

WHOLE = (
    "description",
    "version",
    "tags",
    "work_pool_name",
    "job_variables",
    "parameters",
    "concurrency_limit",
    "concurrency_options",
)
"""Fields that a file says in whole: left out, they are as if never given. All others stay as they are."""
NAMES = frozenset({"name", "flow_name"})
OWNER = "prefect.deployment."


def deploy(
    file: str = "whenflow.yaml",
    /,
    *,
    only: Annotated[list[str] | None, Parameter(alias="-n")] = None,
    dry_run: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    yes: Yes = False,
    options: Options = DEFAULTS,
) -> None:
    """Make the deployments of a file: shows what changes, asks, does it. Done again, there is nothing to do.

    Triggers are automations that the deployment owns: those that the file says are the only ones afterwards; where it
    says nothing of triggers, or of schedules, they stay as they are. An unchanged trigger keeps its windows.

    Args:
        file: YAML or JSON file with deployments: [...]; - reads standard input.
        only: Only the deployment of this name, or flow/name; may be given again.
        dry_run: Show what would change, and change nothing.
        yes: Do not ask.
        options: Common to all commands. --json needs --yes or --dry-run.
    """
    if not dry_run:
        check_can_ask(yes, options)
    said = _chosen(read_deployments(file), only, file)
    with connect(options) as api:
        work = _Work(api, said)
        if dry_run:
            show(work.plan(), options)
        else:
            carry_out(work.plan, work.do, yes=yes, options=options)


def _chosen(said: list[Said], only: list[str] | None, file: str) -> list[Said]:
    wanted = set(only or ())
    unknown = wanted - {name for one in said for name in (one.full_name, str(one.document["name"]))}
    if unknown:
        raise CliError(
            f"{file} holds no deployment {', '.join(sorted(unknown))}.",
            hint=f"It holds {', '.join(one.full_name for one in said)}.",
        )
    return [one for one in said if not wanted or wanted & {one.full_name, one.document["name"]}]


class _Work:
    """What the deployments of a file take."""

    def __init__(self, api: Api, said: Sequence[Said]) -> None:
        self._api = api
        self._said = said
        self._of: list[str] = []
        self._made: dict[str, str] = {}
        self._refused: set[str] = set()

    def plan(self) -> Plan:
        """Return what has to be done now: each deployment, then its triggers."""
        names = Names(self._api)
        present = {full_name(one): one for one in self._api.newest("deployments", MAX_LISTED)}
        listed = any(one.triggers is not None for one in self._said)
        automations = self._api.newest("automations", MAX_LISTED) if listed else []
        steps = [
            (one.full_name, step)
            for one in self._said
            for step in _steps(one, present.get(one.full_name), automations, names)
        ]
        self._of = [name for name, step in steps if step.kind != "same"]
        return Plan("", tuple(step for _, step in steps))

    def do(self, place: int, step: Step) -> None:
        """Do a step; what is of a deployment that was refused is not tried.

        Raises:
            CliError: It cannot be done.
        """
        name = self._of[place]
        if step.what == "deployment":
            self._refused.add(name)
            self._do_deployment(step)
            self._refused.discard(name)
        elif name in self._refused:
            raise Refused(f"not tried, for {name} is not deployed")
        else:
            do_automation(self._api, _with_id(step, self._made.get(name)))

    def _do_deployment(self, step: Step) -> None:
        if step.kind == "add":
            self._made[step.name] = str(self._api.create("deployments", step.document)["id"])
        else:
            path = f"/deployments/{step.id}"
            self._api.patch(path, step.document, seen(self._api, path, step))


def _with_id(step: Step, deployment_id: str | None) -> Step:
    """Return a step of a trigger with the id of its deployment, where that was still to be made."""
    if deployment_id is None or step.document is None:
        return step
    return replace(step, document=json.loads(json.dumps(step.document).replace(STAND_IN, deployment_id)))


def _steps(
    said: Said, present: Mapping[str, Any] | None, automations: Sequence[Mapping[str, Any]], names: Names
) -> Iterator[Step]:
    yield _deployment_step(said, present)
    if said.triggers is None:
        return
    deployment_id = str(present["id"]) if present else STAND_IN

    def shown(automation: Mapping[str, Any]) -> Mapping[str, Any]:
        known = {deployment_id: said.full_name}
        return with_names(automation, lambda field, id_: known.get(id_) or names.name_of(field, id_))

    yield from plan_owned(OWNER + deployment_id, said.automations(deployment_id), automations, shown)


def _deployment_step(said: Said, present: Mapping[str, Any] | None) -> Step:
    name, given = said.full_name, {key: value for key, value in said.document.items() if key not in NAMES}
    if present is None:
        fields = tuple(FieldChange(path, NONE, value) for path, value in given.items())
        return Step("add", "deployment", name, name, None, fields, said.document)
    whole = checked(DeploymentInput, dict(said.document), "deployment").model_dump(mode="json")
    after = {key: whole[key] for key in (*WHOLE, *(key for key in given if key not in WHOLE))}
    before = {key: present.get(key) for key in after}
    if "schedules" in after:
        before["schedules"] = [_plain_schedule(one) for one in before["schedules"] or ()]
        after["schedules"] = [_plain_schedule(one) for one in after["schedules"]]
    fields = tuple(differences(before, after))
    changed = {change.path.partition(".")[0] for change in fields}
    document = {key: whole[key] for key in after if key in changed}
    kind: Kind = "change" if fields else "same"
    updated = present.get("updated")
    return Step(kind, "deployment", name, name, str(present["id"]), fields, document or None, updated, present)


def _plain_schedule(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schedule says, with every default written out, and without what the API gives to it."""
    known = {name: value for name, value in schedule.items() if name in ScheduleInput.model_fields}
    return ScheduleInput.model_validate(known).model_dump(mode="json", exclude={"replaces"})
