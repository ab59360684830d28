"""`whenflow variable`: values that templates and flows can read."""

import json
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from whenflow.cli.by_name import remove
from whenflow.cli.client import connect
from whenflow.cli.confirm import Yes
from whenflow.cli.documents import text_or_file
from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.lookup import MAX_LISTED, VARIABLE, find
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, clock_time, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.values import VARIABLE_NAME, read_value, shown

app = group("variable", "Values that templates ({{ variables.name }}) and flows can read. Not for secrets.")

COLLECTION = "variables"


@app.command(name="set")
def set_(
    name: str,
    value: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    tag: list[str] | None = None,
    overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    text: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    options: Options = DEFAULTS,
) -> None:
    """Give a variable a value.

    Args:
        name: Letters, digits, - and _.
        value: JSON where it can be, else text; @FILE reads it from a file.
        tag: May be given again.
        overwrite: Change it if it is there.
        text: Take the value as text, even if it could be JSON.
        options: Common to all commands.
    """
    if not VARIABLE_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a variable: it has 1 to 255 letters, digits, - or _.")
    given, file = text_or_file(value)
    given = given.rstrip("\n") if file else given
    wanted: dict[str, Any] = {"value": given if text else read_value(given)} | ({"tags": tag} if tag else {})
    with connect(options) as api:
        present = api.find(_path(name))
        if present is None:
            kept = api.create(COLLECTION, {"name": name, **wanted})
        elif _says(present, wanted):
            kept = present
        elif not overwrite:
            raise CliError(
                f"The variable {name} is {shown(present.get('value'))} already.", hint="Give --overwrite to change it."
            )
        else:
            api.patch(_path(name), wanted)
            kept = present | wanted
    if options.json:
        print_json(kept)
    elif present is kept:
        say(f"{name} has that value already.")
    else:
        say(f"{'Changed' if present else 'Made'} the variable {name}.")


@app.command
def get(name: str, /, *, options: Options = DEFAULTS) -> None:
    """Write the value of a variable: text as it is, all else as JSON.

    Args:
        name: Its name.
        options: Common to all commands.
    """
    with connect(options) as api:
        value = find(api, VARIABLE, name).get("value")
    if options.json or not isinstance(value, str):
        print_json(value)
    else:
        say(*value.splitlines())


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the variables."""
    with connect(options) as api:
        variables = api.newest(COLLECTION, MAX_LISTED)
    if options.json:
        print_json(variables)
    elif not variables:
        say("No variables yet. Make one: whenflow variable set greeting hello")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("VALUE", elastic=True),
            Column("TAGS", elastic=True, wide=True),
            Column("UPDATED"),
        )
        print_table(columns, (_row(one) for one in variables))


@app.command
def inspect(name: str, /, *, options: Options = DEFAULTS) -> None:
    """Show all about a variable.

    Args:
        name: Its name.
        options: Common to all commands.
    """
    with connect(options) as api:
        variable = find(api, VARIABLE, name)
    if options.json:
        print_json(variable)
        return
    facts = {
        "id": variable.get("id"),
        "value": shown(variable.get("value")),
        "tags": ", ".join(variable.get("tags") or ()),
        "created": clock_time(variable.get("created")),
        "updated": clock_time(variable.get("updated")),
    }
    say(f"Variable {name}", *(f"  {what:<8}  {fact}" for what, fact in facts.items() if fact))


@app.command(name=["unset", "delete"])
def unset(name: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove variables. What reads them finds nothing from then on.

    Args:
        name: Its name.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(VARIABLE, (name, *more), options, yes=yes)


def _path(name: str) -> str:
    return f"/{COLLECTION}/name/{quote(name, safe='')}"


def _says(present: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Tell whether a variable is as wanted; true is not 1."""
    return all(_as_json(present.get(key)) == _as_json(value) for key, value in wanted.items())


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _row(variable: dict[str, Any]) -> tuple[str, ...]:
    tags = ", ".join(variable.get("tags") or ()) or "-"
    return str(variable.get("name", "-")), shown(variable.get("value")), tags, ago(variable.get("updated"))
