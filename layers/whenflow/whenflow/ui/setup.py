"""What the user set up: automations, webhooks, deployments. Lists, and a page of each."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from whenflow.errors import NotFound
from whenflow.runs.targets import WORK_POOLS
from whenflow.ui.rendering import Page
from whenflow.ui.text import MAX_JSON_CHARS, MAX_VALUE_CHARS, Shown, cut, moment_of, pretty

if TYPE_CHECKING:
    from whenflow.api.services import Services

Document = Mapping[str, Any]
EXAMPLE = "new_user_flow/lambda"
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}\Z")


def automations(services: "Services") -> Page:
    """Show the automations, newest first."""
    now = services.clock.now()
    names = _deployment_names(services)
    rows = [_automation(document, names, now) for document in _newest_first(services, "automation")]
    plain = (name for name in names.values() if PLAIN_NAME.match(name))
    values = {"automations": rows, "deployment": next(plain, EXAMPLE)}
    return Page("automations", "Automations", "automations", values)


def one_automation(services: "Services", id_: str) -> Page:
    """Show an automation as it was made."""
    document = _stored(services, "automation", id_)
    values = _automation(document, _deployment_names(services), services.clock.now()) | {
        "trigger": pretty(document["trigger"]),
        "actions": pretty(document["actions"]),
    }
    return Page("automation", values["name"], "automations", values)


def webhooks(services: "Services") -> Page:
    """Show the webhooks, newest first; their URLs are secrets that nobody keeps."""
    now = services.clock.now()
    rows = [_common(document, now) for document in _newest_first(services, "webhook")]
    return Page("webhooks", "Webhooks", "webhooks", {"webhooks": rows})


def one_webhook(services: "Services", id_: str) -> Page:
    """Show a webhook and its template."""
    document = _stored(services, "webhook", id_)
    values = _common(document, services.clock.now()) | {
        "source": _source(document["template"]),
        "delivery_id": _source(document.get("delivery_id") or ""),
    }
    return Page("webhook", values["name"], "webhooks", values)


def deployments(services: "Services") -> Page:
    """Show the deployments by name."""
    now = services.clock.now()
    found = sorted(services.config.all("deployment"), key=_full_name)
    return Page("deployments", "Deployments", "deployments", {"deployments": [_deployment(one, now) for one in found]})


def one_deployment(services: "Services", id_: str) -> Page:
    """Show a deployment; of its job variables only the one that says where the code is, for others may be secrets."""
    document = _stored(services, "deployment", id_)
    values = _deployment(document, services.clock.now()) | {"parameters": pretty(document.get("parameters") or {})}
    return Page("deployment", values["name"], "deployments", values)


def _automation(document: Document, deployment_names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return _common(document, now) | {
        "when": _when(document["trigger"]),
        "then": [_then(action, deployment_names) for action in document["actions"]],
    }


def _when(trigger: Document) -> str:
    """Return the gist of a trigger: the events it expects, or its type."""
    if trigger.get("type", "event") != "event":
        return cut(str(trigger["type"]))
    expected = ", ".join(str(name) for name in trigger.get("expect") or ()) or "any event"
    return cut(f"no {expected}" if trigger.get("posture") == "Proactive" else expected)


def _then(action: Document, deployment_names: Mapping[str, str]) -> dict[str, str]:
    """Return the gist of an action, with our page about the deployment it runs."""
    type_, deployment_id = cut(str(action.get("type", "?"))), str(action.get("deployment_id") or "")
    if deployment_id in deployment_names:
        href = f"/ui/deployments/{deployment_id}"
        return {"type": type_, "target": deployment_names[deployment_id], "href": href}
    gone = "a deployment that is gone" if deployment_id else ""
    return {"type": type_, "target": "the event's own" if action.get("source") == "inferred" else gone, "href": ""}


def _deployment(document: Document, now: datetime) -> dict[str, Any]:
    pool = str(document.get("work_pool_name") or "")
    variables = document.get("job_variables") or {}
    return _common(document, now) | {
        "name": cut(_full_name(document)),
        "pool": cut(pool),
        "target": cut(str(variables.get(WORK_POOLS.get(pool, ""), ""))),
        "tags": [cut(str(tag)) for tag in document.get("tags") or ()],
    }


def _common(document: Document, now: datetime) -> dict[str, Any]:
    return {
        "id": str(document["id"]),
        "name": cut(str(document["name"])),
        "description": cut(str(document.get("description") or ""), MAX_VALUE_CHARS),
        "enabled": document.get("enabled", True) is True,
        "created": moment_of(document.get("created"), now),
        "updated": moment_of(document.get("updated"), now),
    }


def _full_name(document: Document) -> str:
    return f"{document.get('flow_name')}/{document.get('name')}"


def _deployment_names(services: "Services") -> dict[str, str]:
    return {str(one["id"]): cut(_full_name(one)) for one in services.config.all("deployment")}


def _newest_first(services: "Services", kind: str) -> list[dict[str, Any]]:
    return sorted(services.config.all(kind), key=lambda one: str(one.get("created")), reverse=True)


def _source(template: str | Mapping[str, Any]) -> Shown:
    """Show a template: the text that it is, or its object as JSON."""
    text = template if isinstance(template, str) else json.dumps(template, indent=2, ensure_ascii=False)
    return Shown(text[:MAX_JSON_CHARS], max(0, len(text) - MAX_JSON_CHARS))


def _stored(services: "Services", kind: str, id_: str) -> dict[str, Any]:
    document = services.config.get(kind, id_)
    if document is None:
        raise NotFound(f"There is no {kind} {id_}.")
    return document
