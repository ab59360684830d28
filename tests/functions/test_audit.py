"""Whoever changes what is set up is named in the feed, by an event that is stored with the change.

Every operation of the API's description that may change something is tried through the real wiring: those of today
with a request that works, new ones with one that their description gives.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.calls import Answer
from tests.examples import body_schema, example, operations, path_of
from tests.functions.conftest import wired
from tests.functions.stack import Stack
from tests.stories import signup_webhook, welcome_deployment
from tests.wire.asking import automation

from whenflow.aws import wiring
from whenflow.documents import unpack
from whenflow.events import Event

CANARY = "canary-77c1d2e4f5a6b7c8d9e0f1a2"
OWNER = "prefect.deployment.owner"
PARTS = frozenset(
    {"version", "secret", "webhook-slug", "deployment-name", "variable-id", "concurrency-limit-id"}
)  # of what is told
SLACK = {"type": "slack-webhook", "data": {"url": f"https://hooks.slack.com/services/T/B/{CANARY}"}}
BEARER = {"type": "bearer", "secret": CANARY}
CRON = {"schedule": {"cron": "0 6 * * *"}}
PASSING = {"last_used": 0, "updated": 0}  # what is no change of what is set up
READING = ("/filter", "/count", "/paginate", "/history", "/lateness", "/validate", "/tail", "/preview", "/test")

Asked = tuple[str, Any]


class Office:
    """Somebody who sets things up by the API, in the way that nobody has used before."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._numbers = itertools.count()

    def name(self) -> str:
        return f"n{next(self._numbers)}"

    def made(self, path: str, document: Any) -> str:
        answer = self.stack.api("POST", path, document)
        assert answer.status in (200, 201), answer.text
        return str(answer.document["id"])

    def webhook(self) -> str:
        return self.made("/webhooks", signup_webhook(name=self.name(), auth=BEARER))

    def source(self) -> str:
        return self.made("/sources", {"name": self.name(), "pattern": {"source": ["x"]}})

    def automation(self, **changes: Any) -> str:
        return self.made("/automations", automation(name=self.name(), **changes))

    def deployment(self) -> str:
        return self.made("/deployments", welcome_deployment(name=self.name()))

    def schedule(self) -> str:
        deployment = self.deployment()
        added = self.stack.api("POST", f"/deployments/{deployment}/schedules", [CRON]).document
        return f"/deployments/{deployment}/schedules/{added[0]['id']}"

    def flow(self) -> str:
        return self.made("/flows", {"name": self.name()})

    def variable(self, by: str = "id") -> str:
        name = self.name()
        id_ = self.made("/variables", {"name": name, "value": CANARY})
        return id_ if by == "id" else name

    def pool(self) -> str:
        name = self.name()
        self.made("/work_pools", {"name": name, "type": "lambda"})
        return name

    def target(self) -> str:
        return self.made("/notification-targets", SLACK | {"name": self.name()})

    def key(self) -> str:
        return self.made("/keys", {"name": self.name(), "scopes": ["read"]})


CHANGES: dict[str, Callable[[Office], Asked]] = {
    "POST /webhooks": lambda to: ("/webhooks", signup_webhook(auth=BEARER)),
    "PUT /webhooks/{id}": lambda to: (f"/webhooks/{to.webhook()}", signup_webhook(auth=BEARER)),
    "PATCH /webhooks/{id}": lambda to: (f"/webhooks/{to.webhook()}", {"enabled": False}),
    "DELETE /webhooks/{id}": lambda to: (f"/webhooks/{to.webhook()}", None),
    "POST /webhooks/{id}/rotate": lambda to: (f"/webhooks/{to.webhook()}/rotate", None),
    "POST /webhooks/{id}/rotate-secret": lambda to: (f"/webhooks/{to.webhook()}/rotate-secret", {"secret": CANARY}),
    "POST /sources": lambda to: ("/sources", {"name": to.name(), "pattern": {"source": ["x"]}}),
    "PUT /sources/{id}": lambda to: (f"/sources/{to.source()}", {"name": "y", "pattern": {"source": ["y"]}}),
    "PATCH /sources/{id}": lambda to: (f"/sources/{to.source()}", {"enabled": False}),
    "DELETE /sources/{id}": lambda to: (f"/sources/{to.source()}", None),
    "POST /automations": lambda to: ("/automations", automation()),
    "PUT /automations/{id}": lambda to: (f"/automations/{to.automation()}", automation(description="new")),
    "PATCH /automations/{id}": lambda to: (f"/automations/{to.automation()}", {"enabled": False}),
    "DELETE /automations/{id}": lambda to: (f"/automations/{to.automation()}", None),
    "PUT /automations/owned-by/{resource}": lambda to: (f"/automations/owned-by/{OWNER}", [automation()]),
    "DELETE /automations/owned-by/{resource}": lambda to: (
        f"/automations/owned-by/{to.automation(owner_resource=OWNER) and OWNER}",
        None,
    ),
    "POST /deployments": lambda to: ("/deployments", welcome_deployment(name=to.name(), parameters={"x": CANARY})),
    "PATCH /deployments/{id}": lambda to: (f"/deployments/{to.deployment()}", {"description": "new"}),
    "DELETE /deployments/{id}": lambda to: (f"/deployments/{to.deployment()}", None),
    "POST /deployments/{id}/pause_deployment": lambda to: (f"/deployments/{to.deployment()}/pause_deployment", None),
    "POST /deployments/{id}/schedules": lambda to: (f"/deployments/{to.deployment()}/schedules", [CRON]),
    "PATCH /deployments/{id}/schedules/{schedule}": lambda to: (to.schedule(), {"active": False}),
    "DELETE /deployments/{id}/schedules/{schedule}": lambda to: (to.schedule(), None),
    "POST /flows": lambda to: ("/flows", {"name": to.name()}),
    "PATCH /flows/{id}": lambda to: (f"/flows/{to.flow()}", {"tags": ["new"]}),
    "DELETE /flows/{id}": lambda to: (f"/flows/{to.flow()}", None),
    "POST /variables": lambda to: ("/variables", {"name": to.name(), "value": CANARY}),
    "PATCH /variables/name/{name}": lambda to: (f"/variables/name/{to.variable('name')}", {"value": f"{CANARY}2"}),
    "DELETE /variables/name/{name}": lambda to: (f"/variables/name/{to.variable('name')}", None),
    "PATCH /variables/{id}": lambda to: (f"/variables/{to.variable()}", {"name": to.name()}),
    "DELETE /variables/{id}": lambda to: (f"/variables/{to.variable()}", None),
    "POST /work_pools": lambda to: ("/work_pools", {"name": to.name(), "type": "lambda"}),
    "PATCH /work_pools/{name}": lambda to: (f"/work_pools/{to.pool()}", {"description": "new"}),
    "DELETE /work_pools/{name}": lambda to: (f"/work_pools/{to.pool()}", None),
    "POST /notification-targets": lambda to: ("/notification-targets", SLACK | {"name": to.name()}),
    "PATCH /notification-targets/{id}": lambda to: (f"/notification-targets/{to.target()}", {"name": "new"}),
    "DELETE /notification-targets/{id}": lambda to: (f"/notification-targets/{to.target()}", None),
    "POST /keys": lambda to: ("/keys", {"name": to.name(), "scopes": ["read"]}),
    "DELETE /keys/{id}": lambda to: (f"/keys/{to.key()}", None),
}
ALL = operations()
OTHERS = [name for name in ALL if not name.startswith("GET ") and name not in CHANGES and not name.endswith(READING)]


@pytest.fixture(scope="module")
def office(simulated_aws: None) -> Iterator[Office]:
    """The stack, and who works with it, for all tests of this module."""
    yield from map(Office, wired())


def set_up() -> dict[tuple[str, str], Any]:
    """Return what is set up, but for what passes by itself."""
    (pages,) = [wiring.dynamodb().get_paginator("scan").paginate(TableName="ConfigTable")]
    items = [item for page in pages for item in page["Items"] if item["kind"]["S"] not in PARTS]
    return {(item["kind"]["S"], item["id"]["S"]): unpack(item["body"]["B"]) | PASSING for item in items}


def tried(office: Office, name: str, path: str, body: Any) -> tuple[Answer, set[tuple[str, str]], list[Event]]:
    """Ask; return the answer, what changed of what is set up, and what was told of it."""
    before, known = set_up(), {event.id for event in office.stack.all_events()}
    answer = office.stack.api(name.partition(" ")[0], path, body)
    after = set_up()
    changed = {of(key, before | after) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    told = [one for one in office.stack.all_events() if one.id not in known]
    return answer, changed, [one for one in told if one.event.startswith("whenflow.")]


def of(key: tuple[str, str], stored: dict[tuple[str, str], Any]) -> tuple[str, str]:
    """Return what is stored under a key; under a new name it is the same as before."""
    return key[0], str(stored[key].get("id", key[1]))


def who_made(event: Event) -> list[str]:
    return [one["prefect.resource.name"] for one in event.related if one["prefect.resource.role"] == "actor"]


def told_of(changed: set[tuple[str, str]], told: list[Event]) -> bool:
    """Tell whether each change has an event that names who made it."""
    return len(changed) <= len(told) and all(who_made(event) == ["tests"] for event in told)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_with_who_made_it_and_without_secrets(office: Office, name: str) -> None:
    answer, changed, told = tried(office, name, *CHANGES[name](office))

    assert answer.status < 300, answer.text
    assert changed
    assert told_of(changed, told), [event.event for event in told]
    for event in office.stack.all_events():
        if event.event.startswith("whenflow."):
            assert CANARY not in repr(event.as_document())


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_that_is_set_up_changes_untold_by_any_other_operation(office: Office, name: str) -> None:
    schema = body_schema(ALL[name])
    body = None if schema is None else example(schema)

    answer, changed, told = tried(office, name, path_of(name.partition(" ")[2]), body)

    assert answer.status < 500, answer.text
    assert told_of(changed, told), [event.event for event in told]


def test_every_change_that_is_tried_here_is_an_operation() -> None:
    assert CHANGES.keys() <= ALL.keys()
