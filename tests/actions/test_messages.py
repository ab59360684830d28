"""Actions that send something: notifications, e-mail, webhook calls, incidents."""

import json

import pytest
from standardwebhooks import Webhook
from tests.stories import NOBODY, order_placed

from whenflow.actions.perform import MAX_TRIES
from whenflow.errors import Rejected, Transient
from whenflow.ports import HttpAnswer

SLACK_URL = "https://hooks.slack.com/services/T0/B0/canary-in-the-url"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "canary-in-the-header"


@pytest.fixture
def slack(world):
    """A target on Slack."""
    return world.targets.create({"name": "team", "type": "slack-webhook", "data": {"url": SLACK_URL}})


def webhook(world, **data):
    return world.targets.create(
        {"name": "shop", "type": "webhook", "data": {"url": "https://shop.example/orders", **data}}
    )


def sending(target, **changes):
    return {
        "type": "send-notification",
        "block_document_id": target["id"],
        "body": "Order {{ event.payload.number }}",
        **changes,
    }


def calling(target, **changes):
    return {"type": "call-webhook", "block_document_id": target["id"], **changes}


def ended(world):
    (*_, event) = [one for one in world.events.stored.values() if one.event.startswith("prefect.automation.action.")]
    return event


def canaries(world):
    told = (
        repr(list(world.events.stored.values())) + repr(world.retries.sent) + repr(world.config.all("block-document"))
    )
    return [secret for secret in ("canary-in-the-url", TOKEN, SIGNING) if secret in told]


def test_a_notification_goes_out_with_subject_and_body_filled_in(world, fire, slack):
    world.dispatcher.dispatch(fire(sending(slack, subject="No {{ event.payload.number }}\nhere")))

    (request,) = world.http.sent
    assert (request.method, request.url) == ("POST", SLACK_URL)
    assert json.loads(request.body or b"")["text"] == "No 7 here\nOrder 7"
    event = ended(world)
    assert event.event == "prefect.automation.action.executed"
    assert event.payload["status_code"] == 200
    assert event.related[0] == {
        "prefect.resource.id": f"prefect.block-document.{slack['id']}",
        "prefect.resource.role": "block",
        "prefect.resource.name": "team",
        "prefect.resource.type": "slack-webhook",
    }


def test_a_notification_without_a_subject_has_prefect_s(world, fire, slack):
    world.dispatcher.dispatch(fire(sending(slack)))

    assert json.loads(world.http.sent[0].body or b"")["text"].startswith("Prefect automated notification\n")


def test_an_action_names_its_target_before_it_is_done(world, fire, slack):
    world.dispatcher.dispatch(fire(sending(slack)))

    (event,) = world.events.named("prefect.automation.action.triggered")
    assert event.related[0]["prefect.resource.id"] == f"prefect.block-document.{slack['id']}"


def test_a_target_that_is_not_there_fails_with_404(world, fire):
    world.dispatcher.dispatch(fire(sending({"id": NOBODY})))

    assert ended(world).payload["status_code"] == 404


def test_a_target_that_refuses_fails_with_what_it_said(world, fire, slack):
    world.http.answers = [HttpAnswer(404, {}, b"no_team " + SLACK_URL.encode())]

    world.dispatcher.dispatch(fire(sending(slack)))

    event = ended(world)
    assert event.payload["reason"] == "Slack answered 404: no_team ********"
    assert event.related[0]["prefect.resource.role"] == "block"
    assert canaries(world) == []


@pytest.mark.parametrize("trouble", [HttpAnswer(429, {}, b""), HttpAnswer(503, {}, b""), Transient("no answer")])
def test_a_notification_that_meets_a_passing_trouble_is_tried_again(world, fire, slack, trouble):
    world.http.answers = [trouble]
    firing = fire(sending(slack))
    world.dispatcher.dispatch(firing)
    assert [(id_, index) for id_, index, _ in world.retries.sent] == [(firing.id, 0)]

    world.dispatcher.retry(firing.id, 0, tries=1)

    assert ended(world).event == "prefect.automation.action.executed"
    assert canaries(world) == []


def test_a_notification_delivered_again_is_not_sent_again(world, fire, slack):
    firing = fire(sending(slack))

    world.dispatcher.dispatch(firing)
    world.dispatcher.dispatch(firing)

    assert len(world.http.sent) == 1


def test_a_secret_that_was_changed_a_moment_ago_is_read_again(world, fire, slack):
    world.http.answers = [HttpAnswer(403, {}, b"invalid_token")]

    world.dispatcher.dispatch(fire(sending(slack)))

    assert len(world.http.sent) == 2
    assert ended(world).event == "prefect.automation.action.executed"


def test_a_secret_that_is_gone_fails_with_its_reference(world, fire, slack):
    world.secrets.kept.clear()

    world.dispatcher.dispatch(fire(sending(slack)))

    assert slack["data"]["url"] in ended(world).payload["reason"]


def test_a_template_that_fails_on_the_data_fails_the_action(world, fire, slack):
    world.dispatcher.dispatch(fire(sending(slack, body="{{ nothing | tojson }}")))

    event = ended(world)
    assert event.payload["reason"].startswith("Unable to render template of the body")
    assert "nothing" in event.payload["template_error"]
    assert world.http.sent == []


@pytest.mark.parametrize("field", ["subject", "body"])
def test_a_template_that_is_wrong_is_refused_when_it_is_saved(world, slack, field):
    with pytest.raises(Rejected) as refused:
        world.automations.create(
            {
                "name": "x",
                "trigger": {"type": "event", "posture": "Reactive"},
                "actions": [sending(slack, **{field: "{{ ''.__class__ }}{% include 'x' %}"})],
            }
        )

    assert refused.value.faults[0].loc[-1] == field


def test_e_mail_goes_to_its_addresses(world, fire):
    action = {
        "type": "send-email-notification",
        "emails": ["ann@example.com", "bob@example.com"],
        "subject": "Order {{ event.payload.number }}",
        "body": "It is {{ event.payload.total }}",
    }

    world.dispatcher.dispatch(fire(action))

    (mail,) = world.mailer.sent
    assert (list(mail.to), mail.subject, mail.body) == (["ann@example.com", "bob@example.com"], "Order 7", "It is 12.5")
    assert ended(world).payload["message_id"] == "mail-1"


def test_e_mail_that_is_refused_fails_with_the_reason(world, fire):
    world.mailer.errors = [Rejected("no sender")]

    world.dispatcher.dispatch(fire({"type": "send-email-notification", "emails": ["a@b.example"], "body": "x"}))

    assert ended(world).payload["reason"] == "no sender"


def test_targets_of_e_mail_and_topics_are_served(world, fire):
    mail = world.targets.create({"name": "m", "type": "email", "data": {"to": ["ann@example.com"]}})
    arn = "arn:aws:sns:eu-west-1:123456789012:orders"
    topic = world.targets.create({"name": "t", "type": "sns", "data": {"topic_arn": arn}})

    firing = fire(sending(mail), sending(topic))
    world.dispatcher.dispatch(firing)

    assert world.mailer.sent[0].body == "Order 7"
    ((topic_arn, _, message, deduplication),) = world.topics.published
    assert (topic_arn, message) == (arn, "Order 7")
    assert deduplication


def test_a20_a_webhook_is_called_and_its_answer_told(world, fire):
    target = webhook(world, headers={"Authorization": f"Bearer {TOKEN}", "x-shop": "7"}, method="PUT")
    body = b"x" * 900 + TOKEN.encode() + b"y" * 900
    headers = {"set-cookie": "id=1", "content-type": "text/plain", "x-echo": TOKEN}
    world.http.answers = [HttpAnswer(201, headers, body)]

    world.dispatcher.dispatch(fire(calling(target, payload="{{ event.payload.number }}")))

    (request,) = world.http.sent
    assert (request.method, request.url, request.body) == ("PUT", "https://shop.example/orders", b"7")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-shop"] == "7"
    told = ended(world).payload
    assert told["status_code"] == 201
    assert len(told["response_body"]) == 1000
    assert told["response_headers"] == {"set-cookie": "********", "content-type": "text/plain", "x-echo": "********"}
    assert canaries(world) == []


def test_a20_an_answer_of_failure_counts_as_executed(world, fire):
    world.http.answers = [HttpAnswer(500, {}, b"oh")]

    world.dispatcher.dispatch(fire(calling(webhook(world))))

    event = ended(world)
    assert (event.event, event.payload["status_code"]) == ("prefect.automation.action.executed", 500)


def test_a20_a_webhook_that_may_not_be_called_fails_at_once(world, fire):
    world.http.answers = [Rejected("it has a private address")]

    world.dispatcher.dispatch(fire(calling(webhook(world))))

    event = ended(world)
    assert event.event == "prefect.automation.action.failed"
    assert "it has a private address" in event.payload["reason"]
    assert world.retries.sent == []


def test_a20_no_answer_is_tried_again_and_fails_after_the_last_try(world, fire):
    world.http.answers = [Transient("shop.example cannot be reached")] * (MAX_TRIES + 1)
    firing = fire(calling(webhook(world)))

    world.dispatcher.dispatch(firing)
    assert [(id_, index) for id_, index, _ in world.retries.sent] == [(firing.id, 0)]
    for tries in range(1, MAX_TRIES + 1):
        assert "prefect.automation.action.failed" not in world.events.names()
        with pytest.raises(Transient):
            world.dispatcher.retry(firing.id, 0, tries)

    (event,) = world.events.named("prefect.automation.action.failed")
    assert event.payload["reason"] == f"Gave up after {MAX_TRIES + 1} tries: shop.example cannot be reached"
    assert len({request.headers["idempotency-key"] for request in world.http.sent}) == 1


def test_an_object_as_payload_is_sent_as_json_with_its_templates_filled_in(world, fire):
    world.dispatcher.dispatch(fire(calling(webhook(world), payload={"order": "{{ event.payload.number }}"})))

    (request,) = world.http.sent
    assert json.loads(request.body or b"") == {"order": "7"}
    assert request.headers["content-type"] == "application/json"


def test_the_same_call_has_the_same_key_and_another_call_another(world, fire):
    target = webhook(world)
    firing = fire(calling(target), calling(target))

    for index in (0, 0, 1):
        world.events.stored = {
            id_: event for id_, event in world.events.stored.items() if not event.event.endswith("executed")
        }  # as if the process had died before it could tell
        world.performer.perform(firing, index)

    first, again, other = (request.headers["idempotency-key"] for request in world.http.sent)
    assert first == again != other


def test_a_call_is_signed_as_standard_webhooks_has_it(world, fire):
    import time_machine
    from tests.stories import NOON

    target = webhook(world, signing_secret=SIGNING)

    world.dispatcher.dispatch(fire(calling(target, payload='{"order": 7}')))

    (request,) = world.http.sent
    with time_machine.travel(NOON):
        assert Webhook(SIGNING).verify(request.body or b"", dict(request.headers)) == {"order": 7}
    assert request.headers["webhook-id"] == request.headers["idempotency-key"]
    assert canaries(world) == []


def test_path_and_query_of_a_webhook_may_hold_templates(world, fire):
    target = webhook(world, url="https://shop.example/orders/{{ event.payload.number }}?by={{ automation.name }}")

    world.dispatcher.dispatch(fire(calling(target)))

    assert world.http.sent[0].url == "https://shop.example/orders/7?by=on order"


@pytest.mark.parametrize(
    "url",
    [
        "https://{{ event.payload.host }}/x",
        "https://shop.example{{ event.payload.rest }}",
        "https://user:password@shop.example/",
        "http://shop.example/",
        "ftp://shop.example/",
        "https:///x",
        "https://shop.example/{{ broken",
    ],
)
def test_a_webhook_whose_host_is_not_literal_or_not_safe_is_refused(world, url):
    with pytest.raises(Rejected) as refused:
        webhook(world, url=url)

    assert refused.value.faults[0].loc[0] == "data"


def test_a_url_that_leads_elsewhere_once_it_is_rendered_is_not_called(world, fire):
    target = webhook(world)
    url = "https://shop.example{{ '.evil.example' }}/"  # as no target is saved
    world.config.replace("block-document", target["id"], target | {"data": target["data"] | {"url": url}})

    world.dispatcher.dispatch(fire(calling(target)))

    assert "another host" in ended(world).payload["reason"]
    assert world.http.sent == []


def test_only_webhooks_can_be_called(world, fire, slack):
    world.dispatcher.dispatch(fire(calling(slack)))

    assert "slack-webhook" in ended(world).payload["reason"]


def test_an_incident_is_an_event_and_a_message_to_the_default_target(world, fire):
    world.targets.create({"name": "on call", "type": "slack-webhook", "data": {"url": SLACK_URL}, "is_default": True})

    world.dispatcher.dispatch(fire({"type": "declare-incident", "summary": "order {{ event.payload.number }}"}))

    (incident,) = world.events.named("prefect-cloud.incident.declared")
    assert incident.payload == {"title": "on order", "summary": "order 7", "severity": None}
    assert json.loads(world.http.sent[0].body or b"")["text"] == "Incident: on order\norder 7"
    assert ended(world).payload["incident_id"] == incident.id


def test_an_incident_needs_no_target(world, fire):
    firing = fire({"type": "declare-incident", "title": "{{ event.event }}", "severity": "high"})

    world.dispatcher.dispatch(firing)
    world.dispatcher.dispatch(firing)

    (incident,) = world.events.named("prefect-cloud.incident.declared")
    assert incident.resource["prefect.resource.name"] == "order.placed"
    assert ended(world).event == "prefect.automation.action.executed"


def test_where_little_time_is_left_what_calls_others_goes_to_the_queue_and_the_rest_is_done(world, fire, slack):
    firing = fire(sending(slack), {"type": "do-nothing"}, event=order_placed(9))

    world.dispatcher.dispatch(firing, seconds_left=lambda: 5.0)

    assert world.retries.sent == [(firing.id, 0, "no time was left for it")]
    assert ended(world).payload["action_type"] == "do-nothing"
