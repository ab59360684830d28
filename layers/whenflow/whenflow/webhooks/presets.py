"""Presets: how well-known senders sign what they send, and a template that makes good events of it. Data only.

`docs/webhooks/` has a page for each; a test sends a sample delivery of each sender through its preset.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """What a webhook for one kind of sender begins with.

    Attributes:
        name: The word to choose it by.
        title: The sender's own name.
        description: What comes of a delivery, in one sentence.
        auth: How deliveries prove where they come from; without the secret.
        template: As a webhook's.
        delivery_id: As a webhook's; None where the sender's usual header tells deliveries apart.
    """

    name: str
    title: str
    description: str
    auth: Mapping[str, Any]
    template: str
    delivery_id: str | None = None
    events: tuple[str, ...] = field(default=())

    @property
    def needs_secret(self) -> bool:
        """Whether deliveries are checked with a secret."""
        return bool(self.auth["type"] != "none")

    def as_document(self) -> dict[str, Any]:
        """Return the preset as the API shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "auth": dict(self.auth),
            "template": self.template,
            "delivery_id": self.delivery_id,
            "events": list(self.events),
        }


_GITHUB = Preset(
    name="github",
    title="GitHub",
    description="Deliveries of a repository, an organization or an app: github.<event>.<action> on the repository.",
    auth=MappingProxyType({"type": "github"}),
    # GitHub sends a form with the JSON in it unless it is told otherwise.
    template="""\
{% set sent = body.payload | from_json if body.payload is string else body %}
{
  "event": "github.{{ headers['x-github-event'] }}{% if sent.action %}.{{ sent.action }}{% endif %}",
  "resource": {
    {% if sent.ref is string %}"github.ref": "{{ sent.ref }}",{% endif %}
    {% set run = sent.workflow_run or sent.workflow_job or sent.check_run or sent.check_suite %}
    {% if run.conclusion %}"github.conclusion": "{{ run.conclusion }}",{% endif %}
    "prefect.resource.id": "github.com/{{ sent.repository.full_name or sent.organization.login
      or sent.enterprise.slug or sent.installation.account.login or sent.sender.login or 'global' }}"
  },
  "related": [
    {% if sent.sender.login %}
    {"prefect.resource.id": "github.com/{{ sent.sender.login }}", "prefect.resource.role": "sender"}
    {% endif %}
  ],
  "payload": {{ sent | tojson }}
}
""",
    events=("github.push", "github.pull_request.opened", "github.issues.closed", "github.workflow_run.completed"),
)

_STRIPE = Preset(
    name="stripe",
    title="Stripe",
    description="Events of an account: stripe.<type> on the object they are about.",
    auth=MappingProxyType({"type": "stripe"}),
    # Snapshot events carry the object, thin ones (v2) a reference to it.
    template="""\
{% set about = body.data.object or body.related_object %}
{
  "event": "stripe.{{ body.type }}",
  {% if body.created %}"occurred": {{ body.created | tojson }},{% endif %}
  "resource": {
    {% if body.account is string %}"stripe.account": "{{ body.account }}",{% endif %}
    "stripe.livemode": "{{ body.livemode | string | lower if body.livemode is boolean else 'unknown' }}",
    "prefect.resource.id": "stripe.com/{{ about.object or about.type or 'event' }}/{{ about.id or body.id }}"
  },
  "related": [
    {% if about.customer is string %}
    {"prefect.resource.id": "stripe.com/customer/{{ about.customer }}", "prefect.resource.role": "customer"}
    {% endif %}
  ],
  "payload": {{ body | tojson }}
}
""",
    delivery_id="{{ body.id }}",
    events=("stripe.customer.created", "stripe.invoice.paid", "stripe.charge.failed"),
)

_SLACK = Preset(
    name="slack",
    title="Slack",
    description="The Events API, buttons and slash commands: slack.<type> on the channel or the user.",
    auth=MappingProxyType({"type": "slack"}),
    # `token` is Slack's old way to prove where a request comes from: a secret, so it stays out of the event.
    template="""\
{% set sent = body.payload | from_json if body.payload is string else body %}
{% set told = sent.event or sent %}
{% set where = told.channel.id or told.channel or told.item.channel or sent.channel_id %}
{% set who = told.user.id or told.user or sent.user_id %}
{
  "event": "slack.{{ told.type or 'command' }}{% if told.subtype %}.{{ told.subtype }}{% endif %}",
  {% if sent.event_time %}"occurred": {{ sent.event_time | tojson }},{% endif %}
  "resource": {
    {% if sent.command %}"slack.command": "{{ sent.command }}",{% endif %}
    "prefect.resource.id": "slack.com/{{ sent.team_id or sent.team.id or 'team' }}/{{ where or who or 'workspace' }}"
  },
  "related": [
    {% if who is string %}
    {"prefect.resource.id": "slack.com/{{ sent.team_id or sent.team.id or 'team' }}/{{ who }}",
     "prefect.resource.role": "user"}
    {% endif %}
  ],
  "payload": {
    {% for name, value in sent | dictsort if name != 'token' %}
    {{ name | tojson }}: {{ value | tojson }}{% if not loop.last %},{% endif %}
    {% endfor %}
  }
}
""",
    delivery_id="{{ body.event_id }}",
    events=("slack.message", "slack.reaction_added", "slack.app_mention", "slack.command"),
)

_SHOPIFY = Preset(
    name="shopify",
    title="Shopify",
    description="Topics of a shop: orders/create becomes shopify.orders.create on the order.",
    auth=MappingProxyType({"type": "shopify"}),
    template="""\
{
  "event": "shopify.{{ headers['x-shopify-topic'] | replace('/', '.') }}",
  {% if headers['x-shopify-triggered-at'] %}"occurred": "{{ headers['x-shopify-triggered-at'] }}",{% endif %}
  "resource": {
    {% if body.admin_graphql_api_id %}"shopify.gid": "{{ body.admin_graphql_api_id }}",{% endif %}
    "prefect.resource.id": "{{ headers['x-shopify-shop-domain'] }}{% if body.id %}/{{ body.id }}{% endif %}"
  },
  "related": [
    {"prefect.resource.id": "{{ headers['x-shopify-shop-domain'] }}", "prefect.resource.role": "shop"}
  ],
  "payload": {{ body | tojson }}
}
""",
    events=("shopify.orders.create", "shopify.products.update", "shopify.app.uninstalled"),
)

_CLOUDEVENTS = Preset(
    name="cloudevents",
    title="CloudEvents",
    description="CloudEvents 1.0, structured or binary: the event's own type, on its subject or else its source.",
    auth=MappingProxyType({"type": "none"}),
    template="{{ body | from_cloud_event(headers) }}",
    events=("the event's own type",),
)

_KAFKA = Preset(
    name="kafka",
    title="Kafka, by an HTTP sink",
    description="What a Kafka Connect HTTP sink posts: kafka.record-received on the partition, the message as payload.",
    auth=MappingProxyType({"type": "bearer"}),
    # Where the sink adds topic, partition and offset to the message (docs/webhooks/kafka.md), they tell one message
    # sent twice from two that are alike. Name and resource are those of Lambda's own Kafka mapping.
    template="""\
{% set topic = body._topic or query.topic or 'unknown' %}
{
  "event": "kafka.record-received",
  "resource": {
    {% if query.key %}"kafka.key": "{{ query.key }}",{% endif %}
    {% if body._offset is number %}"kafka.offset": "{{ body._offset }}",{% endif %}
    {% if body._partition is number %}"kafka.partition": "{{ body._partition }}",{% endif %}
    "kafka.topic": "{{ topic }}",
    "prefect.resource.id": "kafka://{{ topic }}{% if body._partition is number %}/{{ body._partition }}{% endif %}"
  },
  "related": [{"prefect.resource.id": "kafka://{{ topic }}", "prefect.resource.role": "topic"}],
  "payload": {{ (body if body is mapping else {'value': body}) | tojson }}
}
""",
    delivery_id="{% if body._offset is number %}{{ body._topic }}/{{ body._partition }}/{{ body._offset }}{% endif %}",
    events=("kafka.record-received",),
)

_STANDARD_WEBHOOKS = Preset(
    name="standard-webhooks",
    title="Standard Webhooks",
    description="Every sender that follows standardwebhooks.com: the delivery's own type.",
    auth=MappingProxyType({"type": "standard-webhooks"}),
    template="""\
{
  "event": "{{ body.type or 'webhook.received' }}",
  {% if body.timestamp is string %}"occurred": "{{ body.timestamp }}",{% endif %}
  "resource": {
    "prefect.resource.id": "{{ body.data.id or body.type or 'webhook' }}"
  },
  "payload": {{ (body if body is mapping else {'body': body}) | tojson }}
}
""",
    events=("the delivery's own type",),
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for preset in (_GITHUB, _STRIPE, _SLACK, _SHOPIFY, _CLOUDEVENTS, _KAFKA, _STANDARD_WEBHOOKS)}
)
