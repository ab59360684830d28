"""A small Whenflow in memory: the real use cases over memory stores, and a browser's view of the UI."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.stores import Stores, tools_over

from whenflow.actions.guard import LoopGuard
from whenflow.actions.notifications.targets import Targets
from whenflow.actions.perform import ActionDispatcher, ActionPerformer
from whenflow.api.keyring import ApiKey
from whenflow.api.services import Services
from whenflow.automations import Automation, automation_from_stored
from whenflow.automations.registry import AutomationRegistry
from whenflow.events import Event, named_id
from whenflow.limits.desk import limit_desk_over
from whenflow.runs import FlowRun, RunLedger, StateType
from whenflow.testing import (
    ManualClock,
    MemoryConfigStore,
    MemoryDeadLetters,
    MemoryEventStore,
    MemoryFiringStore,
    MemoryRateBudget,
    MemoryRetryQueue,
    MemoryRunStore,
    MemorySecrets,
    RecordedLauncher,
    SequentialIds,
)
from whenflow.testing.limits import MemoryOccupancyStore
from whenflow.testing.matching import MemoryMatching
from whenflow.testing.run_inputs import MemoryRunInputs
from whenflow.ui import build_ui

KEY = "wfk_a-good-key"
KEY_ID = "33333333-3333-4333-8333-333333333333"
HOST = "whenflow.example"


class World:
    """Everything that happens, happens here: events are matched and firings acted on as soon as they are stored."""

    def __init__(self) -> None:
        self.clock, self.ids, self.launcher = ManualClock(), SequentialIds(), RecordedLauncher()
        self.events, self.firings, self.config = MemoryEventStore(), MemoryFiringStore(), MemoryConfigStore()
        self.runs = MemoryRunStore(self.events)
        self.ledger = RunLedger(self.runs, self.clock, self.ids)
        stores = Stores(self.events, self.firings, self.runs, self.config)
        tools = tools_over(stores, self.launcher, self.clock, self.ids)
        guard = LoopGuard(tools, self.firings, self.runs, MemoryRateBudget())
        self._dispatcher = ActionDispatcher(ActionPerformer(tools), self.firings, MemoryRetryQueue(), guard)
        self._matcher = MemoryMatching(self.current, self.events, self.firings, self.clock)
        self._matched: set[str] = set()
        self._acted: set[str] = set()
        self.services = Services(
            self.events,
            self.firings,
            self.runs,
            self.config,
            self.clock,
            self.ids,
            lambda key: ApiKey("hash", KEY_ID, "tests", ["read"], self.clock.now()) if key == KEY else None,
            AutomationRegistry(self.config, self.events, self.clock, self.ids, lambda _automation: None),
            targets=Targets(self.config, MemorySecrets(), tools.notifier, self.clock, self.ids),
            dead_letters=MemoryDeadLetters(),
            limits=limit_desk_over(self.config, MemoryOccupancyStore(), self.events, self.clock, self.ids),
            run_inputs=MemoryRunInputs(),
        )
        self.ui = build_ui(self.services)

    def current(self) -> list[Automation]:
        return [automation_from_stored(document) for document in self.config.all("automation")]

    def happens(self, event: Event) -> None:
        """Store an event, and see through what comes of it."""
        self.events.put(event)
        self.settle()

    def settle(self) -> None:
        while new := [event for event in self.events.stored.values() if event.id not in self._matched]:
            for event in new:
                self._matched.add(event.id)
                self._matcher.match(event)
            for firing in [firing for id_, firing in self.firings.stored.items() if id_ not in self._acted]:
                self._acted.add(firing.id)
                self.clock.advance(0.2)
                self._dispatcher.dispatch(firing)

    def deployed(self, name: str = "main", flow: str = "new_user_flow", **fields: Any) -> str:
        """Make a deployment; return its id."""
        id_ = named_id("test-deployment", flow, name)
        document = {
            "id": id_,
            "name": name,
            "flow_id": named_id("flow", flow),
            "flow_name": flow,
            "work_pool_name": "lambda",
            "job_variables": {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:flows"},
            "parameters": {},
            "tags": [],
            "description": "",
            "created": "2026-11-20T11:00:00Z",
            "updated": "2026-11-20T11:00:00Z",
        }
        self.config.create("deployment", id_, document | fields)
        return id_

    def automated(self, automation: Automation) -> Automation:
        self.config.create("automation", automation.id, automation.as_document())
        return automation

    def hooked(self, name: str = "signups", **fields: Any) -> str:
        """Make a webhook; return its id."""
        id_ = named_id("test-webhook", name)
        document = {
            "id": id_,
            "name": name,
            "description": "",
            "enabled": True,
            "template": '{"event": "x"}',
            "delivery_id": None,
            "slug_hash": "hash-of-the-slug",
            "created": "2026-11-20T11:00:00Z",
            "updated": "2026-11-20T11:00:00Z",
        }
        self.config.create("webhook", id_, document | fields)
        return id_

    def moved(self, run: FlowRun, *states: StateType, message: str | None = None) -> FlowRun:
        """Take a run through states; the message is that of the last."""
        for state in states:
            self.clock.advance(0.5)
            self.ledger.move(run.id, state, message=message if state == states[-1] else None)
        self.settle()
        return self.ledger.get(run.id)


@dataclass(frozen=True)
class Seen:
    """What a browser got."""

    status: int
    headers: Mapping[str, str]
    body: str
    cookies: tuple[str, ...]

    @property
    def text(self) -> str:
        """The page's text as a person sees it, each run of blanks as one."""
        from html import unescape
        from re import sub

        return " ".join(unescape(sub(r"<[^>]+>", " ", self.body)).split())


@dataclass
class Browser:
    """Asks for pages as the HTTP API passes it on."""

    world: World
    cookies: list[str] = field(default_factory=lambda: [f"whenflow_key={KEY}"])
    headers: dict[str, str] = field(default_factory=lambda: {"host": HOST, "x-forwarded-proto": "https"})

    def get(self, path: str, query: Mapping[str, str] | None = None, method: str = "GET") -> Seen:
        return self._ask(method, path, query or {}, "", self.headers)

    def post(self, path: str, form: Mapping[str, str] | None = None, headers: Iterable[tuple[str, str]] = ()) -> Seen:
        return self._ask("POST", path, {}, urlencode(form or {}), self.headers | dict(headers))

    def _ask(self, method: str, path: str, query: Mapping[str, str], body: str, headers: dict[str, str]) -> Seen:
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": urlencode(query),
            "headers": headers,
            "requestContext": {"http": {"method": method, "path": path}},
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = dict(query)
        if self.cookies:
            event["cookies"] = self.cookies
        if body:
            event["body"] = body
        answer = self.world.ui(event, None)
        return Seen(answer["statusCode"], answer["headers"], answer["body"], tuple(answer.get("cookies", ())))
