"""Webhooks that ask their callers for a secret."""

import json
from datetime import timedelta

import pytest
from tests.stories import ANN, NOON
from tests.webhooks.signing import GENERIC, SECRET, WHSEC, generic, github, shopify, slack, standard, stripe

from whenflow.errors import Transient
from whenflow.webhooks.model import SecretRefs

DATA = json.dumps(ANN).encode()
NEW = "a new secret that nobody had"


def test_a_signed_message_becomes_an_event(hooks):
    hooks.guard({"type": "github"}, SECRET)

    assert hooks.call(DATA, **github(DATA)).status == 204
    assert hooks.event().payload == ANN


def test_a_message_that_is_not_signed_is_refused_and_makes_no_event(hooks):
    hooks.guard({"type": "github"}, SECRET)

    answer = hooks.call(DATA)

    assert (answer.status, answer.reason) == (401, "The header x-hub-signature-256 is missing.")
    assert hooks.events() == []


def test_who_lacks_a_bearer_is_told_what_to_bring(hooks):
    hooks.guard({"type": "bearer"}, SECRET)

    answer = hooks.call(DATA)

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_the_secret_of_one_webhook_does_not_open_another(hooks):
    hooks.guard({"type": "bearer"}, SECRET, "one")
    hooks.guard({"type": "bearer"}, NEW, "other")

    assert hooks.call(slug="one", authorization=f"Bearer {NEW}").status == 401
    assert hooks.call(slug="other", authorization=f"Bearer {NEW}").status == 204


def both(hooks, until=NOON + timedelta(hours=1)):
    """Rotate: the new secret is current, the one before is good for a while."""
    webhook = hooks.guard({"type": "bearer"}, SECRET)
    new = hooks.world.secrets.put("webhooks/new", NEW)
    hooks.change(secrets=SecretRefs(current=new, previous=webhook.secrets.current, previous_until=until))


def test_while_a_secret_is_rotated_both_are_good(hooks):
    both(hooks)

    assert hooks.call(authorization=f"Bearer {SECRET}").status == 204
    assert hooks.call(authorization=f"Bearer {NEW}").status == 204


def test_the_secret_before_ends_with_its_time(hooks):
    both(hooks)
    hooks.world.clock.advance(3600)

    assert hooks.call(authorization=f"Bearer {SECRET}").status == 401
    assert hooks.call(authorization=f"Bearer {NEW}").status == 204


def test_a_secret_before_that_cannot_be_read_does_not_hinder_the_new_one(hooks):
    both(hooks)
    hooks.world.secrets.kept = {ref: text for ref, text in hooks.world.secrets.kept.items() if text == NEW}

    assert hooks.call(authorization=f"Bearer {NEW}").status == 204
    assert hooks.call(authorization=f"Bearer {SECRET}").status == 401


class Stale:
    """Secrets that are remembered until somebody asks for them anew."""

    def __init__(self, inner):
        self._inner = inner
        self._known: dict[str, str] = {}
        self.refreshed = 0

    def get(self, reference, *, fresh=False):
        self.refreshed += fresh
        if fresh or reference not in self._known:
            self._known[reference] = self._inner.get(reference)
        return self._known[reference]


@pytest.fixture
def stale(hooks):
    """The receiver's secrets, remembered."""
    stale = Stale(hooks.world.secrets)
    hooks.receiver._secrets = stale
    return stale


def test_a_secret_that_its_keeper_changed_is_asked_for_anew(hooks, stale):
    webhook = hooks.guard({"type": "bearer"}, SECRET)
    assert hooks.call(authorization=f"Bearer {SECRET}").status == 204
    hooks.world.secrets.kept[webhook.secrets.current] = NEW

    assert hooks.call(authorization=f"Bearer {NEW}").status == 204
    assert stale.refreshed == 1


def test_who_knows_the_secret_makes_nobody_ask_anew(hooks, stale):
    hooks.guard({"type": "bearer"}, SECRET)

    for _ in range(5):
        hooks.call(authorization=f"Bearer {SECRET}")

    assert stale.refreshed == 0


def test_a_wrong_secret_is_asked_about_once_and_then_refused(hooks, stale):
    hooks.guard({"type": "bearer"}, SECRET)

    assert hooks.call(authorization="Bearer wrong").status == 401
    assert stale.refreshed == 1


def test_a_secret_that_is_not_there_lets_nobody_in_and_loses_nothing(hooks):
    hooks.guard({"type": "bearer"}, SECRET)
    hooks.world.secrets.kept.clear()

    with pytest.raises(Transient, match="None of the secrets"):
        hooks.call(authorization=f"Bearer {SECRET}")
    assert hooks.events() == []


def test_a_webhook_whose_secret_was_never_kept_lets_nobody_in(hooks):
    hooks.add(auth={"type": "bearer"})

    with pytest.raises(Transient, match="has no secret"):
        hooks.call(authorization="Bearer ")


@pytest.mark.parametrize(
    ("auth", "secret", "sign"),
    [
        ({"type": "github"}, SECRET, github),
        ({"type": "shopify"}, SECRET, shopify),
        ({"type": "standard-webhooks"}, WHSEC, standard),
    ],
)
def test_a_delivery_that_comes_again_is_answered_alike_and_makes_no_second_event(hooks, auth, secret, sign):
    hooks.guard(auth, secret)

    answers = [hooks.call(DATA, **sign(DATA)).status for _ in range(2)]

    assert answers == [204, 204]
    assert len(hooks.events()) == 1


@pytest.mark.parametrize(("kind", "sign", "field"), [("stripe", stripe, "id"), ("slack", slack, "event_id")])
def test_a_delivery_is_known_by_the_id_in_its_body_where_the_sender_puts_it_there(hooks, kind, sign, field):
    hooks.guard({"type": kind}, SECRET)
    one, other = (json.dumps(ANN | {field: id_}).encode() for id_ in ("evt_1", "evt_2"))

    for data in (one, one, other):
        assert hooks.call(data, **sign(data)).status == 204

    assert len(hooks.events()) == 2


def test_a_header_that_is_not_signed_does_not_make_a_signed_delivery_new(hooks):
    hooks.guard({"type": "stripe"}, SECRET)
    data = json.dumps(ANN | {"id": "evt_1"}).encode()

    hooks.call(data, **stripe(data), webhook_id="a")
    hooks.call(data, **stripe(data), webhook_id="b")

    assert len(hooks.events()) == 1


def test_the_header_with_a_generic_signature_is_not_seen(hooks):
    hooks.guard(
        GENERIC,
        SECRET,
        template='{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {{ headers | tojson }}}',
    )

    assert hooks.call(DATA, **generic(DATA)).status == 204
    assert hooks.event().payload == {
        "content-type": "application/json",
        "x-shop": "berlin",
        "x-time": str(int(NOON.timestamp())),
    }


@pytest.mark.parametrize("body", [{"copy": SECRET}, {SECRET: 1}, [f"before {SECRET} after"]])
def test_the_secret_is_taken_out_of_events_wherever_it_stands(hooks, body):
    hooks.guard(
        {"type": "bearer"},
        SECRET,
        template='{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {"body": {{ body | tojson }}}}',
    )

    assert hooks.call(body, authorization=f"Bearer {SECRET}").status == 204
    assert SECRET not in repr(hooks.event())
    assert "[removed]" in repr(hooks.event())


@pytest.mark.parametrize("written", [SECRET, "correct%20horse%20battery%20staple", "correct+horse+battery+staple"])
def test_the_secret_is_taken_out_of_failures_however_it_is_written(hooks, written):
    hooks.guard({"type": "bearer"}, SECRET, template="{{ body }}")

    hooks.call(f"x={written}".encode(), content_type="text/plain", authorization=f"Bearer {SECRET}")

    assert written not in repr(hooks.event())
    assert "x=[removed]" in repr(hooks.event())


def test_a_secret_at_the_place_where_a_long_body_is_cut_does_not_show_in_part(hooks):
    hooks.guard({"type": "bearer"}, SECRET, template="{{ body }}")

    hooks.call(b"x" * 9_990 + SECRET.encode() * 9, content_type="text/plain", authorization=f"Bearer {SECRET}")

    assert SECRET[:8] not in repr(hooks.event())


def test_the_slug_is_taken_out_of_events(hooks):
    hooks.add("open-sesame", template='{"event": "e", "resource": {"prefect.resource.id": "{{ body.url }}"}}')

    hooks.call({"url": "https://example.com/hooks/open-sesame"})

    assert hooks.event().resource_id == "https://example.com/hooks/[removed]"
