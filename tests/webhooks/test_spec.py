"""The specification's examples, W1 to W15, each by its name. W16 is played end to end, in tests/e2e/test_stories.py."""

import json

import pytest
from tests.stories import ANN, SIGNUP_TEMPLATE

from whenflow.webhooks.model import SLUG_KIND, slug_hash, webhook_from_stored
from whenflow.webhooks.registry import WebhookRegistry

HEARTBEAT = '{"event": "backup.alive", "resource": {"prefect.resource.id": "backup.1"}}'
EVENT = {"event": "order.placed", "resource": {"prefect.resource.id": "order.7"}, "payload": {"n": 7}}
CLOUD_EVENT = {"specversion": "1.0", "type": "order.placed", "source": "/shop", "id": "1", "data": {"n": 7}}


def saying(expression: str) -> str:
    return '{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {"said": "{{ ' + expression + ' }}"}}'


def test_W1_a_static_get_is_answered_204_and_makes_an_event(hooks):
    hooks.add(template=HEARTBEAT)

    assert hooks.call(b"", method="GET").status == 204
    assert hooks.event().event == "backup.alive"


def test_W2_a_dynamic_json_body(hooks):
    hooks.add(template=SIGNUP_TEMPLATE)

    assert hooks.call(ANN).status == 204
    assert (hooks.event().event, hooks.event().resource_id) == ("user.signed-up", "user.u-1")


def test_W3_a_form_body(hooks):
    hooks.add()

    hooks.call(b"userid=u-1&name=Ann", content_type="application/x-www-form-urlencoded")

    assert hooks.event().payload == ANN


@pytest.mark.parametrize("expression", ["headers['X-Event']", "headers['x-event']", "headers.x_event"])
def test_W4_headers_whatever_their_case_and_no_authorization(hooks, expression):
    hooks.add(template=saying(expression + " ~ '/' ~ headers.authorization ~ headers['Authorization']"))

    hooks.call(x_event="signup", authorization="Bearer s3cr3t")

    assert hooks.event().payload["said"] == "signup/"


def test_W5_pass_through(hooks):
    hooks.add(template="{{ body | tojson }}")

    hooks.call(EVENT)

    event = hooks.event()
    assert (event.event, event.resource, event.payload) == (EVENT["event"], EVENT["resource"], EVENT["payload"])


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_W6_a_cloud_event(hooks, mode):
    hooks.add(template="{{ body | from_cloud_event(headers) }}")
    if mode == "structured":
        hooks.call(CLOUD_EVENT, content_type="application/cloudevents+json")
    else:
        names = ("specversion", "type", "source", "id")
        hooks.call(CLOUD_EVENT["data"], **{f"ce-{name}": str(CLOUD_EVENT[name]) for name in names})

    assert (hooks.event().event, hooks.event().resource_id) == ("order.placed", "/shop")
    assert hooks.event().payload["data"] == {"n": 7}


def test_W7_without_a_resource_id_400_and_a_failure_with_the_rendered_text(hooks):
    hooks.add(template='{"event": "user.{{ body.name }}", "resource": {}}')

    assert hooks.call(ANN).status == 400
    assert hooks.event().event == "prefect-cloud.webhook.failed"
    assert "user.Ann" in hooks.event().payload["rendered"]


class Addresses:
    """The webhooks of a registry, by their slugs."""

    def __init__(self, world):
        self._config = world.config

    def find(self, slug):
        reference = self._config.get(SLUG_KIND, slug_hash(slug))
        stored = self._config.get("webhook", reference["id"]) if reference else None
        return webhook_from_stored(stored) if stored else None


@pytest.fixture
def registry(hooks) -> WebhookRegistry:
    """The registry whose webhooks the receiver knows."""
    world = hooks.world
    hooks.receiver._webhooks = Addresses(world)
    return WebhookRegistry(world.config, world.secrets, world.clock, world.ids)


def test_W8_a_rotated_slug_the_old_fails_and_the_new_works(hooks, registry):
    old = registry.create({"name": "x", "template": HEARTBEAT})

    new = registry.rotate(old.webhook.id)

    assert hooks.call(slug=old.slug).status == 404
    assert hooks.call(slug=new.slug).status == 204
    assert new.webhook.id == old.webhook.id


def test_W9_disabled_is_refused(hooks, registry):
    made = registry.create({"name": "x", "template": HEARTBEAT})
    registry.change(made.webhook.id, {"enabled": False})

    assert hooks.call(slug=made.slug).status == 404
    assert hooks.events() == []


def test_W10_without_a_key_or_with_a_wrong_one_refused_with_the_right_one_204(hooks, registry):
    made = registry.create({"name": "x", "template": HEARTBEAT, "auth": {"type": "bearer"}})

    assert hooks.call(slug=made.slug).status == 401
    assert hooks.call(slug=made.slug, authorization="Bearer wrong").status == 401
    assert hooks.events() == []
    assert hooks.call(slug=made.slug, authorization=f"Bearer {made.secret}").status == 204


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "PATCH"])
def test_W11_every_method(hooks, method):
    hooks.add(template=saying("method"))

    assert hooks.call(ANN, method=method).status == 204
    assert hooks.event().payload["said"] == method


def test_W12_the_webhook_is_a_related_resource(hooks):
    webhook = hooks.add()

    hooks.call()

    assert hooks.event().related[-1]["prefect.resource.id"] == f"prefect-cloud.webhook.{webhook.id}"


def test_W13_without_a_payload_what_was_sent_is_the_payload(hooks):
    hooks.add(template=HEARTBEAT)

    hooks.call(ANN, x_event="signup")

    assert hooks.event().payload.keys() == {"method", "headers", "query", "body"}
    assert hooks.event().payload["body"] == ANN


def test_W14_quotes_and_line_breaks_with_tojson_are_valid_json(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {{ body | tojson }}}')
    odd = {"text": "\"quoted\"\nand 'more' \\ \t </script>"}

    assert hooks.call(odd).status == 204
    assert json.loads(json.dumps(hooks.event().payload)) == odd


def test_W15_a_delivery_that_comes_twice_is_one_event(hooks):
    hooks.add()

    answers = [hooks.call(webhook_id="delivery-1").status for _ in range(2)]

    assert answers == [204, 204]
    assert len(hooks.events()) == 1
