"""All of Whenflow in memory: what the functions do one after the other, without AWS."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.stories import NOBODY, welcome_deployment, welcoming

from whenflow.actions.guard import LoopGuard
from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.notifications.targets import Targets
from whenflow.actions.perform import ActionDispatcher, ActionPerformer
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.actions.tools import Tools
from whenflow.api.desk import desk_of
from whenflow.api.keyring import ApiKey
from whenflow.api.lookups import Lookups
from whenflow.api.services import Services
from whenflow.automations import Automation, Firing, automation_from_document, automation_from_stored
from whenflow.automations.model import with_identity
from whenflow.automations.registry import AutomationRegistry
from whenflow.deployments.rules import DeploymentRules
from whenflow.events import Event
from whenflow.flows import Flow, Task
from whenflow.flows.backend import StackBackend, StackDeployments
from whenflow.flows.serve import FlowServer
from whenflow.limits.desk import limit_desk_over
from whenflow.runs import FlowRun, RunControl, RunLedger
from whenflow.runs.schedule import Known, RunSchedule
from whenflow.runs.task_run_book import TaskRunBook
from whenflow.testing import (
    ManualClock,
    MemoryConfigStore,
    MemoryDeadLetters,
    MemoryEventStore,
    MemoryFiringStore,
    MemoryRateBudget,
    MemoryRequestLog,
    MemoryRetryQueue,
    MemoryRunStore,
    MemorySecrets,
    RecordedHttp,
    RecordedLauncher,
    RecordedMailer,
    RecordedTopics,
    SequentialIds,
)
from whenflow.testing.limits import MemoryOccupancyStore
from whenflow.testing.matching import MemoryMatching
from whenflow.testing.run_inputs import MemoryRunInputs
from whenflow.testing.task_runs import MemoryTaskQueue, MemoryTaskRunStore
from whenflow.testing.windows import MemoryProgressStore, MemoryTimerQueue

SITE = "https://whenflow.example/ui"


class World:
    """The stores, and the use cases over them."""

    def __init__(self) -> None:
        self._keep()
        self._run()
        self._watch()
        self._act()
        self._serve()
        self._matched = 0

    def _keep(self) -> None:
        self.clock = ManualClock()
        self.ids = SequentialIds()
        self.events = MemoryEventStore()
        self.firings = MemoryFiringStore()
        self.runs = MemoryRunStore(self.events)
        self.config = MemoryConfigStore(self.events)
        self.requests = MemoryRequestLog(self.clock)
        self.launcher = RecordedLauncher()
        self.retries = MemoryRetryQueue()
        self.timers = MemoryTimerQueue()
        self.task_runs, self.task_queue = MemoryTaskRunStore(), MemoryTaskQueue()
        self.secrets, self.http = MemorySecrets(), RecordedHttp()
        self.progress = MemoryProgressStore()

    def _run(self) -> None:
        self.ledger = RunLedger(self.runs, self.clock, self.ids, self.timers)
        self.control = RunControl(self.ledger, self.clock)
        self.schedule = self.schedule_with(Known(self.progress, self.events, timedelta(days=1)))
        self.task_run_book = TaskRunBook(self.task_runs, self.events, self.runs)
        self.scope = Lookups(self.config, self.events, self.runs, self.task_run_book).scope(SITE)
        self.runner = DeploymentRunner(self.config, self.ledger, self.schedule, self.clock, self.scope)

    def _watch(self) -> None:
        self.matcher = MemoryMatching(self.current, self.events, self.firings, self.clock)
        abandon = self.matcher.windows.abandon
        self.automations = AutomationRegistry(
            self.config, self.events, self.clock, self.ids, self._switched_on, abandon
        )

    def _act(self) -> None:
        self.mailer, self.topics = RecordedMailer(), RecordedTopics()
        self.notifier = Notifier(self.secrets, self.http, self.mailer, self.topics, self.clock)
        self.targets = Targets(self.config, self.secrets, self.notifier, self.clock, self.ids)
        self.budget, self.dead_letters = MemoryRateBudget(), MemoryDeadLetters()
        self.tools = Tools(
            self.events,
            self.config,
            self.clock,
            self.ids,
            self.runner,
            self.control,
            self.automations,
            self.notifier,
            self.scope,
        )
        self.performer = ActionPerformer(self.tools)
        guard = LoopGuard(self.tools, self.firings, self.runs, self.budget)
        self.dispatcher = ActionDispatcher(self.performer, self.firings, self.retries, guard)

    def _serve(self) -> None:
        self.limits = limit_desk_over(self.config, MemoryOccupancyStore(), self.events, self.clock, self.ids)
        self.services = Services(
            self.events,
            self.firings,
            self.runs,
            self.config,
            self.clock,
            self.ids,
            self.find_key,
            self.automations,
            secrets=self.secrets,
            requests=self.requests,
            targets=self.targets,
            dead_letters=self.dead_letters,
            limits=self.limits,
            run_inputs=MemoryRunInputs(),
            load_windows=self.matcher.windows.load,
            scope=lambda: self.scope,
            timers=self.timers,
            task_runs=self.task_run_book,
            task_queue=lambda: self.task_queue,
        )
        self.desk = desk_of(self.services)
        self.backend = StackBackend(
            self.ledger,
            self.runs,
            self.events,
            self.clock,
            self.ids,
            self.task_runs,
            lambda: StackDeployments(self.config, self.desk.maker),
            lambda: self.task_queue,
            lambda: self.limits.book,
        )

    def _switched_on(self, automation: Automation) -> None:
        self.matcher.timer.sweep()

    def schedule_with(self, known: Known) -> RunSchedule:
        """Return what starts runs and looks after them, knowing this."""
        rules = DeploymentRules(self.config, self.clock)
        given = (self.ledger, self.runs, self.launcher, self.timers, self.clock, self.ids)
        return RunSchedule(*given, deployments=rules, known=known)

    def find_key(self, secret: str) -> ApiKey | None:
        """Know one API key."""
        return ApiKey("hash", NOBODY, "tests", ["admin"], self.clock.now()) if secret == "wfk_tests" else None

    def current(self) -> Sequence[Automation]:
        """Return the automations, for the matcher."""
        return [automation_from_stored(stored) for stored in self.config.all("automation")]

    def deployment(self, **changes: Any) -> dict[str, Any]:
        """Set up the deployment that welcomes new users, or one that differs from it; that is before the story."""
        deployment = self.desk.registry.upsert(welcome_deployment(**changes))[0]
        for told in self.events.named("prefect.deployment.created"):
            del self.events.stored[told.id]
        return deployment

    def automation(self, document: dict[str, Any]) -> Automation:
        """Set an automation up."""
        now = self.clock.now()
        automation = with_identity(automation_from_document(document), self.ids.new(), now, now)
        self.config.create("automation", automation.id, automation.as_stored())
        return automation

    def welcomes_new_users(self, **changes: Any) -> Automation:
        """Set up the signup story: a deployment, and the automation that runs it."""
        return self.automation(welcoming(self.deployment(), **changes))

    def firing(self, event: Event) -> Firing:
        """Store an event and return the one firing that it closes."""
        self.events.put(event)
        known = set(self.firings.stored)
        self.matcher.match(event)
        (new,) = self.firings.stored.keys() - known
        return self.firings.stored[new]

    def happens(self, event: Event) -> list[Firing]:
        """Store an event, match it, and perform the actions of what fired."""
        self.events.put(event)
        return self._match_and_act(event)

    def settle(self, *served: Flow[..., Any] | Task[..., Any]) -> None:
        """Do all there is to do: match every event, act on every firing, run every run, until nothing happens."""
        done = 0
        while True:
            waiting = list(self.events.stored.values())[self._matched :]
            for event in waiting:
                self._match_and_act(event)
            self._matched += len(waiting)
            launched = self.launcher.launched[done:]
            done += len(launched)
            for run in launched:
                self.serve(*served).serve({"flow_run_id": run.id, "launch": f"launch of {run.id}"})
            if not waiting and not launched:
                return

    def serve(self, *served: Flow[..., Any] | Task[..., Any]) -> FlowServer:
        """Return a server of these flows and tasks."""
        return FlowServer(served, self.backend, self.task_runs)

    def wait(self, seconds: float) -> None:
        """Let time pass, and have the rings answered that are due then."""
        now = self.clock.advance(seconds)
        for _, run_id, ring in self.timers.launching(now):
            self.schedule.ring(run_id, ring)

    def run(self) -> FlowRun:
        """Return the one flow run that there is."""
        (run,) = self.runs.newest(10)
        return run

    def _match_and_act(self, event: Event) -> list[Firing]:
        known = set(self.firings.stored)
        self.matcher.match(event)
        fired = [firing for id_, firing in self.firings.stored.items() if id_ not in known]
        for firing in fired:
            self.dispatcher.dispatch(firing)
        return fired
