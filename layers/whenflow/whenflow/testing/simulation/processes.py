"""A process of a function: the product's own parts, wired as in AWS, over ports that fail."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whenflow.actions.guard import LoopGuard
from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.perform import ActionDispatcher, ActionPerformer
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.actions.tools import Tools
from whenflow.automations import Engine
from whenflow.automations.held import Holder
from whenflow.automations.match import Matcher
from whenflow.automations.registry import AutomationRegistry
from whenflow.automations.settle import Settler
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.timer import Timer, Timers
from whenflow.automations.witnesses import Witnesses
from whenflow.deployments.rules import DeploymentRules
from whenflow.runs import RunControl, RunLedger
from whenflow.runs.schedule import Known, RunSchedule
from whenflow.runs.track import Tracker
from whenflow.testing.memory_config import MemorySecrets
from whenflow.testing.outside import MemoryRateBudget, RecordedHttp, RecordedMailer
from whenflow.testing.windows import NoPauses

if TYPE_CHECKING:
    from whenflow.testing.simulation.cloud import Cloud

Port = Callable[[object, str], Any]


class Process:
    """All that a function may use; what it remembers dies with it."""

    def __init__(self, cloud: "Cloud", port: Port) -> None:
        """Work on this stack, through these ports."""
        from whenflow.testing.simulation.cloud import Retries, Rings

        self._engine = cloud.engine
        clock, ids = cloud.clock, cloud.ids
        self.events = events = port(cloud.events, "events")
        firings, runs = port(cloud.firings, "firings"), port(cloud.runs, "runs")
        config, rings = port(cloud.config, "config"), port(Rings(cloud), "rings")
        windows, progress = port(cloud.windows, "windows"), port(cloud.progress, "progress")
        self.ledger = RunLedger(runs, clock, ids, rings)
        self.control = RunControl(self.ledger, clock)
        self.tracker = Tracker(self.ledger)
        rules = DeploymentRules(config, clock)
        targets = port(cloud.targets, "targets")
        schedule = RunSchedule(self.ledger, runs, targets, rings, clock, ids, rules, Known(progress, events))
        notifier = Notifier(MemorySecrets(), RecordedHttp(), RecordedMailer(), port(cloud.topics, "topics"), clock)
        registry = AutomationRegistry(config, events, clock, ids, lambda _automation: None)
        runner = DeploymentRunner(config, self.ledger, schedule, clock)
        tools = Tools(events, config, clock, ids, runner, self.control, registry, notifier)
        guard = LoopGuard(tools, firings, runs, MemoryRateBudget())
        self.dispatcher = ActionDispatcher(ActionPerformer(tools), firings, port(Retries(cloud), "retries"), guard)
        witnesses = Witnesses(events, clock)
        keeper = Timekeeper(windows, rings, progress, witnesses, clock)
        settler = Settler(windows, firings, events, NoPauses(), keeper.ask_soon, witnesses.repair)
        self.matcher = Matcher(self, settler, Holder(events, port(cloud.holds, "holds"), clock), keeper, clock)
        self.timers = Timers(Timer(self, settler, keeper, self.matcher, clock), schedule)

    def engine(self) -> Engine:
        """Return the automations of this moment."""
        return self._engine
