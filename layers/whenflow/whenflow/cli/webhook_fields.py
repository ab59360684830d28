"""What the command line says of a webhook, as the fields that the API takes."""

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError, did_you_mean
from whenflow.cli.secret_input import ASK, WAYS, can_ask, read_secret

PresetName = Literal["github", "stripe", "slack", "shopify", "cloudevents", "kafka", "standard-webhooks"]
LONE_EXPRESSION = re.compile(r"\s*\{\{(?:(?!\}\}).)*\}\}\s*", re.DOTALL)
YAML = frozenset({".yaml", ".yml"})
AUTH_TYPES = ("none", "bearer", "basic", "standard-webhooks", "github", "stripe", "slack", "shopify", "hmac")
GIVEN_BY_SENDER = {
    "slack": "Slack's signing secret, from the app's page Basic Information",
    "shopify": "the app's client secret, or the secret under Settings, Notifications, Webhooks",
}
LATER = "stripe"  # gives its secret only after it was told the URL
_GROUP = Group("The webhook", sort_key=1)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of a webhook; None is one that was not given."""

    template: Annotated[
        str | None,
        Parameter(
            alias="-t",
            help="Jinja2 text that makes a JSON event of a request; @FILE reads a file, @- standard input. "
            "A YAML file holds the event itself: each text in it is a template of its own, and a lone {{ expression }} "
            "keeps its type.",
        ),
    ] = None
    description: Annotated[str | None, Parameter(alias="-d", help="What it is for.")] = None
    delivery_id: Annotated[
        str | None,
        Parameter(
            help="Jinja2 text that tells deliveries apart, so that one sent twice is one event: "
            "{{ headers['x-github-delivery'] }}"
        ),
    ] = None
    auth: Annotated[
        str | None,
        Parameter(
            help=f"How callers prove who they are: {', '.join(AUTH_TYPES)}; "
            "or a JSON object with a type and its settings, or @FILE with one."
        ),
    ] = None
    username: Annotated[str | None, Parameter(help="For --auth basic.")] = None
    secret: Annotated[
        str | None,
        Parameter(help=f"Where the secret is; without it Whenflow makes one and shows it once. {WAYS}"),
    ] = None
    max_body_bytes: Annotated[int | None, Parameter(help="Larger bodies are refused.")] = None
    keep_bodies: Annotated[bool | None, Parameter(negative="--no-keep-bodies", help="Keep bodies in `requests`.")] = (
        None
    )
    log_requests: Annotated[
        bool | None,
        Parameter(negative="--no-log-requests", help="List in `requests` what succeeded, too; failures always are."),
    ] = None


NO_FIELDS = Fields()


def given(fields: Fields) -> dict[str, Any]:
    """Return what was given, but for the auth, as fields of the API."""
    found: dict[str, Any] = {
        "description": fields.description,
        "delivery_id": fields.delivery_id,
        "max_body_bytes": fields.max_body_bytes,
        "keep_bodies": fields.keep_bodies,
        "log_requests": fields.log_requests,
    }
    document = {name: value for name, value in found.items() if value is not None}
    if fields.template is not None:
        document["template"] = read_template(fields.template)
    return document


def read_template(argument: str) -> str | dict[str, Any]:
    """Return a template: text, or an object whose texts are templates of their own.

    An object is what a YAML file holds, and JSON whose payload is one expression in quotes: as text, that would make a
    text of the payload, and an event's payload is none.

    Raises:
        UsageError: The file cannot be read, or holds no object.
    """
    text, source = text_or_file(argument)
    if PurePath(source).suffix.lower() in YAML:
        from whenflow.cli.yaml_documents import parse_yaml

        document = parse_yaml(text, source)
        if not isinstance(document, dict):
            raise UsageError(f"{source} must hold an object, with `event` and `resource` at least.")
        return document
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # most text templates are no JSON before they are rendered
        return text
    payload = document.get("payload") if isinstance(document, dict) else None
    return document if isinstance(payload, str) and LONE_EXPRESSION.fullmatch(payload) else text


def read_auth(fields: Fields) -> dict[str, Any] | None:
    """Return the auth that was given, without the secret; None where none was.

    Raises:
        UsageError: There is no such kind of auth.
    """
    if fields.auth is None:
        if fields.username is not None:
            raise UsageError("--username goes with --auth basic.")
        return None
    text, source = text_or_file(fields.auth)
    if text.lstrip().startswith("{"):
        name = source or "--auth"
        auth = check_json_object(parse_json(text, name), name)
        if "secret" in auth:
            raise UsageError(f"{name} holds a secret. Give it apart, with --secret.", hint=WAYS)
    else:
        auth = {"type": text.strip()}
    if auth.get("type") not in AUTH_TYPES:
        kind = str(auth.get("type", ""))
        raise UsageError(
            f"There is no auth {kind!r}.", hint=f"{did_you_mean(kind, AUTH_TYPES)}There are {', '.join(AUTH_TYPES)}."
        )
    if fields.username is not None:
        auth["username"] = fields.username
    return auth


def with_secret(auth: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """Return an auth with its secret: the one that was given, or asked for where only the sender knows it.

    Where neither is there, Whenflow makes one. Stripe's is known only after Stripe was told the URL; until it is given
    with `rotate-secret`, a secret that nobody knows keeps everybody out.

    Raises:
        UsageError: There is none to be had, or it has no use.
    """
    kind = auth["type"]
    if kind == "none":
        if fields.secret is not None:
            raise UsageError("--secret has no use where nothing is checked: give --auth, too.", hint=WAYS)
        return auth
    if fields.secret is not None:
        return auth | {"secret": read_secret(fields.secret)}
    if what := GIVEN_BY_SENDER.get(kind):
        if not can_ask():
            raise UsageError(f"--secret is missing: {what}.", hint=WAYS)
        return auth | {"secret": read_secret(ASK)}
    return auth | {"secret": secrets.token_urlsafe(32)} if kind == LATER else auth
