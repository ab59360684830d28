"""What Prefect's own clients rely on before anything else (SPEC 7.1)."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calls import KEY, call, read
from tests.stories import order_document

from whenflow.api.credentials import key_in, password_in

OTHERS = [
    ("/hello", 200, "👋"),
    ("/admin/storage", 200, {"default_result_storage_block_id": None}),
    ("/csrf-token", 422, {"detail": "CSRF protection is disabled."}),
]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def ask(handler, path, method="GET", body=None, query=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(handler(call(method, f"/api{path}", body, query=query, headers=named), None))


@pytest.mark.parametrize(("path", "status", "document"), OTHERS)
def test_what_a_client_asks_first(api, path, status, document):
    answer = api("GET", path)

    assert (answer.status, answer.document) == (status, document)


@pytest.mark.parametrize("path", [path for path, *_ in OTHERS])
def test_it_needs_a_key(handler, path):
    answer = ask(handler, path)

    assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})


def test_a_client_takes_the_api_for_a_server_of_its_own_major_version(api):
    assert re.fullmatch(r"3\.\d+\.\d+", api("GET", "/admin/version").document)


def test_the_version_can_be_asked_for_without_a_key_but_not_with_a_wrong_one(handler):
    assert ask(handler, "/admin/version").status == 200
    assert ask(handler, "/admin/version", authorization="Bearer wrong").status == 401
    assert ask(handler, "/admin/version", authorization=basic("me:wrong")).status == 401


# ---- X-PREFECT-API-VERSION ----


@pytest.mark.parametrize("version", ["0.8.0", "0.8.4", "0.9.0", "1.0.0", "10.0.0", " 0.8.4 "])
def test_a_client_of_today_is_served(api, version):
    assert api("GET", "/version", headers={"x-prefect-api-version": version}).status == 200


@pytest.mark.parametrize("version", ["0.7.99", "0.0.1", "0.7.999999"])
def test_a_client_that_speaks_an_older_api_is_told(api, version):
    answer = api("GET", "/version", headers={"x-prefect-api-version": version})

    assert answer.status == 400
    assert version in answer.document["detail"] and "0.8.0" in answer.document["detail"]


@pytest.mark.parametrize(
    "version", ["", "x", "0.8", "0.8.4.1", "-1.0.0", "0.8.4rc1", "١.٢.٣", "9" * 50 + ".0.0", "1.0.0\n1"]
)
def test_what_is_no_version_is_refused(api, version):
    answer = api("GET", "/version", headers={"x-prefect-api-version": version})

    assert answer.status == 400
    assert "is no version" in answer.document["detail"]


def test_a_client_that_is_too_old_changes_nothing(world, api):
    assert api("POST", "/events", order_document(), headers={"x-prefect-api-version": "0.7.0"}).status == 400
    assert world.events.names() == []


def test_the_key_is_asked_for_before_the_version(handler):
    assert ask(handler, "/version", x_prefect_api_version="0.1.0").status == 401


# ---- keys ----


@pytest.mark.parametrize("text", [f"me:{KEY}", f":{KEY}", KEY])
def test_the_auth_string_of_a_client_holds_the_key(handler, text):
    assert ask(handler, "/version", authorization=basic(text)).status == 200
    assert ask(handler, "/version", authorization=basic(text).replace("Basic", "bAsIc")).status == 200


@pytest.mark.parametrize(
    "value",
    [
        basic("me:wrong"),
        basic(f"{KEY}:"),
        basic(f"{KEY}:x"),
        basic(""),
        basic(":"),
        "Basic",
        "Basic ====",
        "Basic ☃",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        f"Basic me:{KEY}",
        f"Digest {KEY}",
        "Bearer " + base64.b64encode(KEY.encode()).decode(),
        "Bearer " + "x" * 100_000,
    ],
)
def test_everything_else_is_not_enough(handler, value):
    assert ask(handler, "/version", authorization=value).status == 401


@given(st.text())
def test_no_header_breaks_the_reading_of_it(text):
    for header in (text, f"Bearer {text}", f"Basic {text}", f"Basic {text!r}"):
        assert isinstance(key_in(header), str)


@given(st.text(st.characters(exclude_characters=":", codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_key_is_found_behind_any_user(user, key):
    assert password_in(f"{user}:{key}") == key
    assert key_in(basic(f"{user}:{key}")) == key


# ---- bodies ----


@pytest.mark.parametrize("path", ["/webhooks/filter/", "/automations/filter/", "/flows/filter/", "/events/filter/"])
def test_a_list_may_be_asked_for_with_a_slash_and_with_nulls(api, path):
    body = {"limit": None, "offset": None, "sort": None, "automations": None, "webhooks": None, "filter": None}

    assert api("POST", path, body | {"flows": None, "something_new": None}).status == 200


def test_a_field_that_is_null_has_its_default(api):
    trigger = {"type": "event", "posture": "Reactive", "expect": ["a"]}
    body = {"name": "a", "trigger": trigger, "actions": [{"type": "do-nothing"}]}
    empty = dict.fromkeys(["description", "enabled", "tags", "actions_on_trigger", "actions_on_resolve"])

    made = api("POST", "/automations/", body | empty | {"owner_resource": None})

    assert made.status == 201
    assert (made.document["enabled"], made.document["tags"]) == (True, [])
    assert api("PUT", f"/automations/{made.document['id']}", body | empty).status == 204


def test_a_field_that_is_null_and_has_no_default_is_missing(api):
    answer = api("POST", "/automations/", {"name": None, "trigger": None, "actions": None})

    assert answer.status == 422
    assert {fault["type"] for fault in answer.document["exception_detail"]} == {"missing"}


@pytest.mark.parametrize(
    "path", ["/automations/filter", "/webhooks/filter", "/flow_runs/filter", "/deployments/filter"]
)
def test_too_large_a_limit_is_refused_in_the_words_the_client_knows(api, path):
    answer = api("POST", path, {"limit": 201})

    assert answer.status == 422
    assert "Invalid limit" in answer.text


# ---- what is shown of a bad request ----


def test_a_small_body_is_shown_again(api):
    assert api("POST", "/automations", {"colour": 1}).document["request_body"] == {"colour": 1}


def test_a_large_body_is_not_shown_again(api):
    answer = api("POST", "/automations", {"colour": "x" * 20_000})

    assert answer.status == 422 and answer.document["request_body"] is None
    assert len(answer.text) < 10_000


def test_the_answer_to_a_bad_body_is_bounded_whatever_is_wrong_with_it(api):
    answer = api("POST", "/automations", {f"colour-{number}-{'x' * 3_000}": 1 for number in range(1_500)})

    assert answer.status == 422
    assert len(answer.document["exception_detail"]) <= 1_000
    assert len(answer.text) < 4_000_000


def test_every_bad_event_of_a_batch_is_named(api):
    answer = api("POST", "/events", [{"event": "incomplete"}] * 300)

    assert answer.status == 422
    assert {fault["loc"][1] for fault in answer.document["exception_detail"]} == set(range(300))
