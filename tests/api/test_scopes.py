"""Who may do what: every route says which scope it needs, and asks for it."""

import re
from dataclasses import replace

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from tests.calls import authorized, call, read
from tests.stories import NOBODY, order_document

from whenflow.api.app import build_api
from whenflow.api.keyring import ApiKey
from whenflow.api.scopes import SCOPES, Scope

WEBHOOK = "44444444-4444-4444-8444-444444444444"
INCLUDED = {
    "read": {"read"},
    "emit": {"emit"},
    "operate": {"read", "emit", "operate"},
    "admin": {"read", "emit", "operate", "admin"},
}


@pytest.fixture
def ask(world):
    """A function that sends a request with a key of these scopes."""

    def request(method, path, *scopes, body=None):
        key = ApiKey("hash", NOBODY, "laptop", scopes, world.clock.now())
        handler = build_api(replace(world.services, find_key=lambda _secret: key))
        return read(handler(call(method, f"/api{path}", body, headers=authorized()), None))

    return request


def concrete(path):
    return re.sub(r"<.*?>", NOBODY, path).replace("(?s:.+)", "prefect.deployment.x")


def routes_of(world, monkeypatch):
    made = []
    with monkeypatch.context() as patched:
        patched.setattr(APIGatewayHttpResolver, "resolve", lambda self, *_: made.append(self))
        build_api(world.services)({"rawPath": "/", "requestContext": {"http": {}}}, None)
    return {(route.method, route.path) for route in (*made[0]._static_routes, *made[0]._dynamic_routes)}


def test_every_route_says_which_scope_it_needs_and_nothing_else_does(world, monkeypatch):
    assert routes_of(world, monkeypatch) == SCOPES.keys(), "say it in whenflow/api/scopes.py"


OPEN = {("GET", "/health"), ("GET", "/ready"), ("GET", "/admin/version")}


@pytest.mark.parametrize(("method", "path"), [one for one in SCOPES if one not in OPEN])
def test_every_route_wants_a_key(world, method, path):
    answer = read(build_api(world.services)(call(method, f"/api{concrete(path)}"), None))

    assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})


@pytest.mark.parametrize("scope", INCLUDED)
def test_a_key_reaches_the_routes_of_its_scopes_and_no_other(world, scope):
    key = ApiKey("hash", NOBODY, "laptop", [scope], world.clock.now()).caller
    reached = {str(needed or "any") for (method, path), needed in SCOPES.items() if not key.lacks(method, path, {})}

    assert reached == INCLUDED[scope] | {"any"}


@pytest.mark.parametrize(("method", "path"), [one for one, needed in SCOPES.items() if needed])
def test_without_its_scope_a_route_is_forbidden_and_says_what_is_missing(world, ask, method, path):
    needed = SCOPES[method, path]
    has = "emit" if needed is Scope.READ else "read"

    answer = ask(method, concrete(path), has)

    assert answer.status == 403
    assert answer.document == {"detail": f"This needs the scope '{needed}'; the key 'laptop' has {has}."}
    assert world.events.stored == {}


def test_scopes_add_up(ask):
    assert ask("POST", "/events", "read", "emit", body=order_document()).status == 204
    assert ask("GET", "/events", "read", "emit").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/webhooks/{WEBHOOK}", 404),  # let in, and there is none of this id
        ("POST", f"/webhooks/{WEBHOOK}/test", 404),
        ("PATCH", f"/webhooks/{WEBHOOK}", 422),
        ("DELETE", f"/webhooks/{WEBHOOK}", 403),
        ("GET", f"/webhooks/{NOBODY}", 403),
        ("POST", "/webhooks", 403),
        ("GET", "/events", 403),
        ("GET", "/hello", 200),
    ],
)
def test_a_key_of_one_webhook_opens_that_webhook_and_nothing_else(ask, method, path, status):
    assert ask(method, path, f"webhook:{WEBHOOK}").status == status


def test_what_is_not_there_is_not_found_whatever_the_key(ask):
    assert ask("GET", "/nope", "emit").status == 404


@pytest.mark.parametrize("scopes", [[], ["root"], ["ADMIN"], ["webhook:"]])
def test_a_scope_that_nobody_knows_opens_nothing(ask, scopes):
    assert ask("GET", "/events", *scopes).status == 403
