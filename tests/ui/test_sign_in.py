"""Signing in and out."""

import base64

import pytest
from tests.ui.world import HOST, KEY, KEY_ID, Browser, World

from whenflow.api.keyring import ApiKey
from whenflow.ui.session import Standing, standing_of

PAGES = (
    "/ui",
    "/ui/runs",
    "/ui/automations",
    "/ui/webhooks",
    "/ui/deployments",
    "/ui/events/x",
    "/ui/firings/x",
    "/ui/x",
)


@pytest.fixture
def stranger(world):
    return Browser(world, cookies=[])


@pytest.mark.parametrize("path", PAGES)
def test_without_a_key_every_page_sends_to_the_sign_in(stranger, path):
    seen = stranger.get(path)

    assert seen.status == 303
    assert seen.headers["location"].startswith("/ui/login")
    assert seen.body == ""


@pytest.mark.parametrize("path", PAGES)
def test_with_a_wrong_key_every_page_is_the_form_and_the_key_is_forgotten(world, path):
    seen = Browser(world, cookies=["whenflow_key=wfk_wrong"]).get(path)

    assert seen.status == 401
    assert 'name="key"' in seen.body
    assert seen.cookies[0].startswith("whenflow_key=; Path=/ui; Max-Age=0;")


def test_the_form_asks_for_the_key_with_a_label(stranger):
    seen = stranger.get("/ui/login", {"next": "/ui/runs"})

    assert seen.status == 200
    assert '<form method="post" action="/ui/login"' in seen.body
    assert '<label for="key">API key</label>' in seen.body
    assert '<input type="hidden" name="next" value="/ui/runs">' in seen.body


def test_a_good_key_is_kept_where_no_script_and_no_other_site_can_use_it(stranger):
    seen = stranger.post("/ui/login", {"key": f" {KEY} ", "next": "/ui/runs"})

    assert (seen.status, seen.headers["location"]) == (303, "/ui/runs")
    assert seen.cookies == (f"whenflow_key={KEY}; Path=/ui; Max-Age=604800; HttpOnly; SameSite=Strict; Secure",)


def test_over_plain_http_on_this_machine_the_cookie_is_not_marked_secure(stranger):
    stranger.headers["x-forwarded-proto"] = "http"

    assert "Secure" not in stranger.post("/ui/login", {"key": KEY}).cookies[0]


def test_a_form_is_read_as_the_http_api_sends_it_in_base64(world):
    body = base64.b64encode(f"key={KEY}".encode()).decode()
    event = {
        "rawPath": "/ui/login",
        "headers": {"Host": HOST},
        "requestContext": {"http": {"method": "POST"}},
        "body": body,
        "isBase64Encoded": True,
    }

    assert world.ui(event, None)["cookies"][0].startswith(f"whenflow_key={KEY};")


@pytest.mark.parametrize("body", ["no base 64", "AAA", "ключ", base64.b64encode(b"&".join([b"key=x"] * 99)).decode()])
def test_a_form_that_cannot_be_read_is_a_form_without_a_key(world, body):
    event = {"rawPath": "/ui/login", "requestContext": {"http": {"method": "POST"}}, "body": body}

    assert world.ui(event | {"isBase64Encoded": True}, None)["statusCode"] == 401


def test_the_cookie_is_found_in_a_header_as_well(world):
    browser = Browser(world, cookies=[])
    browser.headers["Cookie"] = f"theme=dark; whenflow_key={KEY}"

    assert browser.get("/ui").status == 200


@pytest.mark.parametrize("key", ["wfk_wrong", "", "x" * 600, f"{KEY}; Domain=evil.example", f"{KEY}\r\nx: y", "ключ"])
def test_a_wrong_key_is_refused_with_the_form_and_never_set(stranger, key):
    seen = stranger.post("/ui/login", {"key": key})

    assert seen.status == 401
    assert 'role="alert"' in seen.body
    assert seen.cookies == ()


def test_a_key_is_never_shown(world):
    world.services.find_key("x")
    for seen in (
        Browser(world, cookies=[]).post("/ui/login", {"key": "wfk_mistyped"}),
        Browser(world, cookies=["whenflow_key=wfk_mistyped"]).get("/ui"),
        Browser(world).get("/ui"),
    ):
        assert "wfk_" not in seen.body


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/ui//../../x y",
        "/ui/login",
        "/ui/logout",
        "/ui/static/app.js",
        "/uix",
        "/ui\r\nset-cookie: a=b",
        "javascript:alert(1)",
        '/ui"><img src=x onerror=alert(1)>',
    ],
)
def test_signing_in_leads_to_no_other_place_than_our_pages(stranger, wanted):
    assert stranger.post("/ui/login", {"key": KEY, "next": wanted}).headers["location"] == "/ui"
    assert stranger.get("/ui/login", {"next": wanted}).body.count('name="next" value="/ui"') == 1


def test_whoever_is_signed_in_is_not_asked_again(browser):
    seen = browser.get("/ui/login", {"next": "/ui/webhooks"})

    assert (seen.status, seen.headers["location"]) == (303, "/ui/webhooks")


def test_signing_out_takes_the_cookie_away(browser):
    seen = browser.post("/ui/logout")

    assert (seen.status, seen.headers["location"]) == (303, "/ui/login")
    assert seen.cookies == ("whenflow_key=; Path=/ui; Max-Age=0; HttpOnly; SameSite=Strict; Secure",)


def test_signing_out_takes_a_form_so_that_no_link_does_it(browser):
    assert browser.get("/ui/logout").cookies == ()
    assert '<form class="leave" method="post" action="/ui/logout">' in browser.get("/ui").body


@pytest.mark.parametrize("path", ["/ui/login", "/ui/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}.evil.example"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"origin": f"https://{HOST}", "sec-fetch-site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused(browser, path, headers):
    seen = browser.post(path, {"key": KEY}, headers.items())

    assert seen.status == 403
    assert seen.cookies == ()


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": f"https://{HOST}"}, {"origin": f"https://{HOST.upper()}", "sec-fetch-site": "same-origin"}],
)
def test_a_form_from_our_own_page_is_taken(browser, headers):
    assert browser.post("/ui/login", {"key": KEY}, headers.items()).status == 303


def test_a_store_that_is_throttled_says_try_again():
    from whenflow.errors import Transient

    world = World()
    world.events.newest = lambda *_: (_ for _ in ()).throw(Transient("throttled"))  # type: ignore[method-assign]

    seen = Browser(world).get("/ui")

    assert (seen.status, seen.headers["retry-after"]) == (503, "1")
    assert "throttled" not in seen.body


@pytest.mark.parametrize(
    ("scope", "standing"), [("read", "SIGNED_IN"), ("operate", "SIGNED_IN"), ("emit", "WRONG_KEY")]
)
def test_who_signs_in_has_to_be_allowed_to_read(clock, scope, standing):
    key = ApiKey("hash", KEY_ID, "laptop", [scope], clock.now())

    assert standing_of(KEY, lambda _secret: key) is Standing[standing]
