"""`whenflow webhook`: URLs that turn requests into events."""

import shlex
from datetime import timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.by_name import remove
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import Refused, UsageError
from whenflow.cli.lookup import WEBHOOK, find
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.secret_input import read_secret
from whenflow.cli.tables import Column, print_table
from whenflow.cli.webhook_fields import LATER, NO_FIELDS, Fields, PresetName, given, read_auth, with_secret
from whenflow.cli.webhook_text import auth_type, describe, introduce

app = group("webhook", "URLs that turn requests into events.")
app.command("whenflow.cli.webhook_trial:test", name="test", help="Show what a request would become; nothing is stored.")
app.command(
    "whenflow.cli.webhook_trial:requests",
    name="requests",
    help="List the latest requests: failed ones always, others where it logs them.",
)

MAX_SHOWN = 1000
MADE_BY_WHENFLOW = frozenset({"id", "created", "updated", "secrets", "slug", "url"})


@app.command
def create(
    name: str,
    /,
    *,
    preset: Annotated[PresetName | None, Parameter(alias="-p")] = None,
    disabled: bool = False,
    fields: Fields = NO_FIELDS,
    options: Options = DEFAULTS,
) -> None:
    """Make a webhook and show its URL, once: who knows it may send.

    Args:
        name: What to call it.
        preset: Begin with the template and the auth for this sender; what else is given, replaces them.
        disabled: Do not accept anything yet.
        fields: What the webhook is like.
        options: Common to all commands.
    """
    document = _preset(preset) | given(fields)
    if "template" not in document:
        raise UsageError("Give a --template, or a --preset that has one.", hint=_EXAMPLE_HINT)
    auth = read_auth(fields) or document.pop("auth", {"type": "none"})
    document |= {"name": name, "enabled": not disabled, "auth": with_secret(auth, fields)}
    with connect(options) as api:
        _check_new(api, name)
        webhook = api.create("webhooks", document)
    if options.json:
        print_json(webhook)
        return
    introduce(webhook, "Made")
    if auth["type"] == LATER and fields.secret is None:
        say(
            "",
            "Stripe shows its signing secret once it knows the URL; until then every delivery is refused. Give it:",
            "",
        )
        say(f"  whenflow webhook rotate-secret {webhook.get('id')} --secret ask --grace 0s")


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
            Column("AUTH"),
            Column("CREATED"),
            Column("ID"),
            Column("DESCRIPTION", wide=True, elastic=True),
        )
        print_table(columns, (_row(webhook) for webhook in webhooks))


@app.command
def inspect(webhook: str, /, *, options: Options = DEFAULTS) -> None:
    """Show a webhook: its settings and its template. URL and secret are not shown again.

    Args:
        webhook: Its name or its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
    if options.json:
        print_json(found)
    else:
        say(*describe(found))


@app.command
def update(
    webhook: str,
    /,
    *,
    name: str | None = None,
    preset: Annotated[PresetName | None, Parameter(alias="-p")] = None,
    fields: Fields = NO_FIELDS,
    options: Options = DEFAULTS,
) -> None:
    """Change a webhook; what is not given stays. Its URL stays, too.

    Args:
        webhook: Its name or its id.
        name: What to call it from now on.
        preset: Take the template and the auth for this sender; what else is given, replaces them.
        fields: What changes.
        options: Common to all commands.
    """
    changes = _preset(preset) | given(fields) | ({"name": name} if name is not None else {})
    auth = read_auth(fields) or changes.pop("auth", None)
    if not changes and auth is None:
        hint = "`whenflow webhook update --help` shows what can."
        if fields.secret is not None:
            hint = "For a new secret there is `whenflow webhook rotate-secret`."
        raise UsageError("Nothing is to change.", hint=hint)
    with connect(options) as api:
        before = find(api, WEBHOOK, webhook)
        kept = {key: value for key, value in before.items() if key not in MADE_BY_WHENFLOW}
        if auth is not None:
            stays = auth["type"] == auth_type(before) and fields.secret is None
            changes["auth"] = auth if stays else with_secret(auth, fields)
        answer = api.put(f"/webhooks/{before['id']}", kept | changes)
        after = api.get(f"/webhooks/{before['id']}")
    secret = answer.get("secret") if isinstance(answer, dict) else None
    if options.json:
        print_json(after | ({"secret": secret} if secret else {}))
        return
    say(f"Changed the webhook {after.get('name')} ({after.get('id')}).")
    if secret:
        _show_secret(secret)


@app.command
def toggle(
    webhook: str,
    /,
    *,
    on: Annotated[bool | None, Parameter(name="--on", negative="--off")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Switch a webhook off, so that it accepts nothing, or on again.

    Args:
        webhook: Its name or its id.
        on: Switch it on, whatever it is now; --off switches it off.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
        enabled = not found.get("enabled", True) if on is None else on
        api.patch(f"/webhooks/{found['id']}", {"enabled": enabled})
    if options.json:
        print_json(found | {"enabled": enabled})
        return
    state = "is on" if enabled else "is off: who calls it is told that there is nothing"
    say(f"The webhook {found.get('name')} {state}.")


@app.command
def rotate(webhook: str, /, *, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Give a webhook a new URL, and show it once; the old one stops working at once.

    Args:
        webhook: Its name or its id.
        yes: Do not ask.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
        confirm(f"The present URL of {found.get('name')} stops working at once. Rotate it?", yes)
        answer = api.post(f"/webhooks/{found['id']}/rotate", {})
    if options.json:
        print_json(answer)
        return
    introduce(found | answer, "Rotated")


@app.command(name="rotate-secret")
def rotate_secret(
    webhook: str,
    /,
    *,
    secret: str | None = None,
    grace: timedelta = timedelta(days=1),
    options: Options = DEFAULTS,
) -> None:
    """Give a webhook a new secret; the present one is accepted beside it for a while. Its URL stays.

    Args:
        webhook: Its name or its id.
        secret: Where the new secret is: `ask`, @FILE, @- for standard input, env:NAME, ssm:NAME or
            secretsmanager:NAME. Without it Whenflow makes one and shows it once.
        grace: How long the present secret is accepted: 1d, 2h, 0s.
        options: Common to all commands.
    """
    if grace < timedelta(0):
        raise UsageError("--grace must not be less than nothing.")
    body: dict[str, Any] = {"grace_seconds": int(grace.total_seconds())}
    with connect(options) as api:
        found = find(api, WEBHOOK, webhook)
        if auth_type(found) == "none":
            raise UsageError(
                f"The webhook {found.get('name')} has no secret.",
                hint="`whenflow webhook update --auth …` gives it one.",
            )
        if secret is not None:
            body["secret"] = read_secret(secret)
        answer = api.post(f"/webhooks/{found['id']}/rotate-secret", body)
    if options.json:
        print_json(answer)
        return
    lives = f"the one before is accepted for another {_spoken(grace)}" if grace else "the one before is not any longer"
    say(f"The webhook {found.get('name')} has a new secret; {lives}.")
    if isinstance(answer, dict) and answer.get("secret"):
        _show_secret(answer["secret"])


@app.command
def delete(webhook: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove webhooks with their URLs and secrets. Their events stay.

    Args:
        webhook: Its name or its id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(WEBHOOK, (webhook, *more), options, yes=yes, also=", and the URL for good")


@app.command
def presets(*, options: Options = DEFAULTS) -> None:
    """List the presets: known senders, and what their deliveries become.

    Args:
        options: Common to all commands.
    """
    from whenflow.webhooks.presets import PRESETS

    if options.json:
        print_json([preset.as_document() for preset in PRESETS.values()])
        return
    columns = (Column("PRESET"), Column("AUTH"), Column("WHAT IT MAKES", elastic=True))
    print_table(columns, ((one.name, str(one.auth["type"]), one.description) for one in PRESETS.values()))
    say("", "Take one with `whenflow webhook create NAME --preset PRESET`; docs/webhooks/ has a page for each.")


def _check_new(api: Api, name: str) -> None:
    """Refuse a name that is taken: commands find webhooks by name, and a command given twice shall not make two."""
    asked = {"webhooks": {"name": {"any_": [name]}}, "limit": 1}
    if same := api.post("/webhooks/filter", asked):
        update, rotate = (f"`whenflow webhook {verb} {shlex.quote(name)}`" for verb in ("update", "rotate"))
        raise Refused(
            f"There is a webhook {name} already ({same[0].get('id')}).",
            hint=f"{update} changes it, {rotate} gives it a new URL.",
        )


def _preset(name: str | None) -> dict[str, Any]:
    """Return the fields that a preset gives."""
    if name is None:
        return {}
    from whenflow.webhooks.presets import PRESETS

    preset = PRESETS[name].as_document()
    return {key: preset[key] for key in ("template", "delivery_id", "auth") if preset[key] is not None}


def _spoken(span: timedelta) -> str:
    from humanize import precisedelta

    return precisedelta(span)


def _show_secret(secret: str) -> None:
    say("", f"  secret: {secret}", "", "Keep it: it is not shown again.")


def _row(webhook: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(webhook.get("name", "-")),
        "yes" if webhook.get("enabled", True) else "no",
        auth_type(webhook),
        ago(webhook.get("created")),
        str(webhook.get("id", "-")),
        str(webhook.get("description") or ""),
    )


_EXAMPLE = (
    "whenflow webhook create signups --template "
    """'{"event": "user.signed-up", "resource": {"prefect.resource.id": "{{ body.userid }}"}}'"""
)
_EXAMPLE_HINT = (
    f"{_EXAMPLE}\nor: whenflow webhook create github --preset github\n"
    "`whenflow webhook create --help` shows how it is called."
)
