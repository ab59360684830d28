"""What deployments and work pools say of runs that are about to start: `LaunchRules` of `whenflow.runs.schedule`."""

from datetime import datetime, timedelta

from whenflow.deployments.dates import is_due
from whenflow.deployments.pools import DEFAULT_QUEUE, is_paused
from whenflow.ports import Clock, ConfigStore
from whenflow.runs import FlowRun
from whenflow.runs.slots import Collision, Limit

KIND = "deployment"
FRESH = timedelta(seconds=1)


class DeploymentRules:
    """Reads what is set up. Whether a pool is paused is known for one second: many runs start at once."""

    def __init__(self, config: ConfigStore, clock: Clock) -> None:
        """Read from this store."""
        self._config = config
        self._clock = clock
        self._paused: dict[tuple[str, str], tuple[datetime, bool]] = {}

    def is_held(self, run: FlowRun) -> bool:
        """Tell whether a run is to wait, since its work pool or queue is paused."""
        if run.work_pool_name is None:
            return False
        place, now = (run.work_pool_name, run.work_queue_name or DEFAULT_QUEUE), self._clock.now()
        if place not in self._paused or now - self._paused[place][0] >= FRESH:
            self._paused[place] = now, is_paused(self._config, *place)
        return self._paused[place][1]

    def limit_of(self, run: FlowRun) -> Limit | None:
        """Return how many runs of a run's deployment may work at once, as the deployment says now."""
        deployment = self._config.get(KIND, run.deployment_id) if run.deployment_id else None
        slots = deployment.get("concurrency_limit") if deployment else None
        if deployment is None or slots is None:
            return None
        options = deployment.get("concurrency_options") or {}
        collision, seconds = options.get("collision_strategy"), options.get("grace_period_seconds")
        grace = timedelta(seconds=seconds) if seconds else None
        return Limit(slots, Collision(collision or Collision.ENQUEUE), grace)

    def is_wanted(self, run: FlowRun) -> bool:
        """Tell of a run that a schedule made whether the schedule still wants it."""
        deployment = self._config.get(KIND, run.deployment_id) if run.deployment_id else None
        return deployment is not None and is_due(deployment, run)
