"""The use cases of deployments and flows as things that people create, change, pause, find and delete."""

from collections.abc import Callable, Mapping
from typing import Any

from whenflow.deployments.model import (
    DeploymentInput,
    DeploymentPatch,
    ScheduleInput,
    SchedulePatch,
    checked,
    full_name,
    spellings,
)
from whenflow.deployments.pools import base_variables, pool_named
from whenflow.deployments.scheduling import Scheduler
from whenflow.deployments.values import check_fit, hydrated
from whenflow.errors import Conflict, Fault, NotFound, Rejected, Stale, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, iso, named_id
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, Reference, Stored, check_seen, over_latest
from whenflow.runs.targets import TYPES, WORK_POOLS

KIND = "deployment"
NAME_KIND = "deployment-name"
FLOW_KIND = "flow"
TRIES = 4
SCHEDULING = frozenset({"paused", "schedules", "parameters", "job_variables", "tags", "work_pool_name"})
"""What a run that was made ahead carries or depends on: it is made anew where one of these changes."""


class DeploymentRegistry:
    """Keeps deployments; each change is an event as well."""

    def __init__(
        self,
        config: ConfigStore,
        events: EventStore,
        scheduler: Scheduler,
        clock: Clock,
        ids: Ids,
        disown: Callable[[str], object] = lambda _resource_id: None,
    ) -> None:
        """Work on these stores; `disown` removes the automations that a resource owns."""
        self._config = config
        self._events = events
        self._scheduler = scheduler
        self._clock = clock
        self._ids = ids
        self._disown = disown

    def flow(self, name: str, tags: tuple[str, ...] = (), labels: Mapping[str, Any] | None = None) -> tuple[Any, bool]:
        """Make a flow known; return it, and whether it is new."""
        flow_id, now = named_id("flow", name), iso(self._clock.now())
        if stored := self._config.get(FLOW_KIND, flow_id):
            return stored, False
        document = {
            "id": flow_id,
            "name": name,
            "created": now,
            "updated": now,
            "tags": list(tags),
            "labels": dict(labels or {}),
        }
        try:
            self._config.create(FLOW_KIND, flow_id, document)
        except Conflict:  # somebody else was faster
            return self._config.get(FLOW_KIND, flow_id) or document, False
        return document, True

    def upsert(self, document: object) -> tuple[dict[str, Any], bool]:
        """Store a deployment under its flow and name; return it, and whether it is new.

        Raises:
            Rejected: The document is not valid.
        """
        given = document if isinstance(document, DeploymentInput) else checked(DeploymentInput, document, KIND)
        self._check(given.model_dump(mode="json"))  # before its flow is made known
        flow = self._flow_of(given)
        for _ in range(TRIES):
            reference = self._config.get(NAME_KIND, f"{flow['name']}/{given.name}")
            found = self._config.read(KIND, reference["id"]) if reference else None
            if found:
                try:
                    return self._put(found, self._changed(found.document, given)), False
                except Stale:
                    continue
            deployment = self._new(given, flow)
            try:
                self._config.create(KIND, deployment["id"], deployment, [Reference(NAME_KIND, full_name(deployment))])
            except Conflict:  # somebody else was faster: theirs is the one that changes
                continue
            self._tell("created", deployment)
            self._scheduler.fill(deployment)
            return deployment, True
        raise Transient(f"The deployment {given.name} changed under every one of {TRIES} tries.")

    def patch(self, deployment_id: str, document: object, *, over: str | None = None) -> dict[str, Any]:
        """Change what is given of a deployment, and leave the rest.

        Args:
            deployment_id: Its id.
            document: The changes.
            over: The revision that the caller has seen; None for any.

        Raises:
            Rejected: The document is not valid.
            NotFound: There is no such deployment.
            Stale: It is no longer of that revision.
        """
        given = checked(DeploymentPatch, document, f"change of a {KIND}")
        return self._alter(deployment_id, lambda present: self._changed(present, given), over)

    def pause(self, deployment_id: str, *, paused: bool) -> dict[str, Any]:
        """Stop or resume the schedules of a deployment; its runs can be made all the same."""
        return self._alter(deployment_id, lambda present: present | {"paused": paused})

    def get(self, deployment_id: str) -> dict[str, Any]:
        """Return a deployment.

        Raises:
            NotFound: There is no such deployment.
        """
        return self.read(deployment_id).document

    def read(self, deployment_id: str) -> Stored:
        """Return a deployment with its revision.

        Raises:
            NotFound: There is no such deployment.
        """
        found = self._config.read(KIND, deployment_id)
        if found is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        return found

    def by_name(self, name: str) -> dict[str, Any]:
        """Return a deployment by `flow/deployment`; by the flow's function name too.

        Raises:
            NotFound: There is no such deployment.
        """
        return self.read_named(name).document

    def read_named(self, name: str) -> Stored:
        """Return a deployment by `flow/deployment`, with its revision; by the flow's function name too.

        Raises:
            NotFound: There is no such deployment.
        """
        for known in spellings(name):
            if reference := self._config.get(NAME_KIND, known):
                return self.read(reference["id"])
        raise NotFound(f"There is no deployment {name}.")

    def delete(self, deployment_id: str, *, over: str | None = None) -> None:
        """Remove a deployment, the runs its schedules made ahead, and the automations that it owns.

        Raises:
            NotFound: There is no such deployment.
            Stale: It is no longer of the revision `over`.
        """
        found = self.read(deployment_id)
        check_seen(found, over, f"{KIND} {deployment_id}")
        deployment = found.document
        self._disown(f"prefect.deployment.{deployment_id}")
        self._scheduler.clear(deployment)
        self._config.delete(KIND, deployment_id, [Reference(NAME_KIND, full_name(deployment))], over=over)
        self._tell("deleted", deployment)

    # ---- schedules ----

    def add_schedules(self, deployment_id: str, documents: list[object]) -> list[dict[str, Any]]:
        """Add schedules to a deployment and return them."""
        given = [checked(ScheduleInput, one, "schedule") for one in documents]
        added = _schedules(deployment_id, given, [], iso(self._clock.now()), self._ids)

        def with_added(present: dict[str, Any]) -> dict[str, Any]:
            if {one["slug"] for one in added if one["slug"]} & {one["slug"] for one in present["schedules"]}:
                raise Conflict("The deployment has a schedule of that slug already.")
            return present | {"schedules": [*present["schedules"], *added]}

        self._alter(deployment_id, with_added)
        return added

    def change_schedule(self, deployment_id: str, schedule_id: str, document: object) -> None:
        """Change what is given of a schedule, and leave the rest."""
        given = checked(SchedulePatch, document, "change of a schedule")
        changes = given.model_dump(mode="json", exclude_unset=True) | {"updated": iso(self._clock.now())}

        def with_changed(present: dict[str, Any]) -> dict[str, Any]:
            _one_of(present, schedule_id)
            schedules = [one | changes if one["id"] == schedule_id else one for one in present["schedules"]]
            return present | {"schedules": schedules}

        self._alter(deployment_id, with_changed)

    def remove_schedule(self, deployment_id: str, schedule_id: str) -> None:
        """Remove a schedule from a deployment."""

        def without(present: dict[str, Any]) -> dict[str, Any]:
            _one_of(present, schedule_id)
            return present | {"schedules": [one for one in present["schedules"] if one["id"] != schedule_id]}

        self._alter(deployment_id, without)

    # ---- the rest ----

    def _flow_of(self, given: DeploymentInput) -> dict[str, Any]:
        if given.flow_name:
            flow: dict[str, Any] = self.flow(given.flow_name)[0]
            return flow
        stored = self._config.get(FLOW_KIND, given.flow_id) if given.flow_id else None
        if stored is None:
            reason = f"there is no flow {given.flow_id}" if given.flow_id else "give flow_name or flow_id"
            raise Rejected("This is not a valid deployment.", [Fault(("flow_id",), reason)])
        return stored

    def _new(self, given: DeploymentInput, flow: Mapping[str, Any]) -> dict[str, Any]:
        now, id_ = iso(self._clock.now()), self._ids.new()
        deployment = given.model_dump(mode="json", exclude={"schedules"}) | {
            "id": id_,
            "created": now,
            "updated": now,
            "flow_id": flow["id"],
            "flow_name": flow["name"],
            "schedules": _schedules(id_, given.schedules, [], now, self._ids),
        }
        self._check(deployment)
        return deployment

    def _changed(self, present: dict[str, Any], given: DeploymentPatch) -> dict[str, Any]:
        """Return a deployment with what was given. A whole one says all but its schedules, if it is silent on them."""
        whole = isinstance(given, DeploymentInput)
        kept = {"name", "flow_name", "flow_id", "schedules"}
        changes = given.model_dump(mode="json", exclude=kept, exclude_unset=not whole)
        if whole and "paused" not in given.model_fields_set:
            del changes["paused"]
        changed = present | changes
        if "schedules" in given.model_fields_set:
            now = iso(self._clock.now())
            changed["schedules"] = _schedules(present["id"], given.schedules, present["schedules"], now, self._ids)
        self._check(changed)
        return changed

    def _check(self, deployment: Mapping[str, Any]) -> None:
        """Refuse what no run could be made or launched with."""
        faults = [*self._faults_of_target(deployment)]
        if faults:
            raise Rejected("This is not a valid deployment.", faults)
        schema = deployment["parameter_openapi_schema"]
        if schema and deployment["enforce_parameter_schema"]:
            lenient = {**schema, "required": []}
            check_fit(hydrated(dict(deployment["parameters"]), self._config), lenient)

    def _faults_of_target(self, deployment: Mapping[str, Any]) -> list[Fault]:
        name = deployment["work_pool_name"]
        if name is None:
            return []
        pool = {"type": name} if name in WORK_POOLS else pool_named(self._config, name)
        if pool is None:
            known = ", ".join(sorted(WORK_POOLS))
            return [
                Fault(("work_pool_name",), f"there is no work pool '{name}'; there are {known}, and those you made")
            ]
        variable = TYPES[pool["type"]]
        if isinstance({**base_variables(pool), **deployment["job_variables"]}.get(variable), str):
            return []
        return [Fault(("job_variables",), f"job_variables must hold '{variable}' for the work pool '{name}'")]

    def _alter(
        self, deployment_id: str, alter: Callable[[dict[str, Any]], dict[str, Any]], over: str | None = None
    ) -> dict[str, Any]:
        """Change a deployment as it is now; where somebody else is faster, both changes hold."""
        return over_latest(
            self._config, KIND, deployment_id, lambda found: self._put(found, alter(found.document)), over=over
        )

    def _put(self, found: Stored, changed: dict[str, Any]) -> dict[str, Any]:
        """Store a change over what was read and tell of it; where nothing changes, do nothing."""
        present = found.document
        updates = {
            name: {"from": present.get(name), "to": value}
            for name, value in changed.items()
            if present.get(name) != value
        }
        if not updates:
            return present
        deployment = changed | {"updated": iso(self._clock.now())}
        if updates.keys() & SCHEDULING:
            self._scheduler.clear(present)
        self._config.replace(KIND, deployment["id"], deployment, over=found.revision)
        self._tell("updated", deployment, {"updated_fields": sorted(updates), "updates": updates})
        self._scheduler.fill(deployment)
        return deployment

    def _tell(self, happened: str, deployment: Mapping[str, Any], payload: Mapping[str, Any] | None = None) -> None:
        now, resource_id = self._clock.now(), f"prefect.deployment.{deployment['id']}"
        flow = {
            RESOURCE_ID: f"prefect.flow.{deployment['flow_id']}",
            RESOURCE_ROLE: "flow",
            RESOURCE_NAME: deployment["flow_name"],
        }
        self._events.put(
            Event(
                id=self._ids.event_id(now, resource_id),
                occurred=now,
                event=f"prefect.deployment.{happened}",
                resource={RESOURCE_ID: resource_id, RESOURCE_NAME: deployment["name"]},
                related=(flow,),
                payload=dict(payload or {}),
                received=now,
            )
        )


def _schedules(
    deployment_id: str, given: list[ScheduleInput], present: list[dict[str, Any]], now: str, ids: Ids
) -> list[dict[str, Any]]:
    """Return schedules as they are stored. One that says the same, or bears the slug of one, keeps its id."""
    left = list(present)
    found = []
    for one in given:
        document = one.model_dump(mode="json", exclude={"replaces"})
        same = next((old for old in left if _is_same(old, document, one.replaces)), None)
        if same:
            left.remove(same)
        kept = {"id": same["id"], "created": same["created"]} if same else {"id": ids.new(), "created": now}
        found.append(kept | {"updated": now, "deployment_id": deployment_id} | document)
        if same and all(same[name] == value for name, value in document.items()):
            found[-1]["updated"] = same["updated"]
    return found


def _is_same(old: Mapping[str, Any], document: Mapping[str, Any], replaces: str | None) -> bool:
    slug = replaces or document["slug"]
    return bool(old["slug"] == slug if slug else old["schedule"] == document["schedule"] and not old["slug"])


def _one_of(deployment: Mapping[str, Any], schedule_id: str) -> None:
    if all(one["id"] != schedule_id for one in deployment["schedules"]):
        raise NotFound(f"There is no schedule {schedule_id} of the deployment {deployment['name']}.")
