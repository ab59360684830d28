"""What each service wants to read: a message becomes a request. Nothing is sent here.

Texts that are longer than a service takes are cut, with a mark at the end: a message in part is better than none.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from whenflow.ports import HttpRequest

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
CUT = "…"
SLACK_SECTION = 3_000
SLACK_HEADER = 150
SLACK_TEXT = 4_000
TEAMS_TEXT = 20_000
DISCORD_CONTENT = 2_000
MATTERMOST_TEXT = 16_383
PAGERDUTY_SUMMARY = 1_024
OPSGENIE_MESSAGE = 130
OPSGENIE_DESCRIPTION = 15_000
SMS_TEXT = 1_600
PAGERDUTY = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
OPSGENIE = {"us": "https://api.opsgenie.com", "eu": "https://api.eu.opsgenie.com"}
TWILIO = "https://api.twilio.com/2010-04-01/Accounts"


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Attributes:
        id: The same for the same message sent again.
        subject: One line.
        body: The text.
    """

    id: str
    subject: str
    body: str


def cut(text: str, at_most: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= at_most else text[: at_most - 1] + CUT


def _post(url: str, document: Any, headers: Mapping[str, str] = JSON) -> HttpRequest:
    return HttpRequest("POST", url, dict(headers), json.dumps(document, ensure_ascii=False).encode())


def _slack(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(message.subject, SLACK_HEADER)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": cut(message.body, SLACK_SECTION)}},
    ]
    shown = [block for block in blocks if block["text"]["text"].strip()]  # type: ignore[index]
    return [_post(data["url"], {"text": cut(_whole(message), SLACK_TEXT), "blocks": shown})]


def _teams(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": message.subject, "weight": "Bolder", "size": "Large", "wrap": True},
            {"type": "TextBlock", "text": cut(message.body, TEAMS_TEXT), "wrap": True},
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return [_post(data["url"], {"type": "message", "attachments": [attachment]})]


def _discord(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    url = f"https://discord.com/api/webhooks/{data['webhook_id']}/{quote(data['webhook_token'], safe='')}"
    content: dict[str, Any] = {
        "content": cut(f"**{message.subject}**\n{message.body}" if message.subject else message.body, DISCORD_CONTENT),
        "allowed_mentions": {"parse": []},
    }
    return [_post(url, content | _some(username=data.get("botname")))]


def _mattermost(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    port = "" if data["port"] == 443 else f":{data['port']}"  # noqa: PLR2004 - the port of https
    url = f"https://{data['hostname']}{port}{data['path']}/hooks/{quote(data['token'], safe='')}"
    text = cut(f"**{message.subject}**\n{message.body}" if message.subject else message.body, MATTERMOST_TEXT)
    document = {"text": text} | _some(username=data.get("botname"))
    return [_post(url, document | _some(channel=channel)) for channel in data["channels"] or [None]]


def _pagerduty(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    document = {
        "routing_key": data["integration_key"],
        "event_action": "trigger",
        "dedup_key": message.id,
        "payload": {
            "summary": cut(message.subject or message.body or "Whenflow", PAGERDUTY_SUMMARY),
            "source": data["source"],
            "severity": data["severity"],
            "custom_details": {"body": message.body},
        }
        | _some(component=data.get("component"), group=data.get("group"), **{"class": data.get("class_id")}),
    }
    return [_post(f"{PAGERDUTY[data['region_name']]}/v2/enqueue", document)]


def _opsgenie(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    responders = [{"type": "team", "name": name} for name in data["target_team"]]
    responders += [{"type": "user", "username": name} for name in data["target_user"]]
    document = {
        "message": cut(message.subject or message.body or "Whenflow", OPSGENIE_MESSAGE),
        "alias": message.id,
        "description": cut(message.body, OPSGENIE_DESCRIPTION),
        "priority": f"P{data['priority']}",
        "source": "Whenflow",
    } | _some(tags=data["tags"], entity=data.get("entity"), responders=responders)
    headers = JSON | {"authorization": f"GenieKey {data['apikey']}"}
    return [_post(f"{OPSGENIE[data['region_name']]}/v2/alerts", document, headers)]


def _twilio(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    sid = data["account_sid"]
    login = b64encode(f"{sid}:{data['auth_token']}".encode()).decode()
    text = cut(_whole(message), SMS_TEXT)
    return [
        HttpRequest(
            "POST",
            f"{TWILIO}/{sid}/Messages.json",
            FORM | {"authorization": f"Basic {login}"},
            urlencode({"From": data["from_phone_number"], "To": number, "Body": text}).encode(),
        )
        for number in data["to_phone_numbers"]
    ]


def _custom(data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    url = _filled(data["url"], message, lambda text: quote(text, safe=""))
    headers, body = dict(data["headers"]), None
    if data.get("json_data") is not None:
        headers, body = JSON | headers, json.dumps(_filled_tree(data["json_data"], message)).encode()
    elif data.get("form_data") is not None:
        filled = {name: _filled(text, message) for name, text in data["form_data"].items()}
        headers, body = FORM | headers, urlencode(filled).encode()
    allow, verify = data["allow_private_urls"], data["verify"]
    return [HttpRequest(data["method"], url, headers, body, allow_private=allow, verify=verify)]


def _filled_tree(value: Any, message: Message) -> Any:
    if isinstance(value, str):
        return _filled(value, message)
    if isinstance(value, dict):
        return {name: _filled_tree(item, message) for name, item in value.items()}
    return [_filled_tree(item, message) for item in value] if isinstance(value, list) else value


def _filled(text: str, message: Message, quoted: Callable[[str], str] = str) -> str:
    """Put the message into a text in one pass: what it says itself is not looked at again."""
    parts = text.replace("{{ subject }}", "{{subject}}").replace("{{ body }}", "{{body}}").split("{{subject}}")
    return quoted(message.subject).join(quoted(message.body).join(part.split("{{body}}")) for part in parts)


def _whole(message: Message) -> str:
    return f"{message.subject}\n{message.body}" if message.subject else message.body


def _some(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


FORMATS: dict[str, Callable[[Mapping[str, Any], Message], list[HttpRequest]]] = {
    "slack-webhook": _slack,
    "ms-teams-webhook": _teams,
    "discord-webhook": _discord,
    "mattermost-webhook": _mattermost,
    "pager-duty-webhook": _pagerduty,
    "opsgenie-webhook": _opsgenie,
    "twilio-sms": _twilio,
    "custom-webhook": _custom,
}
"""By the slug of the block type; each makes requests of a target's data, with its secrets in it, and a message."""
