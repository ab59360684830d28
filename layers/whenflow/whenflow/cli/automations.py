"""`whenflow automation`: what happens when which events occur."""

from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.automation_input import NOTHING_SAID, Said, as_files, read_automations, with_ids_for_names
from whenflow.cli.automation_show import in_full, row
from whenflow.cli.by_name import remove, switch
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes
from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.lookup import AUTOMATION, Names, find
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import print_json, say
from whenflow.cli.tables import Column, print_table

app = group("automation", "What happens when which events occur.")

MAX_SHOWN = 1000
KEPT_BY_THE_API = frozenset({"id", "created", "updated", "owner_resource", "warnings"})

app.command("whenflow.cli.automation_tests:test", name="test", help="Run the tests that are kept beside automations.")
app.command("whenflow.cli.preview:preview", name="preview", help="What the actions would do on an event; does nothing.")
app.command("whenflow.cli.plans:plan", name="plan", help="What `apply` would change, field by field; changes nothing.")
app.command("whenflow.cli.plans:apply", name="apply", help="Make what Whenflow has be as the files say.")
app.command("whenflow.cli.schema:schema", name="schema", help="The JSON Schema of the files, for editors.")


@app.command
def create(
    *files: str,
    from_file: Annotated[str | None, Parameter(alias="-f")] = None,
    from_json: Annotated[str | None, Parameter(alias="-j")] = None,
    said: Said = NOTHING_SAID,
    options: Options = DEFAULTS,
) -> None:
    """Make one automation or several.

    whenflow automation create greet.yaml
    whenflow automation create --on customer.signed-up --run welcome/main --param name='{{ event.payload.name }}'

    Args:
        files: YAML or JSON files, each with an automation or a list of them; - reads standard input.
        from_file: The same, as one option.
        from_json: The same as JSON text.
        said: The common case, without a file.
        options: Common to all commands.
    """
    automations = read_automations((*files, *as_files(from_file)), from_json, said)
    made: list[dict[str, Any]] = []
    with connect(options) as api:
        for automation in automations:
            try:
                made.append(api.create("automations", with_ids_for_names(api, automation)))
            except CliError as error:
                _tell_how_far(error, automation, made, len(automations))
                raise
    if options.json:
        print_json(made if len(automations) > 1 else made[0])
        return
    for automation in made:
        say(f"Made the automation {automation.get('name')} ({automation.get('id')}).")
        say(*(f"Beware: {warning}" for warning in automation.get("warnings") or ()))


@app.command
def ls(*, tag: list[str] | None = None, options: Options = DEFAULTS) -> None:
    """List the automations.

    Args:
        tag: Only those with this tag; given again, with all of them.
        options: Common to all commands.
    """
    with connect(options) as api:
        automations = api.newest("automations", MAX_SHOWN, {"automations": {"tags": {"all_": tag}}} if tag else None)
        shown = automations if options.json else _all_with_names(api, automations)
    if options.json:
        print_json(automations)
    elif not automations and tag:
        say(f"No automation has the tag {' and '.join(tag)}.")
    elif not automations:
        say("No automations yet. Make one: whenflow automation create --from-file automation.yaml")
        say("or without a file: whenflow automation create --on EVENT --run flow/deployment")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("ENABLED"),
            Column("WHEN", elastic=True),
            Column("THEN", elastic=True),
            Column("CREATED", wide=True),
            Column("ID", wide=True),
        )
        print_table(columns, (row(automation) for automation in shown))


@app.command
def inspect(automation: str, /, *, options: Options = DEFAULTS) -> None:
    """Show an automation: what it waits for, and what it does.

    Args:
        automation: Its name or id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, AUTOMATION, automation)
        shown = found if options.json else _with_names(api, found)
    if options.json:
        print_json(shown)
    else:
        say(*in_full(shown))


@app.command
def pause(automation: str, /, *, options: Options = DEFAULTS) -> None:
    """Switch an automation off: it sees no events until it is resumed. Its windows are forgotten.

    Args:
        automation: Its name or id.
        options: Common to all commands.
    """
    _switch(automation, False, options)


@app.command
def resume(automation: str, /, *, options: Options = DEFAULTS) -> None:
    """Switch an automation on: it starts afresh, with the events that occur from now on.

    Args:
        automation: Its name or id.
        options: Common to all commands.
    """
    _switch(automation, True, options)


@app.command
def update(
    automation: str,
    /,
    *,
    from_file: Annotated[str | None, Parameter(alias="-f")] = None,
    from_json: Annotated[str | None, Parameter(alias="-j")] = None,
    rename: str | None = None,
    description: Annotated[str | None, Parameter(alias="-d")] = None,
    tag: list[str] | None = None,
    options: Options = DEFAULTS,
) -> None:
    """Replace an automation, or change its name, description or tags. Windows of triggers that stay as they are go on.

    Args:
        automation: Its name or id.
        from_file: YAML or JSON file with the automation as it shall be; - reads standard input.
        from_json: The same as JSON text.
        rename: Its new name.
        description: Its new description.
        tag: Its tags from now on; may be given again.
        options: Common to all commands.
    """
    changes = {
        name: value
        for name, value in (("name", rename), ("description", description), ("tags", tag))
        if value is not None
    }
    given = from_file is not None or from_json is not None
    if not given and not changes:
        raise UsageError("Say what changes: --from-file, --from-json, --rename, --description or --tag.")
    documents = read_automations(as_files(from_file), from_json, NOTHING_SAID) if given else []
    if len(documents) > 1:
        raise UsageError(f"There are {len(documents)} automations in the file; one is replaced by one.")
    with connect(options) as api:
        found = find(api, AUTOMATION, automation)
        present = {name: value for name, value in found.items() if name not in KEPT_BY_THE_API}
        wanted = with_ids_for_names(api, documents[0]) if documents else present
        wanted = {name: value for name, value in wanted.items() if name not in KEPT_BY_THE_API}
        api.put(f"/automations/{found['id']}", wanted | changes)
        changed = api.get(f"/automations/{found['id']}")
    if options.json:
        print_json(changed)
    else:
        say(f"Changed the automation {changed.get('name')} ({changed.get('id')}).")


@app.command
def delete(automation: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove automations, with their windows. Runs that they started stay.

    Args:
        automation: Its name or id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(AUTOMATION, (automation, *more), options, yes=yes)


def _switch(automation: str, enabled: bool, options: Options) -> None:
    state = "on" if enabled else "off"
    words = (f"Switched the automation {{name}} {state}.", f"The automation {{name}} is switched {state} already.")
    switch(AUTOMATION, automation, {"enabled": enabled}, words, options)


def _with_names(api: Api, automation: dict[str, Any]) -> dict[str, Any]:
    return _all_with_names(api, [automation])[0]


def _all_with_names(api: Api, automations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from whenflow.automations.names import with_names

    names = Names(api)
    return [with_names(one, names.name_of) for one in automations]


def _tell_how_far(error: CliError, automation: dict[str, Any], made: list[dict[str, Any]], total: int) -> None:
    """Add to an error which of several automations it is about, and which are made already."""
    if total == 1:
        return
    before = [f"made already: {done.get('name')} ({done.get('id')})" for done in made]
    error.message = (
        f"Automation {len(made) + 1} of {total}, {automation.get('name', 'without a name')}: {error.message}"
    )
    error.details = (*error.details, *before)
