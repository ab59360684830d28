"""Webhooks over HTTP."""

import re

import pytest
from tests.calls import HOST
from tests.stories import NOBODY, signup_webhook

from whenflow.webhooks.model import SLUG_KIND, slug_hash


def test_a_webhook_is_created_and_its_address_is_told(api):
    answer = api("POST", "/webhooks", signup_webhook())

    assert answer.status == 201
    assert answer.document["name"] == "signup"
    assert answer.document["url"] == f"https://{HOST}/hooks/{answer.document['slug']}"
    assert len(answer.document["slug"]) == 22


def test_the_address_is_the_one_that_the_caller_came_by(api):
    answer = api("POST", "/webhooks", signup_webhook(), headers={"host": "localhost:4000", "x-forwarded-proto": "http"})

    assert re.fullmatch(r"http://localhost:4000/hooks/\S{22}", answer.document["url"])


def test_of_the_slug_only_a_hash_is_kept(world, api):
    slug = api("POST", "/webhooks", signup_webhook()).document["slug"]

    assert slug not in repr(world.config.all("webhook")) + repr(world.config.all(SLUG_KIND))
    assert world.config.get(SLUG_KIND, slug_hash(slug)) is not None


def test_every_webhook_has_an_address_of_its_own(api):
    assert len({api("POST", "/webhooks", signup_webhook()).document["slug"] for _ in range(5)}) == 5


def test_the_address_is_told_only_once(api):
    created = api("POST", "/webhooks", signup_webhook()).document

    shown = api("GET", f"/webhooks/{created['id']}")

    assert shown.document == {name: created[name] for name in created if name not in ("slug", "url")}
    assert "slug" not in shown.text


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, ["name"]),
        ({"template": "{{ broken"}, ["template"]),
        ({"colour": "blue"}, ["colour"]),
        ({"enabled": "perhaps"}, ["enabled"]),
    ],
)
def test_a_webhook_that_is_wrong_is_refused_by_its_place(world, api, changes, place):
    answer = api("POST", "/webhooks", signup_webhook(**changes))

    assert answer.status == 422
    assert [fault["loc"] for fault in answer.document["exception_detail"]] == [place]
    assert world.config.all("webhook") == []


def test_webhooks_are_listed_newest_first(world, api):
    for name in ("first", "second", "third"):
        api("POST", "/webhooks", signup_webhook(name=name))
        world.clock.advance(1)

    answer = api("POST", "/webhooks/filter", {})

    assert [webhook["name"] for webhook in answer.document] == ["third", "second", "first"]
    assert "slug" not in answer.text


def test_a_part_of_the_list_can_be_asked_for(world, api):
    for name in ("first", "second", "third"):
        api("POST", "/webhooks", signup_webhook(name=name))
        world.clock.advance(1)

    answer = api("POST", "/webhooks/filter", {"limit": 1, "offset": 1})

    assert [webhook["name"] for webhook in answer.document] == ["second"]


def test_a_webhook_is_removed_with_its_address(world, api):
    created = api("POST", "/webhooks", signup_webhook()).document

    assert api("DELETE", f"/webhooks/{created['id']}").status == 204

    assert api("GET", f"/webhooks/{created['id']}").status == 404
    assert world.config.get(SLUG_KIND, slug_hash(created["slug"])) is None


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_webhook_that_is_not_there_is_not_found(api, method, id_):
    answer = api(method, f"/webhooks/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no webhook")
