"""Gets messages to their targets."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from whenflow.actions.notifications.formats import FORMATS, Message
from whenflow.actions.notifications.kinds import KINDS, is_reference
from whenflow.actions.notifications.passing import BUSY, NOT_DONE, passing
from whenflow.actions.notifications.redaction import shown_body, shown_headers, without_secrets
from whenflow.actions.notifications.signing import signature_headers
from whenflow.actions.outcome import ActionFailed
from whenflow.errors import NotFound, Rejected, Transient
from whenflow.ports import Clock, HttpAnswer, HttpRequest, HttpSender, Mail, Mailer, Secrets, Topics
from whenflow.templating import is_template

STALE = frozenset({401, 403})
KEY = "idempotency-key"
MAX_REASON_CHARS = 200


class Notifier:
    """Sends messages to targets, and calls webhooks. What it raises names no secret."""

    def __init__(self, secrets: Secrets, http: HttpSender, mailer: Mailer, topics: Topics, clock: Clock) -> None:
        """Send by these ways."""
        self._secrets = secrets
        self._http = http
        self._mailer = mailer
        self._topics = topics
        self._clock = clock

    def notify(self, target: Mapping[str, Any], message: Message) -> dict[str, Any]:
        """Send a message to a target; return what the feed should tell of it.

        Raises:
            ActionFailed: The target refuses, or cannot be used as it is.
            Transient: Try again.
        """
        data = target["data"]
        try:
            if target["type"] == "email":
                return self.mail(Mail(data["to"], message.subject, message.body, data.get("sender") or "", message.id))
            if target["type"] == "sns":
                sent = self._topics.publish(data["topic_arn"], message.subject, message.body, message.id)
                return {"message_id": sent}
            if target["type"] == "webhook":
                return self._told_by_webhook(target, message)
            return self._by_http(target, message)
        except Rejected as error:
            raise ActionFailed(error.reason) from None

    def mail(self, mail: Mail) -> dict[str, Any]:
        """Send an e-mail; return what the feed should tell of it.

        Raises:
            ActionFailed: It may not be sent like that.
            Transient: Try again.
        """
        try:
            return {"message_id": self._mailer.send(mail)}
        except Rejected as error:
            raise ActionFailed(error.reason) from None

    def call(self, target: Mapping[str, Any], url: str, payload: str, message_id: str) -> dict[str, Any]:
        """Call a webhook target; any answer will do but one that says to come again. Return what the feed should tell.

        Args:
            target: Of the type `webhook`.
            url: The target's, rendered.
            payload: What to send.
            message_id: The same for the same call made again.

        Raises:
            ActionFailed: It may not be called like that.
            Transient: There was no answer, or one of `NOT_DONE`: try again.
        """
        answer, secrets = self._called(target, url, payload, message_id)
        if answer.status in NOT_DONE:
            raise passing(answer, _answered("The webhook", answer, secrets), self._clock.now())
        return {
            "status_code": answer.status,
            "response_body": shown_body(answer.body, secrets),
            "response_headers": shown_headers(answer.headers, secrets),
        }

    def _told_by_webhook(self, target: Mapping[str, Any], message: Message) -> dict[str, Any]:
        if is_template(target["data"]["url"]):
            raise ActionFailed(f"The URL of target '{target['name']}' has templates: only call-webhook fills them in.")
        payload = json.dumps({"subject": message.subject, "body": message.body}, ensure_ascii=False)
        answer, secrets = self._called(target, target["data"]["url"], payload, message.id)
        self._check("The webhook", answer, secrets)
        return {"status_code": answer.status}

    def _called(
        self, target: Mapping[str, Any], url: str, payload: str, message_id: str
    ) -> tuple[HttpAnswer, list[str]]:
        data, secrets = self._resolved(target)
        if is_reference(url):
            url = data["url"]
        body = payload.encode("utf-8", "replace") if payload else None
        headers = {KEY: message_id, "user-agent": "whenflow", **_content_type(payload)}
        headers |= {name.lower(): value for name, value in data["headers"].items()}
        if data.get("signing_secret"):
            try:
                headers |= signature_headers(data["signing_secret"], message_id, self._clock.now(), body or b"")
            except ValueError:
                raise ActionFailed("The target's signing_secret is none: whsec_ and a key in base64.") from None
        request = HttpRequest(data["method"], url, headers, body, data["allow_private_urls"], data["verify"])
        try:
            return self._http.send(request), secrets
        except Rejected as error:
            raise ActionFailed(without_secrets(f"The webhook was not called: {error}", secrets)) from None
        except Transient as error:
            raise Transient(without_secrets(str(error), secrets)) from None

    def _by_http(self, target: Mapping[str, Any], message: Message) -> dict[str, Any]:
        """Send all that the message is made of; one that fails keeps none of the others from going out."""
        status, failure = 0, None
        data, secrets = self._resolved(target)
        for place, request in enumerate(_requests(target["type"], data, message)):
            try:
                answer = self._http.send(request)
                if answer.status in STALE:  # perhaps the secret was changed a moment ago
                    data, secrets = self._resolved(target, fresh=True)
                    answer = self._http.send(_requests(target["type"], data, message)[place])
                self._check(KINDS[target["type"]].label, answer, secrets)
                status = answer.status
            except (ActionFailed, Transient) as error:
                failure = failure or error
        if failure:
            raise failure
        return {"status_code": status}

    def _check(self, who: str, answer: HttpAnswer, secrets: list[str]) -> None:
        """Raise where an answer is not one of success."""
        if 200 <= answer.status < 300:  # noqa: PLR2004 - success, as HTTP has it
            return
        reason = _answered(who, answer, secrets)
        if answer.status in BUSY:
            raise passing(answer, reason, self._clock.now())
        raise ActionFailed(reason, {"status_code": answer.status})

    def _resolved(self, target: Mapping[str, Any], *, fresh: bool = False) -> tuple[dict[str, Any], list[str]]:
        """Return the data of a target with its secrets in it, and those secrets."""
        data, secrets = dict(target["data"]), []

        def resolved(value: Any) -> Any:
            if not is_reference(value):
                return value
            try:
                secret = self._secrets.get(value, fresh=fresh)
            except NotFound:
                raise ActionFailed(f"The secret {value} of target '{target['name']}' cannot be read.") from None
            secrets.append(secret)
            return secret

        for field in {"url", *KINDS[target["type"]].secrets} & data.keys():
            value = data[field]
            if isinstance(value, dict):
                data[field] = {name: resolved(text) for name, text in value.items()}
            else:
                data[field] = resolved(value)
        return data, secrets


def _requests(type_: str, data: Mapping[str, Any], message: Message) -> list[HttpRequest]:
    """Return what a message is made of, each with a key that is the same when it is sent again.

    Most of these services show a message twice that is sent twice; whoever stands between can tell by the key.
    """
    requests = FORMATS[type_](data, message)
    keys = [message.id if len(requests) == 1 else f"{message.id}-{place}" for place in range(len(requests))]
    return [
        replace(request, headers={KEY: key} | {name.lower(): value for name, value in request.headers.items()})
        for request, key in zip(requests, keys, strict=True)
    ]


def _answered(who: str, answer: HttpAnswer, secrets: list[str]) -> str:
    said = shown_body(answer.body, secrets)[:MAX_REASON_CHARS].strip()
    return f"{who} answered {answer.status}" + (f": {said}" if said else "")


def _content_type(payload: str) -> dict[str, str]:
    if not payload:
        return {}
    try:
        json.loads(payload)
    except ValueError:
        return {"content-type": "text/plain; charset=utf-8"}
    return {"content-type": "application/json"}
