"""Automations from the command line: from files, from JSON, or from a few options for the common case."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import Api
from whenflow.cli.documents import parse_json, read_file
from whenflow.cli.errors import UsageError
from whenflow.cli.lookup import Names
from whenflow.cli.values import read_pair, read_parameters

HINT = (
    "Give an automation, a list of automations, or {automations: [...]}; each has at least name, trigger and actions."
)
SHORT = "Or say it in options: --on EVENT --run flow/deployment --param name='{{ event.payload.name }}'"
OF_THE_FILE = frozenset({"tests", "key"})


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Said:
    """An automation in a few options: on these events, run that deployment or send that message."""

    name: Annotated[str | None, Parameter(help="What to call it; by default what it does on what.")] = None
    on: Annotated[
        list[str] | None, Parameter(help="Name of an event that is waited for, * at its end; may be given again.")
    ] = None
    match: Annotated[
        list[str] | None, Parameter(help="What the event's resource must be: LABEL=PATTERN; may be given again.")
    ] = None
    absent: Annotated[
        bool, Parameter(negative="", show_default=False, help="Fire when the events of --on do not come in time.")
    ] = False
    after: Annotated[list[str] | None, Parameter(help="Name of an event that opens the wait; may be given again.")] = (
        None
    )
    for_each: Annotated[
        list[str] | None, Parameter(help="Label that keeps resources apart: prefect.resource.id; may be given again.")
    ] = None
    threshold: Annotated[int | None, Parameter(validator=Number(gte=1), help="How many events it takes.")] = None
    within: Annotated[float | None, Parameter(validator=Number(gte=0), help="Within how many seconds.")] = None
    run: Annotated[str | None, Parameter(help="Deployment to run: flow/deployment, or its id.")] = None
    param: Annotated[
        list[str] | None,
        Parameter(alias="-p", help="Parameter of the run: NAME=VALUE, with templates; may be given again."),
    ] = None
    params: Annotated[str | None, Parameter(help="All parameters as one JSON object, or @FILE with it.")] = None
    notify: Annotated[str | None, Parameter(help="Notification target that gets a message.")] = None
    subject: Annotated[str | None, Parameter(help="Subject of the message, with templates.")] = None
    message: Annotated[str | None, Parameter(help="Text of the message, with templates.")] = None
    description: Annotated[str | None, Parameter(alias="-d", help="What it is for.")] = None
    tag: Annotated[list[str] | None, Parameter(help="May be given again.")] = None
    disabled: Annotated[
        bool, Parameter(negative="", show_default=False, help="Make it switched off; `resume` switches it on.")
    ] = False


NOTHING_SAID = Said()


def as_files(from_file: str | None) -> tuple[str, ...]:
    """Return the file of the option --from-file, if it is given, as one of several."""
    return () if from_file is None else (from_file,)


def read_automations(files: Sequence[str], from_json: str | None, said: Said) -> list[dict[str, Any]]:
    """Return the automations that the command line gives, at least one.

    Args:
        files: YAML or JSON files; - is standard input.
        from_json: JSON text.
        said: The options that say an automation.

    Raises:
        UsageError: None is given, or in more than one way, or what is given is none.
    """
    ways = [bool(files), from_json is not None, said != NOTHING_SAID]
    if sum(ways) != 1:
        raise UsageError(
            "Give either a file, or --from-json, or options that say the automation.", details=(SHORT,), hint=HINT
        )
    if said != NOTHING_SAID:
        return [from_options(said)]
    if from_json is not None:
        return _automations_of(parse_json(from_json, "--from-json"), "--from-json")
    return [one for file in files for one in _automations_of(_parsed(file), file)]


def _parsed(file: str) -> Any:
    from whenflow.cli.yaml_documents import parse_yaml

    parse = parse_json if PurePath(file).suffix.lower() == ".json" else parse_yaml
    return parse(read_file(file), file)


def _automations_of(document: Any, source: str) -> list[dict[str, Any]]:
    if isinstance(document, dict) and "automations" in document and "trigger" not in document:
        if more := sorted(document.keys() & {"variables", "deployments"}):
            hint = "`whenflow automation apply` makes its variables too, `whenflow deploy` its deployments."
            raise UsageError(f"{source} holds more than automations: {', '.join(more)}.", hint=hint)
        document = document["automations"]
    automations = document if isinstance(document, list) else [document]
    if not automations or not all(isinstance(automation, dict) for automation in automations):
        raise UsageError(f"{source} holds no automation.", hint=HINT)
    return [{key: value for key, value in one.items() if key not in OF_THE_FILE} for one in automations]


def from_options(said: Said) -> dict[str, Any]:
    """Return the automation that the options say.

    Raises:
        UsageError: They say too little, or contradict each other.
    """
    if not said.on:
        raise UsageError("Say on which event: --on customer.signed-up", hint="`whenflow event ls` shows what happens.")
    if not said.run and not said.notify:
        raise UsageError("Say what to do: --run flow/deployment, or --notify TARGET --message TEXT.")
    if said.absent and not said.within:
        raise UsageError("Say how long to wait for events whose absence counts: --within SECONDS, at least 10.")
    actions = [action for action in (_run(said), _notification(said)) if action]
    done = said.run or f"notify {said.notify}"
    return {
        "name": said.name or f"{done} {'without' if said.absent else 'on'} {', '.join(said.on)}",
        "description": said.description or "",
        "enabled": not said.disabled,
        "tags": said.tag or [],
        "trigger": _trigger(said),
        "actions": actions,
    }


def with_ids_for_names(api: Api, automation: dict[str, Any]) -> dict[str, Any]:
    """Let actions name what they work on (`deployment: flow/name`), as people do; the API wants ids.

    Args:
        api: Who knows the ids.
        automation: As written.

    Raises:
        CliError: There is nothing of such a name.
    """
    from whenflow.automations.names import with_ids

    return with_ids(automation, Names(api).id_of)


def _trigger(said: Said) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "type": "event",
        "posture": "Proactive" if said.absent else "Reactive",
        "expect": said.on,
        "match": _match(said.match or []),
        "after": said.after,
        "for_each": said.for_each,
        "threshold": said.threshold,
        "within": said.within,
    }
    return {name: value for name, value in trigger.items() if value}


def _match(pairs: list[str]) -> dict[str, Any]:
    """Return the labels that are asked for; a label given twice may have either value."""
    match: dict[str, Any] = {}
    for pair in pairs:
        label, pattern = read_pair(pair, "--match")
        before = match.get(label)
        match[label] = pattern if before is None else [*(before if isinstance(before, list) else [before]), pattern]
    return match


def _run(said: Said) -> dict[str, Any] | None:
    parameters = read_parameters(said.param, said.params)
    if not said.run:
        if parameters:
            raise UsageError("--param is for the deployment that --run names; there is none.")
        return None
    return {"type": "run-deployment", "deployment": said.run, "parameters": parameters}


def _notification(said: Said) -> dict[str, Any] | None:
    if not said.notify:
        if said.message or said.subject:
            raise UsageError("--message and --subject are for the target that --notify names; there is none.")
        return None
    if not said.message:
        raise UsageError("Say what the message is: --message TEXT.")
    action = {"type": "send-notification", "block_document": said.notify, "body": said.message}
    return action | ({"subject": said.subject} if said.subject else {})
