"""CloudEvents 1.0 over HTTP, structured and binary, become the document of an event."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.events import RESOURCE_ID, named_id, parse_iso
from whenflow.templating.errors import Misused
from whenflow.templating.inserting import JsonText, json_text

REQUIRED = ("specversion", "type", "source", "id")
VERSIONS = frozenset({"1.0", "0.3"})
PREFIX = "ce-"
JSON_TYPE = re.compile(r"\s*[^;]*[/+]json\s*(;|\Z)", re.IGNORECASE)


def from_cloud_event(body: Any, headers: Any) -> JsonText:
    """Write the event of a CloudEvent as JSON.

    Its type is the event's name, its subject (or else its source) the resource; data and attributes are the payload.

    Args:
        body: The request's body, parsed where it is JSON.
        headers: The request's headers; with `ce-` headers the body is the data alone.

    Raises:
        Misused: It is no CloudEvent, with what is missing.
    """
    if not isinstance(headers, Mapping):
        raise Misused("from_cloud_event needs the headers: {{ body | from_cloud_event(headers) }}")
    attributes, data = _binary(body, headers) or _structured(body)
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise Misused(f"this is no CloudEvent: it has no {', '.join(missing)}")
    if attributes["specversion"] not in VERSIONS:
        raise Misused(f"CloudEvents {attributes['specversion']} are not known here; those of 1.0 are")
    document: dict[str, Any] = {
        "id": _id(attributes),
        "event": attributes["type"],
        "resource": {RESOURCE_ID: attributes.get("subject") or attributes["source"]},
        "payload": {"data": data, "cloudevents": attributes},
    }
    if _is_moment(attributes.get("time")):
        document["occurred"] = attributes["time"]
    return JsonText(json_text(document))


def _binary(body: Any, headers: Mapping[str, Any]) -> tuple[dict[str, Any], Any] | None:
    found = {str(name).lower(): value for name, value in headers.items()}
    if f"{PREFIX}specversion" not in found:
        return None
    attributes = {
        name.removeprefix(PREFIX): unquote(str(value)) for name, value in found.items() if name.startswith(PREFIX)
    }
    if "content-type" in found:
        attributes["datacontenttype"] = found["content-type"]
    return attributes, body


def _structured(body: Any) -> tuple[dict[str, Any], Any]:
    if isinstance(body, list):
        raise Misused("this is a batch of CloudEvents; a request gives one event, so have them sent one by one")
    if not isinstance(body, Mapping):
        raise Misused("this is no CloudEvent: there are no ce- headers, and the body is no JSON object")
    attributes = {
        name: value for name, value in body.items() if name not in ("data", "data_base64") and value is not None
    }
    odd = [name for name, value in attributes.items() if not isinstance(value, str | int | float)]
    if odd:
        raise Misused(f"this is no CloudEvent: its attribute {odd[0]} is neither text nor number nor boolean")
    if "data_base64" in body:
        return attributes, _decoded(body["data_base64"], str(attributes.get("datacontenttype", "")))
    return attributes, body.get("data")


def _decoded(text: Any, content_type: str) -> Any:
    """Return binary data as what it holds, where that is JSON or text; else as base64, as it came."""
    try:
        decoded = b64decode(text, validate=True).decode()
    except (TypeError, NotBase64, ValueError):
        return text
    if not JSON_TYPE.match(content_type):
        return decoded
    try:
        return parse_json(decoded)
    except Rejected:
        return decoded


def _id(attributes: Mapping[str, Any]) -> str:
    """Return the UUID of the CloudEvent: source and id together name it, and a repeated delivery is the same event."""
    try:
        return str(UUID(str(attributes["id"])))
    except ValueError:
        return named_id("cloudevent", str(attributes["source"]), str(attributes["id"]))


def _is_moment(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(parse_iso(text))
    except ValueError:
        return False
