"""`whenflow automation`: what happens when which events occur."""

from pathlib import PurePath
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.client import Api, connect
from whenflow.cli.deployments import full_name
from whenflow.cli.documents import parse_json, read_file
from whenflow.cli.errors import CliError, NotFound, UsageError, did_you_mean
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.tables import Column, print_table
from whenflow.cli.yaml_documents import parse_yaml

app = group("automation", "What happens when which events occur.")

MAX_SHOWN = 1000
HINT = (
    "Give an automation, a list of automations, or {automations: [...]}; each has at least name, trigger and actions."
)


app.command("whenflow.cli.automation_tests:test", name="test", help="Run the tests that are kept beside automations.")


@app.command
def create(
    *,
    from_file: Annotated[str | None, Parameter(alias="-f")] = None,
    from_json: Annotated[str | None, Parameter(alias="-j")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Make one automation or several.

    Args:
        from_file: YAML or JSON file with an automation or a list of them; - reads standard input.
        from_json: The same as JSON text.
        options: Common to all commands.
    """
    automations = [{key: value for key, value in one.items() if key != "tests"} for one in _read(from_file, from_json)]
    made: list[dict[str, Any]] = []
    with connect(options) as api:
        for automation in automations:
            try:
                made.append(api.create("automations", _with_deployment_ids(api, automation)))
            except CliError as error:
                _tell_how_far(error, automation, made, len(automations))
                raise
    if options.json:
        print_json(made if len(automations) > 1 else made[0])
        return
    for automation in made:
        say(f"Made the automation {automation.get('name')} ({automation.get('id')}).")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the automations."""
    with connect(options) as api:
        automations = api.newest("automations", MAX_SHOWN)
    if options.json:
        print_json(automations)
    elif not automations:
        say("No automations yet. Make one: whenflow automation create --from-file automation.yaml")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("ENABLED"),
            Column("WHEN", elastic=True),
            Column("THEN", elastic=True),
            Column("CREATED", wide=True),
            Column("ID", wide=True),
        )
        print_table(columns, (_row(automation) for automation in automations))


def _read(from_file: str | None, from_json: str | None) -> list[dict[str, Any]]:
    """Return the automations that the command line gives, at least one."""
    if (from_file is None) == (from_json is None):
        raise UsageError("Give either --from-file or --from-json.", hint=HINT)
    if from_json is not None:
        source, document = "--from-json", parse_json(from_json, "--from-json")
    else:
        source = str(from_file)
        parse = parse_json if PurePath(source).suffix.lower() == ".json" else parse_yaml
        document = parse(read_file(source), source)
    if isinstance(document, dict) and set(document) == {"automations"}:
        document = document["automations"]
    automations = document if isinstance(document, list) else [document]
    if not automations or not all(isinstance(automation, dict) for automation in automations):
        raise UsageError(f"{source} holds no automation.", hint=HINT)
    return automations


def _with_deployment_ids(api: Api, automation: dict[str, Any]) -> dict[str, Any]:
    """Let actions name their deployment (`deployment: flow/name`), as people do; the API wants its id."""
    actions = automation.get("actions")
    if not isinstance(actions, list):
        return automation
    return automation | {"actions": [_with_deployment_id(api, action) for action in actions]}


def _with_deployment_id(api: Api, action: Any) -> Any:
    if not isinstance(action, dict) or not isinstance(action.get("deployment"), str) or "deployment_id" in action:
        return action
    known = {full_name(deployment): deployment["id"] for deployment in api.newest("deployments", MAX_SHOWN)}
    name = action["deployment"]
    if name not in known:
        raise _unknown_deployment(name, list(known))
    return {key: value for key, value in action.items() if key != "deployment"} | {"deployment_id": known[name]}


def _unknown_deployment(name: str, known: list[str]) -> NotFound:
    return NotFound(
        f"There is no deployment {name}.",
        hint=did_you_mean(name, known) + "`whenflow deployment ls` shows those there are.",
    )


def _tell_how_far(error: CliError, automation: dict[str, Any], made: list[dict[str, Any]], total: int) -> None:
    """Add to an error which of several automations it is about, and which are made already."""
    if total == 1:
        return
    before = [f"made already: {done.get('name')} ({done.get('id')})" for done in made]
    error.message = (
        f"Automation {len(made) + 1} of {total}, {automation.get('name', 'without a name')}: {error.message}"
    )
    error.details = (*error.details, *before)


def _row(automation: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(automation.get("name", "-")),
        "yes" if automation.get("enabled", True) else "no",
        _when(automation.get("trigger") or {}),
        ", ".join(str(action.get("type", "?")) for action in automation.get("actions") or ()) or "-",
        ago(automation.get("created")),
        str(automation.get("id", "-")),
    )


def _when(trigger: dict[str, Any]) -> str:
    """Return the gist of a trigger: the events it expects, or its type."""
    if trigger.get("type", "event") != "event":
        return str(trigger["type"])
    expected = ", ".join(str(name) for name in trigger.get("expect") or ()) or "any event"
    return f"no {expected}" if trigger.get("posture") == "Proactive" else expected
