"""What deployments and work pools say of runs that are about to start: `LaunchRules` of `whenflow.runs.schedule`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from whenflow.deployments.dates import is_due
from whenflow.deployments.pools import DEFAULT_QUEUE, Condition, condition_of, pool_id_of
from whenflow.ports import Clock, ConfigStore
from whenflow.runs import FlowRun
from whenflow.runs.slots import WORK_POOL, Collision, Limit

KIND = "deployment"
FRESH = timedelta(seconds=1)


class DeploymentRules:
    """Reads what is set up. What a pool says is known for one second: many runs start at once."""

    def __init__(self, config: ConfigStore, clock: Clock) -> None:
        """Read from this store."""
        self._config = config
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[datetime, Condition]] = {}

    def is_held(self, run: FlowRun) -> bool:
        """Tell whether a run is to wait, since its work pool or queue is paused."""
        condition = self._condition(run)
        return condition is not None and condition.is_paused

    def limits_of(self, run: FlowRun) -> Sequence[Limit]:
        """Return how many runs of a run's deployment and work pool may work at once, as they say now."""
        limits = (self._deployment_limit(run) if run.limited else None, self.pool_limit(run))
        return [limit for limit in limits if limit]

    def pool_limit(self, run: FlowRun) -> Limit | None:
        """Return how many runs of a run's work pool may work at once; None for any number."""
        condition = self._condition(run)
        if condition is None or condition.limit is None:
            return None
        return Limit(pool_id_of(str(run.work_pool_name)), condition.limit, what=WORK_POOL)

    def _deployment_limit(self, run: FlowRun) -> Limit | None:
        deployment = self._config.get(KIND, run.deployment_id) if run.deployment_id else None
        slots = deployment.get("concurrency_limit") if deployment else None
        if deployment is None or slots is None:
            return None
        options = deployment.get("concurrency_options") or {}
        collision, seconds = options.get("collision_strategy"), options.get("grace_period_seconds")
        grace = timedelta(seconds=seconds) if seconds else None
        return Limit(deployment["id"], slots, Collision(collision or Collision.ENQUEUE), grace=grace)

    def _condition(self, run: FlowRun) -> Condition | None:
        if run.work_pool_name is None:
            return None
        place, now = (run.work_pool_name, run.work_queue_name or DEFAULT_QUEUE), self._clock.now()
        if place not in self._known or now - self._known[place][0] >= FRESH:
            self._known[place] = now, condition_of(self._config, *place)
        return self._known[place][1]

    def is_wanted(self, run: FlowRun) -> bool:
        """Tell of a run that a schedule made whether the schedule still wants it."""
        deployment = self._config.get(KIND, run.deployment_id) if run.deployment_id else None
        return deployment is not None and is_due(deployment, run)
