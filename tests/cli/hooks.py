"""Webhooks of the product behind the command: who makes them, who calls them."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

TEMPLATE = """{
  "event": "customer.signed-up",
  "resource": {"prefect.resource.id": "customer.{{ body.userid }}"}
}"""
OTHER = TEMPLATE.replace("signed-up", "came-back")


def post(url: str, document: object = None, headers: Mapping[str, str] | None = None) -> int:
    data = json.dumps({"userid": "u-17"} if document is None else document).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def names(product):
    return [event.event for event in product.events.stored.values()]
