"""`whenflow webhook`: URLs that turn requests into events."""

import json
import re
import shlex
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.client import connect
from whenflow.cli.documents import text_or_file
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.tables import Column, print_table

app = group("webhook", "URLs that turn requests into events.")

MAX_SHOWN = 1000
BODY_REFERENCE = re.compile(r"\bbody((?:\.[A-Za-z_]\w*)+)")


@app.command
def create(
    name: str,
    /,
    *,
    template: Annotated[str, Parameter(alias="-t")],
    description: Annotated[str, Parameter(alias="-d")] = "",
    delivery_id: str | None = None,
    options: Options = DEFAULTS,
) -> None:
    """Make a webhook and show its URL, once: who knows it may send.

    Args:
        name: What to call it.
        template: Jinja2 text that makes a JSON event of a request, or @FILE with such text.
        description: What it is for.
        delivery_id: Jinja2 text that tells deliveries apart, so that one sent twice is one event:
            {{ headers['x-github-delivery'] }}
        options: Common to all commands.
    """
    text, _ = text_or_file(template)
    body: dict[str, Any] = {"name": name, "description": description, "enabled": True, "template": text}
    if delivery_id is not None:
        body["delivery_id"] = delivery_id
    with connect(options) as api:
        webhook = api.create("webhooks", body)
    if options.json:
        print_json(webhook)
        return
    url = str(webhook.get("url") or "")
    say(f"Made the webhook {webhook.get('name', name)} ({webhook.get('id')}).", "", f"  {url}", "")
    say("Keep this URL: it is a secret, and it is not shown again. Try it:", "", f"  {curl(url, text)}", "")
    say("and see what came of it with `whenflow event ls`.")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the webhooks; their URLs are secrets and not among it."""
    with connect(options) as api:
        webhooks = api.newest("webhooks", MAX_SHOWN)
    if options.json:
        print_json(webhooks)
    elif not webhooks:
        say("No webhooks yet. Make one:", "", f"  {_EXAMPLE}")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("ENABLED"),
            Column("CREATED"),
            Column("ID"),
            Column("DESCRIPTION", wide=True, elastic=True),
        )
        print_table(columns, (_row(webhook) for webhook in webhooks))


def curl(url: str, template: str) -> str:
    """Return a command that calls a webhook with a body of the kind its template reads.

    Args:
        url: The webhook's URL.
        template: The webhook's template.
    """
    body: dict[str, Any] = {}
    for reference in BODY_REFERENCE.findall(template):
        *outer, last = reference[1:].split(".")
        place = body
        for name in outer:
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
        place.setdefault(last, "...")
    return f"curl -i {shlex.quote(url)} -H 'content-type: application/json' -d {shlex.quote(json.dumps(body))}"


def _row(webhook: dict[str, Any]) -> tuple[str, ...]:
    enabled = "yes" if webhook.get("enabled", True) else "no"
    return (
        str(webhook.get("name", "-")),
        enabled,
        ago(webhook.get("created")),
        str(webhook.get("id", "-")),
        str(webhook.get("description") or ""),
    )


_EXAMPLE = (
    "whenflow webhook create signups --template "
    """'{"event": "user.signed-up", "resource": {"prefect.resource.id": "{{ body.userid }}"}}'"""
)
