"""Actions that send something: notifications, e-mail, webhook calls, incidents."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from whenflow.actions.notifications.formats import Message
from whenflow.actions.notifications.targets import KIND, default_target
from whenflow.actions.outcome import ActionFailed, Executed, not_there
from whenflow.actions.rendering import Texts
from whenflow.actions.targets import labels_of
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, named_id
from whenflow.ports import Mail

INCIDENT = "prefect-cloud.incident"


def send_notification(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Send a message to a notification target."""
    target, texts = _target(action, tools), Texts(tools.scope, firing, event)
    subject = texts.render("subject", action["subject"])
    message = Message(_message_id(firing, index), _one_line(subject), texts.render("body", action["body"]))
    try:
        told = tools.notifier.notify(target, message)
    except ActionFailed as failure:
        raise ActionFailed(failure.reason, failure.payload, [_block(target)]) from None
    return Executed([_block(target)], told)


def send_email_notification(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Send an e-mail."""
    texts = Texts(tools.scope, firing, event)
    subject, body = _one_line(texts.render("subject", action["subject"])), texts.render("body", action["body"])
    mail = Mail(action["emails"], subject, body, message_id=_message_id(firing, index))
    return Executed(payload=tools.notifier.mail(mail))


def call_webhook(action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools) -> Executed:
    """Call a webhook target; any answer counts as done, but one that says to come again."""
    target, texts = _target(action, tools), Texts(tools.scope, firing, event)
    if target["type"] != "webhook":
        raise ActionFailed(f"Target '{target['name']}' is no webhook but of type {target['type']}.")
    payload, url = texts.render("payload", action["payload"]), texts.render("URL", target["data"]["url"])
    if urlsplit(url)[:2] != urlsplit(target["data"]["url"])[:2]:
        raise ActionFailed("The rendered URL leads to another host than the target's.")
    try:
        told = tools.notifier.call(target, url, payload, _message_id(firing, index))
    except ActionFailed as failure:
        raise ActionFailed(failure.reason, failure.payload, [_block(target)]) from None
    return Executed([_block(target)], told)


def declare_incident(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Tell that something is wrong: an event of its own, and a message to the target or the default one."""
    texts, incident_id = Texts(tools.scope, firing, event), named_id("incident", firing.id, str(index))
    title, summary = _one_line(texts.render("title", action["title"])), texts.render("summary", action["summary"])
    now = tools.clock.now()
    incident = {RESOURCE_ID: f"{INCIDENT}.{incident_id}", RESOURCE_NAME: title}
    tools.events.put(
        Event(
            id=incident_id,
            occurred=now,
            event=f"{INCIDENT}.declared",
            resource=incident,
            related=(labels_of("automation", firing.automation_id, "creator", firing.automation_name),),
            payload={"title": title, "summary": summary, "severity": action.get("severity")},
            received=now,
        )
    )
    related = [{**incident, "prefect.resource.role": "incident"}]
    target = _target(action, tools) if action.get("block_document_id") else default_target(tools.config)
    if target is None:
        return Executed(related, {"incident_id": incident_id})
    told = tools.notifier.notify(target, Message(incident_id, f"Incident: {title}", summary))
    return Executed([*related, _block(target)], {"incident_id": incident_id, **told})


def _target(action: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    target = tools.config.get(KIND, action["block_document_id"])
    if target is None:
        raise not_there(action["type"], f"block document {action['block_document_id']}")
    return target


def _block(target: Mapping[str, Any]) -> dict[str, str]:
    return labels_of(KIND, target["id"], "block", target["name"]) | {"prefect.resource.type": target["type"]}


def _message_id(firing: Firing, index: int) -> str:
    return named_id("message", firing.id, str(index))


def _one_line(text: str) -> str:
    return " ".join(text.split())
