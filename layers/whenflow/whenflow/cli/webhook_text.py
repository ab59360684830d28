"""Webhooks as people read them: how to call one, how its callers prove who they are."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from whenflow.cli.render import ago, parse_time, say

BODY_REFERENCE = re.compile(r"\bbody((?:\.[A-Za-z_]\w*)+)")
SECRET_VARIABLE = "$SECRET"  # noqa: S105 - the name, not the secret
_KEEP = "Keep this URL: it is a secret, and not shown again."
SIGNED = frozenset({"standard-webhooks", "github", "stripe", "slack", "shopify", "hmac"})


def introduce(webhook: dict[str, Any], verb: str) -> None:
    """Show a webhook with what is shown only once: its URL and its secret."""
    url = str(webhook.get("url") or "")
    secret = webhook.get("secret")
    say(f"{verb} the webhook {webhook.get('name')} ({webhook.get('id')}).", "")
    say(f"  {url}")
    if secret:
        say(f"  secret: {secret}")
    say("", "Keep both: they are secrets, and not shown again." if secret else _KEEP, "", *_try_it(webhook))


def _try_it(webhook: dict[str, Any]) -> Iterator[str]:
    """Yield lines that say how to call a webhook by hand."""
    kind = auth_type(webhook)
    if kind in SIGNED:
        yield f"Deliveries must be signed ({kind}): docs/webhooks/{kind}.md signs one by hand."
        name = shlex.quote(str(webhook.get("name")))
        yield f"`whenflow webhook test {name}` shows, without a signature, what one would become."
        return
    yield "Try it, and see what came of it with `whenflow event ls`:"
    yield ""
    yield f"  {curl(str(webhook.get('url') or ''), webhook.get('template'), webhook.get('auth'))}"


def curl(url: str, template: Any, auth: Any = None) -> str:
    """Return a command that calls a webhook with a body of the kind its template reads.

    Args:
        url: The webhook's URL.
        template: The webhook's template.
        auth: The webhook's auth; the secret is put in as the shell's variable SECRET.
    """
    body: dict[str, Any] = {}
    text = template if isinstance(template, str) else json.dumps(template)
    for reference in BODY_REFERENCE.findall(text):
        *outer, last = reference[1:].split(".")
        place = body
        for name in outer:
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
        place.setdefault(last, "...")
    proof = _proof(auth if isinstance(auth, dict) else {})
    return f"curl -i {shlex.quote(url)} -H 'content-type: application/json'{proof} -d {shlex.quote(json.dumps(body))}"


def _proof(auth: dict[str, Any]) -> str:
    match auth.get("type"):
        case "bearer":
            return f' -H "authorization: Bearer {SECRET_VARIABLE}"'
        case "basic":
            return f" -u {shlex.quote(str(auth.get('username', '')))}:{SECRET_VARIABLE}"
    return ""


def auth_type(webhook: dict[str, Any]) -> str:
    """Return how callers of a webhook prove who they are, in one word."""
    auth = webhook.get("auth")
    return str(auth.get("type", "none")) if isinstance(auth, dict) else "none"


def auth_line(webhook: dict[str, Any]) -> str:
    """Return the same in a line, and how long the secret before is still accepted."""
    auth, kept = webhook.get("auth"), webhook.get("secrets")
    if not isinstance(auth, dict):
        return "none"
    settings = ", ".join(f"{key} {value}" for key, value in auth.items() if key != "type" and value not in (None, ""))
    line = f"{auth.get('type', 'none')}{f' ({settings})' if settings else ''}"
    until = parse_time(kept.get("previous_until")) if isinstance(kept, dict) else None
    return f"{line}; the secret before is accepted until {until.astimezone():%Y-%m-%d %H:%M}" if until else line


def describe(webhook: dict[str, Any]) -> Iterator[str]:
    """Yield lines that tell all there is about a webhook."""
    facts = {
        "id": webhook.get("id"),
        "description": webhook.get("description"),
        "enabled": "yes" if webhook.get("enabled", True) else "no",
        "auth": auth_line(webhook),
        "delivery id": webhook.get("delivery_id"),
        "largest body": f"{limit:,} bytes" if (limit := webhook.get("max_body_bytes")) else None,
        "requests kept": _kept(webhook),
        "created": ago(webhook.get("created")),
        "updated": ago(webhook.get("updated")),
    }
    yield f"Webhook {webhook.get('name')}"
    yield from (f"  {name:<13}  {fact}" for name, fact in facts.items() if fact)
    yield ""
    yield "Template"
    template = webhook.get("template")
    text = template if isinstance(template, str) else json.dumps(template, indent=2, ensure_ascii=False)
    yield from (f"  {line}" for line in str(text).splitlines())


def _kept(webhook: dict[str, Any]) -> str:
    which = "all" if webhook.get("log_requests") else "failed ones"
    return f"{which}, {'with' if webhook.get('keep_bodies') else 'without'} bodies"
