"""Webhooks as documents."""

from hashlib import sha256

import pytest
from tests.stories import NOON, signup_webhook

from whenflow.errors import Rejected
from whenflow.webhooks import Webhook, webhook_from_document
from whenflow.webhooks.model import slug_hash, webhook_from_stored


def refused(**changes) -> list[tuple[str | int, ...]]:
    with pytest.raises(Rejected) as refusal:
        webhook_from_document({name: value for name, value in signup_webhook(**changes).items() if value != "left out"})
    return [fault.loc for fault in refusal.value.faults]


@pytest.fixture
def webhook() -> Webhook:
    """The signup webhook, stored."""
    return Webhook(**signup_webhook(), id="w-1", created=NOON, updated=NOON, slug_hash=slug_hash("open-sesame"))


def test_a_name_and_a_template_are_enough():
    given = webhook_from_document(signup_webhook())

    assert (given.enabled, given.description, given.delivery_id) == (True, "", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "left out"),
        ("name", "n" * 256),
        ("name", 7),
        ("template", "left out"),
        ("template", None),
        ("template", "{{ broken"),
        ("template", "{% include 'x' %}"),
        ("delivery_id", "{{ broken"),
        ("enabled", "perhaps"),
        ("colour", "blue"),
        ("id", "w-7"),
        ("slug_hash", "x"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(name, value):
    assert refused(**{name: value}) == [(name,)]


def test_a_template_that_is_refused_is_told_with_its_line():
    with pytest.raises(Rejected) as refusal:
        webhook_from_document(signup_webhook(template="one\n{{ x | nope }}"))

    assert "line 2: there is no filter 'nope' here" in refusal.value.faults[0].msg


@pytest.mark.parametrize("document", [None, 7, "x", []])
def test_what_is_no_object_is_no_webhook(document):
    with pytest.raises(Rejected):
        webhook_from_document(document)


def test_a_stored_webhook_is_read_as_it_was(webhook):
    assert webhook_from_stored(webhook.model_dump(mode="json")) == webhook


def test_a_stored_template_that_is_no_longer_allowed_fails_on_its_requests_and_not_before(webhook, hooks):
    stored = webhook.model_dump(mode="json") | {"template": "{{ body | gone }}", "delivery_id": "{% include 'x' %}"}
    hooks.add()
    hooks.change(template=webhook_from_stored(stored).template)

    answer = hooks.call()

    assert answer.status == 400
    assert "gone" in answer.reason
    assert hooks.event().event == "prefect-cloud.webhook.failed"


def test_a_webhook_is_shown_without_anything_of_its_slug(webhook):
    assert "slug" not in repr(webhook.as_document())


def test_a_webhook_is_a_resource(webhook):
    assert webhook.resource_id == "prefect-cloud.webhook.w-1"


def test_of_a_slug_only_its_hash_is_kept():
    assert slug_hash("open-sesame") == sha256(b"open-sesame").hexdigest()


def test_any_text_can_be_asked_for_as_a_slug():
    assert len(slug_hash("\ud83d")) == 64
