"""`whenflow automation preview`: what the actions would do on an event, rendered by the code that does it."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Annotated, Any

from cyclopts import Parameter

from whenflow.cli.client import Api, connect
from whenflow.cli.documents import check_json_object, parse_json, read_file
from whenflow.cli.errors import FAILED, UsageError
from whenflow.cli.event_lookup import event_id
from whenflow.cli.lookup import AUTOMATION, as_id, find
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json, say

SUFFIXES = frozenset({".json", ".yaml", ".yml"})
QUIET = frozenset({"effect"})
VERBS = {
    "create-flow-run": "would run",
    "set-flow-run-state": "would set the state of the flow run",
    "delete-flow-run": "would delete the flow run",
    "send-message": "would send to",
    "send-email": "would send an e-mail",
    "call-webhook": "would call",
    "switch-automation": "would switch the automation",
    "update": "would change the",
    "emit-event": "would emit",
}
ON = {"event": "", "trigger": ", when it fires", "resolve": ", when it resolves"}


def preview(
    *,
    automation: Annotated[str, Parameter(alias="-a")],
    event: Annotated[str | None, Parameter(alias="-e")] = None,
    event_file: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    no_event: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    options: Options = DEFAULTS,
) -> int:
    """Show exactly what each action would do on an event: parameters, subject, body, errors. Nothing is done.

    Ends with 0 if each action could be done, 1 if one would fail.

    Args:
        automation: Name or id of an automation; or a YAML or JSON file with one or several.
        event: Id of a stored event, or the end of it.
        event_file: File with an event as JSON; - reads standard input.
        no_event: As when time closes the window, and no event does.
        options: Common to all commands.
    """
    if sum((event is not None, event_file is not None, no_event)) != 1:
        raise UsageError("Give the event: --event ID, --event-file FILE or --no-event.")
    with connect(options) as api:
        on = {"event_id": event_id(api, event)} if event else {"event": _event(event_file) if event_file else None}
        answers = list(_previews(api, automation, on))
        if options.json:
            print_json(answers if len(answers) > 1 else answers[0])
        else:
            say(*_told(answers))
    outcomes = [action["outcome"] for answer in answers for action in answer["actions"]]
    return FAILED if any(outcome != "executed" for outcome in outcomes) else 0


def _previews(api: Api, automation: str, on: dict[str, Any]) -> Iterator[dict[str, Any]]:
    is_file = PurePath(automation).suffix.lower() in SUFFIXES or (not as_id(automation) and Path(automation).is_file())
    if not is_file:
        yield api.post(f"/automations/{find(api, AUTOMATION, automation)['id']}/preview", on)
        return
    from whenflow.cli.automation_input import NOTHING_SAID, read_automations, with_ids_for_names

    for draft in read_automations([automation], None, NOTHING_SAID):
        yield api.post("/automations/preview", {"automation": with_ids_for_names(api, draft), **on})


def _event(name: str) -> dict[str, Any]:
    return check_json_object(parse_json(read_file(name), name), name)


def _told(answers: list[dict[str, Any]]) -> Iterator[str]:
    for place, answer in enumerate(answers):
        if place:
            yield ""
        yield f"Automation {answer['automation'].get('name')}"
        if not answer["fires"] and answer.get("event_id"):
            yield "  This event alone does not make it fire; this is what it would do if it did."
        if answer.get("labels"):
            yield f"  for {', '.join(f'{label} {value}' for label, value in answer['labels'].items())}"
        if not answer["actions"]:
            yield "  It has no actions."
        for action in answer["actions"]:
            yield from _action(action)


def _action(action: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{action['index'] + 1}. {action['type']}{ON.get(action['on'], '')}"
    for effect in action["would"]:
        yield from _effect(effect)
    if action["outcome"] == "executed" and not action["would"]:
        yield "  would do nothing"
    elif action["outcome"] == "failed":
        yield f"  would fail: {action.get('reason')}"
    elif action["outcome"] == "retried":
        yield f"  would break, and be tried again: {action.get('reason')}"


def _effect(effect: dict[str, Any]) -> Iterator[str]:
    verb = VERBS.get(effect["effect"], effect["effect"])
    rest = {name: value for name, value in effect.items() if name not in QUIET and value not in (None, [], {}, "")}
    match effect["effect"]:
        case "create-flow-run":
            yield f"  {verb} {rest.pop('deployment')}"
            rest.pop("deployment_id", None)
        case "set-flow-run-state" | "delete-flow-run":
            yield f"  {verb} {rest.pop('flow_run')}"
        case "send-message" | "call-webhook":
            yield f"  {verb} {rest.pop('target')}"
        case "switch-automation":
            yield f"  {verb} {effect.get('automation')} {'on' if effect.get('enabled') else 'off'}"
            return
        case "update":
            yield f"  {verb} {rest.pop('kind')} {rest.pop('name')}"
        case _:
            yield f"  {verb}"
    for name, value in rest.items():
        yield from _field(name, value, "    ")


def _field(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield f"{indent}{name}"
        for key, one in value.items():
            yield f"{indent}  {key}: {json.dumps(one, ensure_ascii=False)}"
    elif isinstance(value, str) and "\n" in value:
        yield f"{indent}{name}"
        yield from (f"{indent}  {line}" for line in value.splitlines())
    else:
        yield f"{indent}{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
