"""`whenflow key`: who may use the API, and for what."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from whenflow.cli.client import connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import CliError, NotConnected, UsageError
from whenflow.cli.lookup import KEY, WEBHOOK, find
from whenflow.cli.moments import read_length
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, parse_time, print_json, say
from whenflow.cli.tables import Column, print_table

app = group("key", "Who may use the API, and for what.")

Scope = Literal["read", "emit", "operate", "admin"]
MAX_KEYS = 1000


@app.command
def create(
    name: str,
    /,
    *,
    scope: Annotated[tuple[Scope, ...], Parameter(alias="-s")] = (),
    webhook: Annotated[tuple[str, ...], Parameter(alias="-w")] = (),
    expires: Annotated[str | None, Parameter(alias="-e")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Make a key. It is shown this once.

    Args:
        name: Whose it is, or what for.
        scope: read: see everything; emit: send events; operate: both, switch automations, replay; admin: everything.
            May be given several times.
        webhook: All that can be done with this webhook, but to delete it: its name or its id.
        expires: After how long it ends (90d, 12h), or when (2026-12-31T00:00:00Z). By default never.
        options: Common to all commands.
    """
    if not scope and not webhook:
        raise UsageError("Say what the key may do: --scope read, emit, operate or admin; or --webhook NAME.")
    with connect(options) as api:
        scopes = [*scope, *(f"webhook:{find(api, WEBHOOK, one)['id']}" for one in webhook)]
        made = api.post("/keys", {"name": name, "scopes": scopes, "expires": _end(expires)})
    if options.json:
        print_json(made)
        return
    say(f"Made the key {made.get('name')} ({made.get('id')}). It is not shown again:", "", f"  {made.get('key')}")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the keys."""
    with connect(options) as api:
        keys = api.newest("keys", MAX_KEYS)
    if options.json:
        print_json(keys)
        return
    columns = (
        Column("NAME", elastic=True),
        Column("SCOPES", elastic=True),
        Column("EXPIRES"),
        Column("LAST USED"),
        Column("CREATED", wide=True),
        Column("ID"),
    )
    print_table(columns, (_row(key) for key in keys))


@app.command
def inspect(key: str, /, *, options: Options = DEFAULTS) -> None:
    """Show what is known of a key; the key itself nobody keeps.

    Args:
        key: Its name or its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, KEY, key)
    if options.json:
        print_json(found)
    else:
        say(*_described(found))


@app.command
def revoke(key: str, /, *, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Take a key back: within a second nobody is let in with it any more.

    Args:
        key: Its name or its id.
        yes: Do not ask.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, KEY, key)
        confirm(f"Whoever uses the key {found['name']} is locked out. Revoke it?", yes)
        api.delete(f"/keys/{found['id']}")
    if options.json:
        print_json(found)
    else:
        say(f"Revoked the key {found['name']}.")


@app.command
def bootstrap(
    stack: str = "whenflow", /, *, name: str = "first", region: str | None = None, json: bool = False
) -> None:
    """Make the first key of a deployed stack, with your own AWS credentials; or one when all others are lost.

    Needs cloudformation:DescribeStacks, and dynamodb:PutItem and UpdateItem on the stack's config table.

    Args:
        stack: Name of the CloudFormation stack.
        name: What to call the key.
        region: Where the stack is; by default where your AWS profile says.
        json: Write JSON, and nothing else.
    """
    try:
        from whenflow.aws import bootstrap as aws
    except ModuleNotFoundError as error:
        raise NotConnected(f"This needs {error.name}.", hint="Install it: pip install boto3") from None
    from whenflow.errors import WhenflowError

    try:
        made = aws.bootstrap(stack, name, region)
    except WhenflowError as error:
        raise CliError(str(error)) from None
    if json:
        print_json({"api_url": made.api_url, "key": made.key})
        return
    say(f"Made the key {name}, which may do everything. It is not shown again:", "")
    say(f"  export WHENFLOW_API_URL={made.api_url}", f"  export WHENFLOW_API_KEY={made.key}")


def _end(text: str | None) -> str | None:
    """Return when a key ends: after a length of time, or at a time."""
    if text is None:
        return None
    if moment := parse_time(text):
        return moment.isoformat()
    return (datetime.now(UTC) + timedelta(seconds=read_length(text, "--expires"))).isoformat()


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(key.get("name")),
        ", ".join(key.get("scopes") or ()),
        _ends(key),
        _used(key),
        ago(key.get("created")),
        str(key.get("id")),
    )


def _described(key: dict[str, Any]) -> Iterator[str]:
    yield f"{key.get('name')}  ({key.get('id')})"
    yield f"  may        {', '.join(key.get('scopes') or ())}"
    yield f"  created    {clock_time(key.get('created'))}"
    yield f"  expires    {_ends(key)}"
    yield f"  last used  {_used(key)}"


def _ends(key: dict[str, Any]) -> str:
    moment = parse_time(key.get("expires"))
    if moment is None:
        return "never"
    return "expired" if moment <= datetime.now(UTC) else ago(key["expires"])


def _used(key: dict[str, Any]) -> str:
    return ago(key["last_used"]) if key.get("last_used") else "never"
