"""What holds for every request: keys, bad bodies, limits, errors."""

import json

import pytest
from tests.calls import HOST, authorized, call, read
from tests.stories import NOBODY, order_document, order_placed, signup_webhook, welcome_deployment, welcoming

AN_ID = {"id": NOBODY}
CREATE = ["/webhooks", "/automations", "/deployments"]
LISTS = ["/webhooks/filter", "/automations/filter", "/deployments/filter", "/flows/filter", "/flow_runs/filter"]
ROUTES = [
    ("POST", "/events"),
    ("GET", "/events"),
    ("GET", f"/events/{NOBODY}"),
    ("GET", f"/firings/{NOBODY}"),
    *(("POST", path) for path in [*CREATE, *LISTS]),
    *((method, f"{path}/{NOBODY}") for method in ("GET", "DELETE") for path in CREATE),
    *((method, f"/automations/{NOBODY}") for method in ("PUT", "PATCH")),
    ("POST", "/automations/count"),
    ("GET", "/automations/related-to/prefect.deployment.d"),
    ("DELETE", "/automations/owned-by/prefect.deployment.d"),
    ("POST", "/templates/validate"),
    ("POST", "/automations/templates/validate"),
    ("GET", "/deployments/name/a/b"),
    ("GET", f"/flow_runs/{NOBODY}"),
    ("GET", "/flow_run_states"),
    ("POST", "/logs/filter"),
    ("GET", "/version"),
]


def ask(handler, method, path, body=None, **headers):
    return read(handler(call(method, f"/api{path}", body, headers=headers), None))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_wants_a_key(handler, method, path):
    answer = ask(handler, method, path)

    assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic wfk_tests", "wfk_tests", "Bearer wfk_tests extra", "☃"]
)
def test_a_key_that_is_not_right_is_not_enough(handler, value):
    assert ask(handler, "GET", "/events", authorization=value).status == 401


@pytest.mark.parametrize("value", ["Bearer wfk_tests", "bearer wfk_tests", "BEARER  wfk_tests "])
def test_the_right_key_opens(handler, value):
    assert ask(handler, "GET", "/events", authorization=value).status == 200


def test_without_a_key_nothing_is_read_of_the_body(handler, world):
    assert ask(handler, "POST", "/events", order_document()).status == 401
    assert ask(handler, "POST", "/events", "{").status == 401
    assert world.events.names() == []


@pytest.mark.parametrize(("path", "document"), [("/health", True), ("/ready", {"message": "OK"})])
def test_whether_it_is_well_can_be_asked_without_a_key(handler, path, document):
    answer = ask(handler, "GET", path)

    assert (answer.status, answer.document) == (200, document)


@pytest.mark.parametrize("path", ["/health/../events", "//health", "/health/x", "/Health"])
def test_what_only_looks_open_is_not(handler, path):
    assert ask(handler, "GET", path).status in (401, 404)


def test_the_version_is_told(api):
    from whenflow import __version__

    assert api("GET", "/version").document == {"whenflow": __version__}


@pytest.mark.parametrize("path", ["/events/", "/webhooks/filter/"])
def test_a_slash_at_the_end_changes_nothing(api, path):
    method = "GET" if path == "/events/" else "POST"

    assert api(method, path, None if method == "GET" else {}).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nope"), ("DELETE", "/events"), ("PUT", "/webhooks"), ("GET", ""), ("GET", "/")]
)
def test_a_route_that_is_not_there_is_not_found(api, method, path):
    answer = api(method, path)

    assert (answer.status, answer.document) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("path", ["/events", *CREATE, *LISTS, "/logs/filter"])
@pytest.mark.parametrize(
    "body",
    ["{", "{'a': 1}", "nonsense", '{"a": NaN}', "[" * 100_000, b"\xff\xfe", b'{"a": "\xc3"}'],
    ids=["open", "quotes", "word", "nan", "deep", "bytes", "half"],
)
def test_a_body_that_is_no_json_is_refused(api, path, body):
    answer = api("POST", path, body)

    assert answer.status == 422
    (fault,) = answer.document["exception_detail"]
    assert fault["type"] == "json_invalid"
    assert fault["msg"].startswith("The body ")
    assert answer.document["request_body"] is None


@pytest.mark.parametrize("path", [*CREATE, *LISTS, "/logs/filter"])
@pytest.mark.parametrize("body", [[], "text", 7, True])
def test_a_body_that_is_no_object_is_refused(api, path, body):
    answer = api("POST", path, json.dumps(body))

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize("levels", [150, 400, 900, 990, 5_000])
@pytest.mark.parametrize("path", ["/events", *CREATE, *LISTS, "/logs/filter"])
def test_deep_nesting_breaks_nothing(api, path, levels):
    deep = '{"name": "x", "payload": {"a": ' + "[" * levels + "]" * levels + '}, "trigger": ' + "[" * levels
    deep += "]" * levels + "}"

    assert api("POST", path, deep).status in (200, 422)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", -1),
        ("limit", 201),
        ("limit", 10**30),
        ("limit", "5"),
        ("limit", 2.5),
        ("limit", True),
        ("limit", []),
        ("offset", -1),
        ("offset", 10**9),
        ("offset", "5"),
        ("offset", {}),
    ],
)
def test_a_limit_or_offset_out_of_bounds_is_refused_by_its_place(api, path, name, value):
    answer = api("POST", path, {name: value})

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"] == ["body", name]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("body", [None, {}, {"limit": None, "offset": None}, {"limit": 200, "offset": 0}])
def test_without_a_limit_there_is_a_sensible_one(api, path, body):
    answer = api("POST", path, body)

    assert (answer.status, answer.document) == (200, [])


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/webhooks", signup_webhook()),
        ("/automations", welcoming(AN_ID)),
        ("/deployments", welcome_deployment()),
    ],
)
def test_a_body_may_come_in_base_64(api, path, document):
    assert api("POST", path, json.dumps(document).encode()).status == 201


def test_a_bug_of_ours_is_not_shown_to_the_caller(world, api, caplog):
    def broken(_span):
        raise RuntimeError("the secret of line 42")

    world.events.scan = broken

    answer = api("GET", "/events")

    assert (answer.status, answer.document) == (500, {"exception_message": "Internal Server Error"})
    assert "the secret of line 42" in caplog.text


def test_a_race_lost_is_a_conflict(world, api):
    from whenflow.errors import Conflict

    def taken(*_args, **_options):
        raise Conflict("There is such a webhook already.")

    world.config.create = taken

    answer = api("POST", "/webhooks", signup_webhook())

    assert (answer.status, answer.document) == (409, {"detail": "There is such a webhook already."})


def test_numbers_without_a_finite_value_never_reach_the_store(world, api):
    body = json.dumps(welcome_deployment(parameters={"n": "N"})).replace('"N"', "1e999")

    assert api("POST", "/deployments", body).status == 422
    assert world.config.all("deployment") == []


def test_every_answer_says_that_it_is_json(world, api):
    world.events.put(order_placed())

    for path in ("/events", "/nope", f"/events/{NOBODY}"):
        assert api("GET", path).headers["content-type"] == "application/json"


def test_the_host_is_not_taken_for_the_way(handler):
    event = call("GET", "/api/health", headers={"host": f"{HOST}/api/events", **authorized()})

    assert read(handler(event, None)).document is True
