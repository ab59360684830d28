"""What a file says of deployments: whenflow.yaml, or the deployments of a prefect.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whenflow.automations.plan import Wanted
from whenflow.cli.drafts import fault_lines, read_document
from whenflow.cli.errors import CliError
from whenflow.deployments.model import DeploymentInput, checked
from whenflow.errors import Fault, Rejected
from whenflow.flows.deployments import AS_THEY_ARE, Deployment, deployments_in

STAND_IN = "00000000-0000-4000-8000-000000000000"
"""The id of a deployment that is still to be made."""
POOL = {"work_pool_name": "name", "work_queue_name": "work_queue_name", "job_variables": "job_variables"}
KNOWN = frozenset(AS_THEY_ARE) | {
    "name",
    "flow_name",
    "work_pool",
    "schedules",
    "schedule",
    "concurrency_limit",
    "triggers",
}
HINT = "A deployment has a name, a flow_name or an entrypoint, and a work_pool with job_variables to be launched."


@dataclass(frozen=True, slots=True)
class Said:
    """A deployment of a file.

    Attributes:
        deployment: As it was read.
        document: As the API takes it; without schedules where the file says nothing of them.
        triggers: As written; None where the file says nothing of them.
    """

    deployment: Deployment
    document: Mapping[str, Any]
    triggers: tuple[Mapping[str, Any], ...] | None

    @property
    def full_name(self) -> str:
        """`flow/deployment`."""
        return f"{self.deployment.flow_name}/{self.deployment.name}"

    def automations(self, deployment_id: str) -> list[Wanted]:
        """Return the automations of its triggers."""
        made = self.deployment.automations(deployment_id)
        written = self.triggers or ()
        return [Wanted(one["name"], one, "enabled" in given) for one, given in zip(made, written, strict=True)]


def read_deployments(name: str) -> list[Said]:
    """Read the deployments of a file, all checked.

    Args:
        name: A YAML or JSON file; - is standard input.

    Raises:
        CliError: Something is not valid: all that is wrong is told at once.
    """
    document = read_document(name)
    listed = document.get("deployments") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise CliError(f"{name} holds no deployments.", hint=f"It looks like: deployments: [...]. {HINT}")
    base = Path.cwd() if name == "-" else Path(name).expanduser().resolve().parent
    said: list[Said] = []
    faults: list[str] = []
    for place, one in enumerate(listed):
        called = one.get("name") if isinstance(one, dict) else None
        where = f"deployment {called}" if called else f"deployment {place + 1} of {len(listed)}"
        try:
            said.append(_said(one, base))
        except Rejected as error:
            faults += [f"{where}: {line.removeprefix('deployments[0]: ')}" for line in fault_lines(error)]
    names = [one.full_name for one in said]
    faults += [f"deployment {twice} is there twice" for twice in sorted({n for n in names if names.count(n) > 1})]
    if faults:
        raise CliError(f"{name} cannot be deployed:", details=tuple(faults), hint=HINT)
    return said


def _said(one: Any, base: Path) -> Said:
    if not isinstance(one, dict):
        raise Rejected("a deployment is an object")
    given = _with_pool({name: value for name, value in one.items() if value is not None})
    if unknown := sorted(map(str, given.keys() - KNOWN)):
        raise Rejected("", [Fault((name,), "there is no such field") for name in unknown])
    triggers = given.get("triggers")
    if triggers is not None and not (isinstance(triggers, list) and all(isinstance(t, dict) for t in triggers)):
        raise Rejected("triggers: must be a list of objects")
    (deployment,) = deployments_in({"deployments": [given]}, base)
    document = dict(deployment.document)
    if not {"schedules", "schedule"} & given.keys():
        document.pop("schedules", None)
    checked(DeploymentInput, document, "deployment")
    return Said(deployment, document, None if triggers is None else tuple(triggers))


def _with_pool(given: dict[str, Any]) -> dict[str, Any]:
    """Return a deployment whose work pool is one object; its fields may also be written as in the API."""
    fields = {POOL[name]: given.pop(name) for name in POOL if name in given}
    pool = given.get("work_pool") or {}
    if isinstance(pool, str):
        pool = {"name": pool}
    if not isinstance(pool, dict):
        raise Rejected("work_pool: must be a name, or an object with name and job_variables")
    if unknown := sorted(map(str, pool.keys() - set(POOL.values()))):
        raise Rejected("", [Fault(("work_pool", name), "there is no such field") for name in unknown])
    return given | {"work_pool": pool | fields} if pool or fields else given
