"""run-deployment: starts a flow run of a deployment, once for each firing and action."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from whenflow.actions.outcome import ActionFailed, Executed
from whenflow.actions.parameters import Scope, render_parameters
from whenflow.actions.targets import labels_of, target_id
from whenflow.automations.firing import Firing
from whenflow.deployments import RunMaker, RunRequest
from whenflow.deployments.values import DoNotFit
from whenflow.errors import NotFound, Rejected, TooLarge
from whenflow.events import Event, named_id
from whenflow.ports import Clock, ConfigStore
from whenflow.runs import FlowRun, Refused, RunLedger, StateDetails, StateType
from whenflow.runs.schedule import RunSchedule
from whenflow.templating import TemplateError

BARE = Scope()
NOT_LAUNCHED = frozenset({StateType.SCHEDULED, StateType.PENDING})


class RunPlanner:
    """Works out the flow run that an action makes; stores nothing, so that a preview may ask as well."""

    def __init__(self, config: ConfigStore, ledger: RunLedger, clock: Clock, scope: Scope = BARE) -> None:
        """Look into this store; the ledger makes states, the clock tells the time, templates see the scope."""
        self._config = config
        self._scope = scope
        self._maker = RunMaker(config, ledger, clock)
        self._ledger = ledger
        self._clock = clock

    def plan(self, action: Mapping[str, Any], firing: Firing, index: int, event: Event | None) -> FlowRun:
        """Return the run of this action of this firing, as it would be made now.

        Args:
            action: As it is stored.
            firing: What it is done for.
            index: Its place among the firing's actions.
            event: The event that it is on: the one that closed the firing, or the one that tells of it.

        Raises:
            ActionFailed: There is no such deployment, or a template fails.
        """
        deployment = self._deployment(target_id(action, firing, event))
        given = self._given(action, firing, event)
        try:
            return self._maker.plan(deployment, self._request(deployment, action, firing, index, given))
        except DoNotFit as error:
            reason = f"Validation error occurred for 'run-deployment': {error}"
            raise ActionFailed(reason, {"validation_error": str(error), "parameters": given}) from None
        except Rejected as error:
            raise ActionFailed(error.reason) from None

    def _deployment(self, deployment_id: str) -> dict[str, Any]:
        deployment = self._config.get("deployment", deployment_id)
        if deployment is None:
            raise ActionFailed(
                f"Unexpected status from 'run-deployment' action: 404: there is no deployment {deployment_id}",
                {"status_code": 404},
            )
        return deployment

    def _given(self, action: Mapping[str, Any], firing: Firing, event: Event | None) -> dict[str, Any]:
        context = self._scope.context_of(firing, event)
        try:
            given: dict[str, Any] = render_parameters(action.get("parameters") or {}, context)
        except TemplateError as error:
            raise ActionFailed(f"Unable to render parameters: {error}", {"template_error": str(error)}) from None
        return given

    def _request(
        self,
        deployment: Mapping[str, Any],
        action: Mapping[str, Any],
        firing: Firing,
        index: int,
        parameters: Mapping[str, Any],
    ) -> RunRequest:
        run_id, wait = run_id_for(firing, index), action.get("schedule_after")
        state = None
        if wait:
            details = StateDetails(scheduled_time=self._clock.now() + timedelta(seconds=wait))
            state = self._ledger.new_state(run_id, StateType.SCHEDULED, details=details)
        return RunRequest(
            run_id=run_id,
            parameters=parameters,
            state=state,
            at_once=not wait and deployment["work_pool_name"] is not None,
            created_by={"id": firing.automation_id, "type": "AUTOMATION", "display_value": firing.automation_name},
            firing_id=firing.id,
            event_id=firing.event.id if firing.event else None,
            idempotency_key=f"automation {firing.automation_id}, action {index}, invocation {firing.id}",
            job_variables=action.get("job_variables") or {},
        )


def run_id_for(firing: Firing, index: int) -> str:
    """Return the id of the run that an action of a firing makes."""
    return named_id("flow-run", firing.id, str(index))


class DeploymentRunner:
    """Makes the flow run of a firing's action and has its code started in time. Every call may be repeated."""

    def __init__(
        self, config: ConfigStore, ledger: RunLedger, schedule: RunSchedule, clock: Clock, scope: Scope = BARE
    ) -> None:
        """Work on these stores and this schedule, with this clock; templates see the scope."""
        self._planner = RunPlanner(config, ledger, clock, scope)
        self._ledger = ledger
        self._schedule = schedule

    def run(self, action: Mapping[str, Any], firing: Firing, index: int, event: Event | None) -> Executed:
        """Start the run of this action of this firing, at once or after `schedule_after` seconds, or find it made.

        Args:
            action: As it is stored.
            firing: What it is done for.
            index: Its place among the firing's actions.
            event: The event that it is on: the one that closed the firing, or the one that tells of it.

        Raises:
            ActionFailed: There is no such deployment, a template fails, or the target refuses.
            Transient: Try again.
        """
        run, is_new = self._made(action, firing, index, event)
        if run.states[0].details.scheduled_time is None:  # else it is the timer's to start, or the user's own process's
            self._see_started(run, is_new=is_new)
        return Executed(
            related=[
                labels_of("deployment", str(run.deployment_id), "target", run.deployment_name),
                labels_of("flow-run", run.id, "flow-run", run.name),
            ],
            payload={"flow_run_id": run.id},
        )

    def _made(self, action: Mapping[str, Any], firing: Firing, index: int, event: Event | None) -> tuple[FlowRun, bool]:
        """Make the run, or find the one that an earlier delivery made; return it, and whether it is new."""
        try:
            planned = self._planner.plan(action, firing, index, event)
        except ActionFailed:
            made = self._made_before(firing, index)
            if made is None:
                raise
            return made, False
        return self._create(self._ledger.reserved(planned) if planned.due is None else planned)

    def _made_before(self, firing: Firing, index: int) -> FlowRun | None:
        """Return the run that an earlier delivery made, of a deployment that cannot be run any more."""
        try:
            return self._ledger.get(run_id_for(firing, index))
        except NotFound:
            return None

    def _create(self, run: FlowRun) -> tuple[FlowRun, bool]:
        try:
            return self._ledger.create_once(run)
        except TooLarge as error:
            raise ActionFailed(f"The flow run cannot be stored: {error.reason}") from None

    def _see_started(self, run: FlowRun, *, is_new: bool) -> None:
        try:
            if is_new and run.state.type == StateType.PENDING:
                self._schedule.launch(run)
            elif run.state.type in NOT_LAUNCHED:
                started = self._schedule.start(run.id, known=run)
                run = self._ledger.get(run.id) if isinstance(started, Refused) else run  # another try was faster
        except Rejected as error:
            raise ActionFailed(error.reason, {"flow_run_id": run.id}) from None
        if run.state.type == StateType.CRASHED and run.start_time is None:  # found so: told again, it is the same
            raise ActionFailed(run.state.message or "The flow run never started.", {"flow_run_id": run.id})
