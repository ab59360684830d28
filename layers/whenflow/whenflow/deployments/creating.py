"""How a flow run of a deployment is made (SPEC 6.4), whoever asks for it: the API, an action, a schedule, the SDK."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from whenflow.deployments.pools import base_variables, pool_named
from whenflow.deployments.rules import DeploymentRules
from whenflow.deployments.values import check_fit, check_size, hydrated
from whenflow.events import named_id
from whenflow.ports import Clock, ConfigStore
from whenflow.runs import FlowRun, RunLedger, State, StateDetails, StateType
from whenflow.runs.names import run_name
from whenflow.runs.targets import WORK_POOLS

AUTO_SCHEDULED = "auto-scheduled"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for beside the deployment.

    Attributes:
        parameters: Over the deployment's own.
        hydrate: Whether `{"__prefect_kind": …}` in them stands for something; never for what came of an event.
        state: The first state; `SCHEDULED` for this moment if left out.
        at_once: Whether whoever asks launches the run himself, so that it waits in no index.
        idempotency_key: Asked for again under the same key, it is the same run.
        run_id: Its id, where whoever asks knows a better one than the key gives.
        enforce: Whether the schema is enforced, whatever the deployment says.
        created_by: Who asks; the deployment if left out.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    hydrate: bool = False
    name: str | None = None
    state: State | None = None
    at_once: bool = False
    tags: Iterable[str] = ()
    idempotency_key: str | None = None
    run_id: str | None = None
    job_variables: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    empirical_policy: Mapping[str, Any] = field(default_factory=dict)
    parent_task_run_id: str | None = None
    work_queue_name: str | None = None
    enforce: bool | None = None
    created_by: Mapping[str, str] | None = None
    firing_id: str | None = None
    event_id: str | None = None
    auto_scheduled: bool = False


class RunMaker:
    """Makes flow runs of deployments."""

    def __init__(self, config: ConfigStore, ledger: RunLedger, clock: Clock) -> None:
        """Work on these stores, with this clock."""
        self._config = config
        self._ledger = ledger
        self._rules = DeploymentRules(config, clock)
        self._clock = clock

    def create(self, deployment: Mapping[str, Any], request: RunRequest) -> tuple[FlowRun, bool]:
        """Make a run, or find it made under its key; tell whether it was made now.

        Raises:
            DoNotFit: The parameters do not fit the schema, and it is enforced.
            TooLarge: There are too many of them.
            Rejected: They cannot be hydrated, or the schema is none.
        """
        return self._ledger.create_once(self.plan(deployment, request))

    def plan(self, deployment: Mapping[str, Any], request: RunRequest) -> FlowRun:
        """Return the run as it would be made now; nothing is stored. It raises what `create` does."""
        key, run_id = request.idempotency_key, request.run_id
        if run_id is None:
            run_id = run_id_of(deployment["flow_id"], key) if key else self._ledger.new_id()
        run = self._run(run_id, deployment, request)
        if not request.at_once:
            return run
        return self._waiting(run) if self._rules.is_held(run) else self._limited(run)

    def _run(self, run_id: str, deployment: Mapping[str, Any], request: RunRequest) -> FlowRun:
        pool, type_ = self._pool(deployment)
        return FlowRun(
            id=run_id,
            name=request.name or run_name(run_id),
            flow_id=deployment["flow_id"],
            flow_name=deployment["flow_name"],
            deployment_id=deployment["id"],
            deployment_name=deployment["name"],
            work_pool_name=deployment["work_pool_name"],
            parameters=self._parameters(deployment, request),
            tags=tuple(dict.fromkeys([*deployment["tags"], *request.tags])),
            created=self._clock.now(),
            states=(self._first_state(run_id, request),),
            created_by=request.created_by or _by(deployment),
            firing_id=request.firing_id,
            event_id=request.event_id,
            idempotency_key=request.idempotency_key,
            job_variables={**base_variables(pool), **deployment["job_variables"], **request.job_variables},
            context=request.context,
            empirical_policy=request.empirical_policy,
            labels=request.labels,
            deployment_version=deployment.get("version"),
            parent_task_run_id=request.parent_task_run_id,
            work_queue_name=request.work_queue_name or deployment.get("work_queue_name"),
            target=type_ if type_ != deployment["work_pool_name"] else None,
            auto_scheduled=request.auto_scheduled,
            limited=deployment.get("concurrency_limit") is not None,
        )

    def _pool(self, deployment: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
        name = deployment["work_pool_name"]
        if name is None or name in WORK_POOLS:
            return None, name
        pool = pool_named(self._config, name)
        return pool, str(pool["type"]) if pool else None

    def _parameters(self, deployment: Mapping[str, Any], request: RunRequest) -> dict[str, Any]:
        own, given = hydrated(dict(deployment["parameters"]), self._config), dict(request.parameters)
        parameters = {**own, **(hydrated(given, self._config) if request.hydrate else given)}
        check_size(parameters)
        enforced = deployment.get("enforce_parameter_schema", True) if request.enforce is None else request.enforce
        if enforced:
            check_fit(parameters, deployment.get("parameter_openapi_schema") or {})
        return parameters

    def _first_state(self, run_id: str, request: RunRequest) -> State:
        if request.state:  # proposed before the run was known: its id is to say under which run its event is kept
            made = self._ledger.new_state(run_id, request.state.type)
            return replace(request.state, id=made.id, timestamp=made.timestamp)
        details = StateDetails(scheduled_time=None if request.at_once else self._clock.now())
        return self._ledger.new_state(run_id, StateType.SCHEDULED, details=details)

    def _limited(self, run: FlowRun) -> FlowRun:
        """Return a run that is started at once: it says of itself whether there are limits to ask for."""
        return replace(run, limited=True) if self._rules.pool_limit(run) else run

    def _waiting(self, run: FlowRun) -> FlowRun:
        """Return a run of a pool that is paused: it waits in the index until the pool is resumed."""
        details = StateDetails(scheduled_time=self._clock.now())
        state = self._ledger.new_state(run.id, StateType.SCHEDULED, details=details)
        return replace(run, states=(state,))


def run_id_of(flow_id: str, key: str) -> str:
    """Return the id of the run of a flow that is made under a key: the same key is the same run."""
    return named_id("flow-run", flow_id, key)


def _by(deployment: Mapping[str, Any]) -> dict[str, str]:
    return {"id": deployment["id"], "type": "DEPLOYMENT", "display_value": deployment["name"]}
