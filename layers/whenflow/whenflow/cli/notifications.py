"""`whenflow notification`: where messages go."""

from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.by_name import remove
from whenflow.cli.client import connect
from whenflow.cli.confirm import Yes
from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import FAILED, CliError, UsageError
from whenflow.cli.lookup import NOTIFICATION_TARGET, find
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.values import shown

app = group("notification", "Where messages go: Slack, Teams, PagerDuty, e-mail, webhooks and more.")

MAX_SHOWN = 1000
COLLECTION = "notification-targets"
EXAMPLE = "whenflow notification create team slack-webhook url=@url.txt"
NUMBERS = frozenset({"port", "priority"})
SETTINGS = "Give settings as name=value, or all of them with --data."


@app.command
def create(
    name: str,
    type: str,
    /,
    *settings: str,
    data: str | None = None,
    default: bool = False,
    options: Options = DEFAULTS,
) -> None:
    """Make a target. Secrets among its settings are kept in the account's secret store, not in Whenflow.

    Args:
        name: What to call it.
        type: slack-webhook, ms-teams-webhook, discord-webhook, mattermost-webhook, pager-duty-webhook,
            opsgenie-webhook, twilio-sms, email, sns, webhook or custom-webhook.
        settings: What it needs to know, as name=value; name=@FILE keeps secrets off the command line, and lists and
            objects are JSON: url=@url.txt, to='["a@example.com"]'.
        data: All settings as one JSON object, or @FILE with it.
        default: Whenflow's own warnings go there.
        options: Common to all commands.
    """
    body: dict[str, Any] = {"name": name, "type": type, "data": _data(settings, data)}
    if default:
        body["is_default"] = True
    with connect(options) as api:
        target = api.create(COLLECTION, body)
    if options.json:
        print_json(target)
        return
    say(f"Made the notification target {target.get('name')} ({target.get('id')}).")
    say(f"Try it: whenflow notification test {target.get('id')}")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the targets."""
    with connect(options) as api:
        targets = api.newest(COLLECTION, MAX_SHOWN)
    if options.json:
        print_json(targets)
    elif not targets:
        say(
            "No notification targets yet. Make one:",
            "",
            f"  {EXAMPLE}",
        )
    else:
        columns = (Column("NAME", elastic=True), Column("TYPE"), Column("DEFAULT"), Column("CREATED"), Column("ID"))
        print_table(columns, (_row(target) for target in targets))


@app.command
def inspect(target: str, /, *, options: Options = DEFAULTS) -> None:
    """Show a target, with references in place of its secrets.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, NOTIFICATION_TARGET, target)
    if options.json:
        print_json(found)
        return
    say(f"Notification target {found.get('name')}{'  for warnings of Whenflow' if found.get('is_default') else ''}")
    facts = {"id": found.get("id"), "type": found.get("type"), "created": clock_time(found.get("created"))}
    say(*(f"  {name:<8}  {fact}" for name, fact in facts.items()), "", "Settings")
    settings = dict(found.get("data") or {})
    width = max(map(len, settings), default=0)
    say(*(f"  {name:<{width}}  {shown(value)}" for name, value in settings.items()))


@app.command
def update(
    target: str,
    /,
    *settings: str,
    name: str | None = None,
    data: str | None = None,
    default: Annotated[bool | None, Parameter(negative="--no-default")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Change a target; settings that are not named stay as they are.

    Args:
        target: Its name or id.
        settings: What changes, as with `create`.
        name: A new name.
        data: Settings that change, as one JSON object or @FILE with it.
        default: Whether Whenflow's own warnings go there.
        options: Common to all commands.
    """
    body: dict[str, Any] = {"data": _data(settings, data)}
    body |= {key: value for key, value in (("name", name), ("is_default", default)) if value is not None}
    with connect(options) as api:
        changed = api.patch(f"/{COLLECTION}/{find(api, NOTIFICATION_TARGET, target)['id']}", body)
    if options.json:
        print_json(changed)
    else:
        say(f"Changed the notification target {changed.get('name')} ({changed.get('id')}).")


@app.command
def delete(target: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove targets, and the secrets that were kept for them. Automations that send there fail from then on.

    Args:
        target: Its name or id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(NOTIFICATION_TARGET, (target, *more), options, yes=yes)


@app.command
def test(target: str, /, *, options: Options = DEFAULTS) -> int:
    """Send a message that says it is a trial.

    Args:
        target: Its name or id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, NOTIFICATION_TARGET, target)
        outcome = api.post(f"/{COLLECTION}/{found['id']}/test", {})
    if options.json:
        print_json(outcome)
        return 0 if outcome.get("sent") else FAILED
    if not outcome.get("sent"):
        raise CliError(f"The message was not sent: {outcome.get('reason')}")
    say(f"Sent a message to {found.get('name')}.")
    return 0


def _data(settings: tuple[str, ...], data: str | None) -> dict[str, Any]:
    """Return the settings that the command line gives."""
    given: dict[str, Any] = {}
    if data is not None:
        text, file = text_or_file(data)
        given = check_json_object(parse_json(text, file or "--data"), file or "--data")
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise UsageError(f"'{setting}' is not name=value.", hint=SETTINGS)
        text, file = text_or_file(value)
        text = text.strip() if file else text
        is_json = text[:1] in {"[", "{"} or text in {"true", "false", "null"} or (text.isdigit() and name in NUMBERS)
        given[name] = parse_json(text, name) if is_json else text
    return given


def _row(target: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(target.get("name", "-")),
        str(target.get("type", "-")),
        "yes" if target.get("is_default") else "",
        ago(target.get("created")),
        str(target.get("id", "-")),
    )
