"""`whenflow deploy`: makes the deployments of a file, with their schedules and triggers."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.automations.names import with_names
from whenflow.automations.plan import NONE, FieldChange, Kind, Plan, Step, Wanted, differences, plan_owned
from whenflow.cli.client import Api, connect
from whenflow.cli.deploy_files import STAND_IN, Said, read_deployments
from whenflow.cli.errors import CliError, NotAuthorized, NotConnected, ServerFault
from whenflow.cli.lookup import MAX_LISTED, Names, full_name
from whenflow.cli.meanwhile import seen
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.plan_text import print_plan, summary
from whenflow.cli.progress import progress
from whenflow.cli.render import print_json, say
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
    options: Options = DEFAULTS,
) -> None:
    """Make the deployments of a file, or change them to what it says. Done again, there is nothing to do.

    Triggers are automations that the deployment owns: those that the file says are the only ones afterwards; where it
    says nothing of triggers, or of schedules, they stay as they are. An unchanged trigger keeps its windows.

    Args:
        file: YAML or JSON file with deployments: [...]; - reads standard input.
        only: Only the deployment of this name, or flow/name; may be given again.
        dry_run: Show what would change, and change nothing.
        options: Common to all commands.
    """
    said = _chosen(read_deployments(file), only, file)
    failed: list[str] = []
    steps: list[Step] = []
    with connect(options) as api, progress("Deploying", len(said)) as told:
        names = Names(api)
        for place, one in enumerate(said):
            try:
                for step in _steps(api, one, names, dry_run):
                    steps.append(step)
            except (NotConnected, NotAuthorized, ServerFault) as error:
                failed += [f"NOT done: {one.full_name}: {error.message}"]
                failed += [f"NOT tried: {other.full_name}" for other in said[place + 1 :]]
                break
            except CliError as error:
                failed += [f"NOT done: {one.full_name}: {error.message}", *(f"    {line}" for line in error.details)]
            told(place + 1)
    plan = Plan("", tuple(steps))
    if options.json:
        print_json({"summary": plan.summary, "changes": [step.as_document() for step in plan.changes]})
    else:
        print_plan(plan)
        say(f"Nothing is done: {summary(plan)}" if dry_run and plan.changes else _done(plan))
    if failed:
        done = [f"done: {step.kind} {step.what} {step.name}" for step in plan.changes]
        raise CliError("Not all of it was deployed.", details=(*done, *failed), hint="Do it again: what is done stays.")


def _done(plan: Plan) -> str:
    if not plan.changes:
        return summary(plan)
    return f"Done: {len(plan.changes)} {'change' if len(plan.changes) == 1 else 'changes'}."


def _chosen(said: list[Said], only: list[str] | None, file: str) -> list[Said]:
    wanted = set(only or ())
    unknown = wanted - {name for one in said for name in (one.full_name, str(one.document["name"]))}
    if unknown:
        raise CliError(
            f"{file} holds no deployment {', '.join(sorted(unknown))}.",
            hint=f"It holds {', '.join(one.full_name for one in said)}.",
        )
    return [one for one in said if not wanted or wanted & {one.full_name, one.document["name"]}]


def _steps(api: Api, said: Said, names: Names, dry_run: bool) -> Iterator[Step]:
    """Yield what a deployment takes, each done before it is yielded, unless nothing is to be done."""
    present = next((one for one in api.newest("deployments", MAX_LISTED) if full_name(one) == said.full_name), None)
    step = _deployment_step(said, present)
    deployment_id = str(present["id"]) if present else STAND_IN
    if not dry_run and present is None:
        deployment_id = str(api.create("deployments", said.document)["id"])
    elif not dry_run and step.kind == "change":
        path = f"/deployments/{deployment_id}"
        api.patch(path, step.document, seen(api, path, step))
    yield step
    if said.triggers is None:
        return
    owner, automations = OWNER + deployment_id, api.newest("automations", MAX_LISTED)
    owned = {one["name"]: one for one in automations if one.get("owner_resource") == owner}

    def shown(automation: Mapping[str, Any]) -> Mapping[str, Any]:
        known = {STAND_IN: said.full_name, deployment_id: said.full_name}
        return with_names(automation, lambda field, id_: known.get(id_) or names.name_of(field, id_))

    wanted = said.automations(deployment_id)
    steps = list(plan_owned(owner, wanted, automations, shown))
    if not dry_run and any(one.kind != "same" for one in steps):
        api.put(f"/automations/owned-by/{owner}", [_as_it_was_switched(one, owned.get(one.key)) for one in wanted])
    yield from steps


def _as_it_was_switched(wanted: Wanted, present: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the automation of a trigger; one that was paused stays paused, unless the file says otherwise."""
    if present is None or wanted.says_enabled:
        return dict(wanted.document)
    return {**wanted.document, "enabled": present["enabled"]}


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
