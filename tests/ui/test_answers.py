"""What every answer has in common: headers, static files, errors."""

import logging
import re
from pathlib import Path

import pytest
from tests.ui.world import Browser

import whenflow.ui

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ROOM = Path(whenflow.ui.__file__).parent
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "path", ["/", "/ui", "/ui/login", "/ui/runs", "/ui/nothing", "/ui/static/app.js", "/elsewhere"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_every_answer_is_locked_down(browser, path, method):
    headers = browser.get(path, method=method).headers

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_front_door_leads_to_the_feed(browser):
    seen = browser.get("/")

    assert (seen.status, seen.headers["location"]) == (303, "/ui")


def test_pages_are_html_in_utf_8_with_landmarks_and_one_heading(browser):
    seen = browser.get("/ui/")

    assert seen.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in seen.body
    for landmark in ("<header", '<nav aria-label="Sections">', '<main id="content"'):
        assert seen.body.count(landmark) == 1
    assert seen.body.count("<h1") == 1
    assert '<a class="skip" href="#content">' in seen.body


def test_the_navigation_says_where_one_is(browser):
    assert '<a href="/ui/webhooks" aria-current="page">Webhooks</a>' in browser.get("/ui/webhooks").body


def test_head_is_get_without_a_body(browser):
    seen = browser.get("/ui", method="HEAD")

    assert (seen.status, seen.body) == (200, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_can_only_be_looked_at(browser, method):
    seen = browser.get("/ui/webhooks", method=method)

    assert (seen.status, seen.headers["allow"]) == (405, "GET, HEAD")


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    for template in (ROOM / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text), template.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), template.name
    for name in ("style.css", "app.js"):
        assert not re.search(r"https?://|@import|url\(|\beval\b|innerHTML", (ROOM / "static" / name).read_text()), name


@pytest.mark.parametrize("name", ["style.css", "app.js", "icon.svg"])
def test_static_files_need_no_key_and_are_kept_for_good_under_their_tag(world, name):
    stranger = Browser(world, cookies=[])
    (tag,) = set(re.findall(rf"/ui/static/{re.escape(name)}\?v=(\w+)", stranger.get("/ui/login").body))

    tagged, untagged = stranger.get(f"/ui/static/{name}", {"v": tag}), stranger.get(f"/ui/static/{name}", {"v": "old"})

    assert (tagged.status, tagged.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert (untagged.status, untagged.headers["cache-control"]) == (200, "no-store")
    assert tagged.body == (ROOM / "static" / name).read_text()


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "app.py", "", "style.css/x", "../templates/base.html"])
def test_no_other_file_can_be_read(browser, name):
    assert browser.get(f"/ui/static/{name}").status == 404


@pytest.mark.parametrize("area", ["events", "runs", "firings", "automations", "webhooks", "deployments"])
@pytest.mark.parametrize("id_", [NOBODY, "no-uuid", '"><img src=x onerror=alert(1)>', "x/y"])
def test_an_unknown_id_is_a_friendly_page(browser, area, id_):
    seen = browser.get(f"/ui/{area}/{id_}")

    assert seen.status == 404
    assert "<h1>Not found</h1>" in seen.body
    assert '<a href="/ui">To the newest events</a>' in seen.body
    assert "<img src=x" not in seen.body


@pytest.mark.parametrize("path", ["/ui/nothing", "/ui/firings", "/ui/events", "/elsewhere", "/uix"])
def test_an_unknown_path_is_a_friendly_page(browser, path):
    assert browser.get(path).status == 404


def test_an_id_may_be_written_in_capitals(world, browser):
    id_ = world.hooked()

    assert browser.get(f"/ui/webhooks/{id_.upper()}").status == 200


def test_what_breaks_is_a_plain_page_and_the_log_has_the_rest(world, browser, caplog):
    def broken(*_):
        raise RuntimeError("secret detail")

    world.events.newest = broken
    with caplog.at_level(logging.ERROR):
        seen = browser.get("/ui")

    assert seen.status == 500
    assert "Something broke" in seen.body
    assert "secret detail" not in seen.body and "Traceback" not in seen.body
    assert "secret detail" in caplog.text
    assert "wfk_" not in caplog.text
