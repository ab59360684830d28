"""Bad input of every kind to every operation: the error that is documented, and nothing changed.

The operations are those of the table that describes the API, so a new one is tried without being named here.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.calls import KEY, authorized, call, read
from tests.examples import documented as documented_of
from tests.examples import operations
from tests.stories import NOBODY, order_document, signup_webhook, welcome_deployment
from tests.wire.asking import automation

from whenflow.api.answers import NOT_HERE
from whenflow.api.app import build_api
from whenflow.api.keyring import Keyring
from whenflow.api.openapi.document import build
from whenflow.api.openapi.operations import OPERATIONS
from whenflow.events import iso

DEEP = "[" * 150 + "]" * 150
BODIES: dict[str, Any] = {
    "no JSON": "{",
    "no object": "[7]",
    "a word": '"word"',
    "a number": "7",
    "null": "null",
    "bytes": b"\xff\xfe",
    "wrong types": json.dumps(
        {
            name: {"wrong": [1]}
            for name in ("id", "name", "enabled", "limit", "offset", "template", "trigger", "actions")
        }
    ),
    "wrong texts": json.dumps(
        {name: "\ud800" for name in ("limit", "filter", "logs", "automations", "parameters", "tags", "since", "scopes")}
    ),
    "huge numbers": json.dumps(
        {name: 10**400 for name in ("limit", "offset", "wait", "time_interval", "max_body_bytes", "enabled", "name")}
    ),
    "deep nesting": f'{{"name": "x", "filter": {DEEP}, "trigger": {DEEP}, "payload": {DEEP}, "job_variables": {DEEP}}}',
    "nothing": "",
    "not a number": '{"limit": NaN, "within": NaN, "filter": NaN}',
    "ten thousand levels": "[" * 10_000 + "]" * 10_000,
    "ten thousand levels of a field": '{"name": ' + '{"name": ' * 10_000 + "1" + "}" * 10_001,
    "six megabytes": json.dumps({name: "x" * 3_000_000 for name in ("name", "payload")}),
    "a key twice": '{"name": "a", "name": {"b": 1}, "limit": 1, "limit": "x"}',
    "infinity": '{"limit": 1e999, "filter": {"occurred": {"since": -1e999}}}',
    "unknown fields": '{"no_such_field": 1, "filter": {"no_such_filter": 1}, "automations": {"no_such_filter": 1}}',
    "long texts": json.dumps({name: "x" * 300_000 for name in ("name", "template", "cursor", "sort", "description")}),
}
BAD_IDS = ["x", NOBODY, NOBODY.upper(), "%00", "..", "a" * 5_000, "☃", "0190163d86947000", "null", "1e9"]
KEYED = [one for one in OPERATIONS if not one.is_open]
WITH_BODY = [one for one in OPERATIONS if one.body is not None]
WITH_ID = [one for one in OPERATIONS if "{id}" in one.path]


def name_of(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


def path_of(operation: Any, id_: str = NOBODY) -> str:
    path: str = operation.path.replace("{id}", id_)
    for name, value in {
        "{countable}": "day",
        "{kind}": "event",
        "{resource}": "r",
        "{flow}": "f",
        "{name}": "n",
    }.items():
        path = path.replace(name, value)
    return path


def documented(operation: Any) -> set[int]:
    return documented_of(name_of(operation))


STORES = (
    "events config firings runs task_runs task_queue secrets timers launcher retries http mailer topics dead_letters"
)


def snapshot(world: Any) -> str:
    """Return all that the stores hold, and all that was sent anywhere."""
    return repr([vars(getattr(world, name)) for name in STORES.split()])


def says_what_is_wrong(answer: Any) -> bool:
    """Tell whether an error says in words what is wrong; one of a document says it of each fault, with its place."""
    told = answer.document
    words = told.get("detail") or told.get("exception_message") or told.get("error", {}).get("message")
    faults = told.get("exception_detail", [])
    return bool(words) and all(fault["msg"] and isinstance(fault["loc"], list) for fault in faults)


@pytest.fixture
def furnished(world, api):
    """The world, with something in it that could be damaged."""
    api("POST", "/events", [order_document(number) for number in (1, 2, 3)])
    assert api("POST", "/automations", automation()).status == 201
    assert api("POST", "/webhooks", signup_webhook()).status == 201
    assert api("POST", "/events/filter", {"limit": 1}).document["next_page"]  # makes the key of page tokens
    return world


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
def test_a_bad_body_has_its_documented_error_and_changes_nothing(furnished, api, operation):
    before = snapshot(furnished)

    for kind, body in BODIES.items():
        answer = api(operation.method.upper(), path_of(operation), body)

        assert answer.status in documented(operation), f"{kind}: {answer.status} {answer.text[:300]}"
        assert answer.status < 500, kind
        assert len(answer.text) < 100_000, kind
        if answer.status >= 400:
            assert says_what_is_wrong(answer), f"{kind}: {answer.text[:300]}"
            assert snapshot(furnished) == before, f"{kind} changed something"
        before = snapshot(furnished)


@pytest.mark.parametrize("operation", WITH_ID, ids=name_of)
def test_an_id_that_nothing_has_is_not_found_and_changes_nothing(furnished, api, operation):
    before = snapshot(furnished)
    body = automation() if operation.body is not None else None

    for id_ in BAD_IDS:
        answer = api(operation.method.upper(), path_of(operation, id_), body)

        assert answer.status in (404, 422), f"{id_[:50]}: {answer.status} {answer.text[:300]}"
        assert says_what_is_wrong(answer)
    assert snapshot(furnished) == before


@pytest.mark.parametrize("operation", KEYED, ids=name_of)
@pytest.mark.parametrize("value", [None, "Bearer wrong", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", "Bearer ' OR 1=1"])
def test_without_the_right_key_every_operation_is_closed_and_changes_nothing(furnished, handler, operation, value):
    before = snapshot(furnished)
    headers = {} if value is None else {"authorization": value}

    for body in (None, "{", automation()):
        event = call(operation.method.upper(), f"/api{path_of(operation)}", body, headers=headers)
        answer = read(handler(event, None))

        assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})
    assert snapshot(furnished) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: "x" + token,
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[: len(token) // 2],
        lambda token: token * 2,
        lambda _: "eyJmaWx0ZXIiOiB7fX0=",
        lambda _: "☃",
        lambda _: "." * 3_000,
    ],
    ids=["longer", "other end", "half", "twice", "another server's", "snowman", "dots"],
)
def test_a_forged_page_token_opens_nothing(furnished, api, damage):
    address = api("POST", "/events/filter", {"limit": 1}).document["next_page"]
    token = address.partition("page-token=")[2]
    assert api("GET", "/events/filter/next", query={"page-token": token}).status == 200

    forged = damage(token)

    assert api("GET", "/events/filter/next", query={"page-token": forged}).status == 403
    assert api("GET", "/events", query={"page_token": forged}).status == 403
    assert api("POST", "/events/tail", {"cursor": forged}).status == 403


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.query], ids=name_of)
def test_a_bad_query_has_its_documented_error(furnished, api, operation):
    before = snapshot(furnished)

    for value in ("", "x", "-1", "0", "9" * 400, "☃", "\x00", "null", "a" * 5_000):
        query = dict.fromkeys((name.removesuffix("!") for name in operation.query), value)
        answer = api(operation.method.upper(), path_of(operation), query=query)

        assert answer.status in documented(operation), f"{value[:20]!r}: {answer.status} {answer.text[:300]}"
    assert snapshot(furnished) == before


@pytest.mark.parametrize("seconds", [1e9, 1e18, 1e300, 10**400, -1e9, "P11Y", "P999999999D"])
@pytest.mark.parametrize(
    "trigger",
    [
        lambda seconds: automation()["trigger"] | {"within": seconds},
        lambda seconds: {
            "type": "sequence",
            "within": seconds,
            "triggers": [automation()["trigger"], automation()["trigger"]],
        },
    ],
    ids=["event", "sequence"],
)
def test_no_window_leads_out_of_the_calendar(furnished, api, trigger, seconds):
    """Stored, such an automation would stop the engine for all others."""
    before = snapshot(furnished)

    answer = api("POST", "/automations", automation(trigger=trigger(seconds)))

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"][-1] == "within"
    assert snapshot(furnished) == before


@pytest.mark.parametrize("occurred", ["1900-01-01T00:00:00Z", "8999-12-31T23:59:59Z"])
@pytest.mark.parametrize("within", [0, 60, 10 * 366 * 24 * 3600])
@pytest.mark.parametrize("posture", ["Reactive", "Proactive"])
def test_the_longest_window_around_an_event_far_from_today_can_be_matched(world, api, occurred, within, posture):
    for after in ([], ["a.a"]):
        trigger = automation()["trigger"] | {"match": {}, "posture": posture, "within": within, "after": after}
        assert api("POST", "/automations", automation(trigger=trigger)).status == 201
    for number, name in enumerate(("a.a", "a.b", "a.b")):
        assert api("POST", "/events", order_document(number, event=name, occurred=occurred)).status == 204

    world.settle()  # fails where an event could not be applied


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {"content-type": ""}, {"host": "☃"}, {"host": ""}])
def test_odd_headers_break_nothing(handler, headers):
    event = call("POST", "/api/events/filter", {}, headers=authorized(headers))

    assert read(handler(event, None)).status == 200


ODD = ["a/b", "a%2Fb", "a%2", "..%2f..", "☃", "\x00", "\u202e", " ", "'", "a" * 5_000, "𐍈" * 300, "{id}", "<id>", "*"]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if "{" in one.path], ids=name_of)
def test_an_odd_name_in_a_path_has_its_documented_answer(furnished, api, operation):
    for name in ODD:
        path = "/".join(name if part.startswith("{") else part for part in operation.path.split("/"))
        before = snapshot(furnished)

        answer = api(operation.method.upper(), path, automation() if operation.body is not None else None)

        # a slash in it makes it another path, which may be none at all
        assert answer.status in documented(operation) | {404}, f"{name[:20]!r}: {answer.status} {answer.text[:300]}"
        if answer.status >= 400:
            assert says_what_is_wrong(answer)
            assert snapshot(furnished) == before


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "☃", ""]
)
@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
def test_what_is_no_json_is_refused_whatever_it_says_it_is(furnished, api, operation, content_type):
    before = snapshot(furnished)

    for body in ("name=a&enabled=true", "<name>a</name>", b"\x89PNG\r\n"):
        answer = api(operation.method.upper(), path_of(operation), body, headers={"content-type": content_type})

        assert answer.status in {400, 404, 422} & documented(operation)
        assert says_what_is_wrong(answer)
    assert snapshot(furnished) == before


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW")


@pytest.mark.parametrize("path", sorted(build()["paths"]))
def test_a_method_that_a_path_does_not_have_is_not_found_and_changes_nothing(furnished, api, path):
    before = snapshot(furnished)
    known = operations()

    for method in METHODS:
        asked = "/".join(NOBODY if part.startswith("{") else part for part in path.split("/"))
        if f"{method} {path}" not in known and not any(_is_of(name, method, asked) for name in known):
            answer = api(method, asked, {})

            assert answer.status == 404, method
            assert answer.document["detail"] in {"Not Found", *NOT_HERE.values()}, method
    assert snapshot(furnished) == before


def _is_of(name: str, method: str, path: str) -> bool:
    """Tell whether an operation takes a path: `/webhooks/{id}` takes `/webhooks/presets` as well."""
    of, _, described = name.partition(" ")
    pairs = list(zip(described.split("/"), path.split("/"), strict=False))
    same_length = described.count("/") == path.count("/") or "{resource}" in described
    return of == method and same_length and all(one == two or one.startswith("{") for one, two in pairs)


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/nope", "/api", "/events//x", "/../events", "/events;x=1", "/Events", "/%65vents", "/☃"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_that_there_is_not_is_not_found(furnished, api, method, path):
    before = snapshot(furnished)

    answer = api(method, path, None if method == "GET" else {})

    assert answer.status == 404
    assert says_what_is_wrong(answer)
    assert snapshot(furnished) == before


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.query], ids=name_of)
def test_a_query_parameter_that_is_given_twice_has_its_documented_error(furnished, api, operation):
    """API Gateway joins the values by commas."""
    before = snapshot(furnished)
    query = dict.fromkeys((name.removesuffix("!") for name in operation.query), "1,2")

    answer = api(operation.method.upper(), path_of(operation), query=query)

    assert answer.status in documented(operation)
    assert snapshot(furnished) == before


@pytest.mark.parametrize("operation", KEYED, ids=name_of)
def test_a_key_that_is_over_or_was_revoked_opens_no_operation(furnished, operation):
    keyring = Keyring(furnished.config, furnished.clock, furnished.ids)
    ends = {"name": "a", "scopes": ["admin"], "expires": iso(furnished.clock.now() + timedelta(seconds=5))}
    _, over = keyring.create(ends)
    revoked, gone = keyring.create({"name": "b", "scopes": ["admin"]})
    handler = build_api(replace(furnished.services, find_key=keyring.find, note_use=keyring.note_use))
    for secret in (over, gone):
        assert keyring.find(secret)
    keyring.revoke(revoked.id)
    furnished.clock.advance(5)
    before = snapshot(furnished)

    for secret in (over, gone):
        event = call(
            operation.method.upper(), f"/api{path_of(operation)}", {}, headers={"authorization": f"Bearer {secret}"}
        )
        answer = read(handler(event, None))

        assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})
    assert snapshot(furnished) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"work_pool_name": "nope"},
        {"job_variables": {}},
        {"parameters": {"x": 1}, "parameter_openapi_schema": {"properties": {"x": {"type": "string"}}}},
    ],
)
def test_a_deployment_that_is_refused_does_not_make_its_flow_known(furnished, api, wrong):
    before = snapshot(furnished)

    answer = api("POST", "/deployments", welcome_deployment(**wrong))

    assert answer.status in documented_of("POST /deployments") - {200, 201}
    assert says_what_is_wrong(answer)
    assert snapshot(furnished) == before
