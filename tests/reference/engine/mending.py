"""Prefect's engine without the faults that Whenflow does not share.

What Whenflow does in their place is written in the rules of the conformance cases, and in docs/templates.md. Where
the engine as it is and Whenflow disagree, but the engine so mended and Whenflow agree, they are meant to differ.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from jinja2 import TemplateSyntaxError
from prefect.server.events import actions
from prefect.server.events.schemas.labelling import LabelDiver
from prefect.server.utilities import user_templates
from prefect.utilities.schema_tools.hydration import HydrationError
from pydantic import TypeAdapter, ValidationError
from tests.reference.engine import documents, templating

DURATION = TypeAdapter(timedelta)
_prepared = user_templates._prepare_value_for_json
_getattr = user_templates.UserTemplateEnvironment.getattr
_walked = LabelDiver.__getattr__
_relevant = actions.JinjaTemplateAction._relevant_native_objects
_wrap = actions.RunDeployment._wrap_v1_template


@contextmanager
def without_faults() -> Iterator[None]:
    """Have the engine without them within."""
    run = actions.RunDeployment
    with ExitStack() as stack:
        for patched in (
            patch.object(documents, "prepared", _durations_as_numbers),
            patch.object(run, "_wrap_v1_template", staticmethod(_whole_expression)),
            patch.object(run, "_upgrade_v1_templates", classmethod(_in_lists_too)),
            patch.object(run, "_collect_errors", classmethod(_errors_in_lists_too)),
            patch.object(user_templates, "_prepare_value_for_json", _ids_times_and_labels_too),
            patch.object(user_templates.UserTemplateEnvironment, "getattr", _keys_before_methods),
            patch.object(actions.JinjaTemplateAction, "_relevant_native_objects", _variables_without_event),
            patch.object(LabelDiver, "__getattr__", _leaves_are_texts),
            patch.object(LabelDiver, "__str__", lambda self: self._value or str(self._labels)),
            patch.object(templating.Api, "every_variable", True),
        ):
            stack.enter_context(patched)
        yield


def _durations_as_numbers(value: Any) -> Any:
    """The window of a proactive trigger may be text, such as `PT30S`."""
    if isinstance(value, list):
        return [_durations_as_numbers(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _durations_as_numbers(item) for name, item in value.items()}
    if changed.get("posture") == "Proactive" and isinstance(changed.get("within"), str):
        with suppress(ValidationError):
            changed["within"] = DURATION.validate_python(changed["within"]).total_seconds()
    return changed


def _whole_expression(template: str) -> dict[str, Any]:
    """`| tojson` is for the whole of a lone expression; marks that trim white space around it mean nothing there."""
    wrapped: dict[str, Any] = _wrap(template)
    if wrapped["__prefect_kind"] != "json":
        return wrapped
    inside = template.strip()[2:-2]
    inside = inside[1:] if inside[:1] in ("-", "+") else inside
    inside = inside[:-1] if inside[-1:] == "-" else inside
    try:
        user_templates._template_environment.parse("{{" + inside + "}}")
    except TemplateSyntaxError:
        return wrapped
    value = {"__prefect_kind": "jinja", "template": "{{ (" + inside.strip() + ") | tojson }}"}
    return {"__prefect_kind": "json", "value": value}


def _in_lists_too(cls: Any, parameters: Any) -> None:
    """Templates are found in lists within lists, too."""
    if isinstance(parameters, dict) and "__prefect_kind" in parameters:
        return
    for key, value in parameters.items() if isinstance(parameters, dict) else enumerate(parameters):
        if isinstance(value, dict | list):
            cls._upgrade_v1_templates(value)
        elif isinstance(value, str) and actions.maybe_template(value):
            parameters[key] = cls._wrap_v1_template(value)


def _errors_in_lists_too(cls: Any, hydrated: Any, prefix: str = "") -> dict[str, HydrationError]:
    if isinstance(hydrated, HydrationError):
        return {prefix: hydrated}
    if not isinstance(hydrated, dict | list):
        return {}
    found: dict[str, HydrationError] = {}
    for key, value in hydrated.items() if isinstance(hydrated, dict) else enumerate(hydrated):
        found |= cls._collect_errors(value, f"{prefix}.{key}")
    return found


def _ids_times_and_labels_too(value: Any) -> Any:
    """Ids, times and labels have a form in JSON."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, LabelDiver):
        return str(value) or dict(value)
    return _prepared(value)


def _leaves_are_texts(self: Any, name: str) -> Any:
    """`labels.zone` is the text of the label, which compares, and is true."""
    found = _walked(self, name)
    return found if found._labels else found._value


def _keys_before_methods(self: Any, obj: Any, attribute: str) -> Any:
    """`a.items` is the key `items`, where there is one."""
    if isinstance(obj, Mapping) and attribute in obj:
        return obj[attribute]
    return _getattr(self, obj, attribute)


async def _variables_without_event(self: Any, templates: list[str], triggered_action: Any) -> Any:
    """`variables` need no event."""
    if triggered_action.triggering_event:
        return await _relevant(self, templates, triggered_action)
    if "variables" not in actions.matching_types_in_templates(templates, types={"variables"}):
        return {}
    async with await self.orchestration_client(triggered_action) as client:
        return {"variables": await client.read_workspace_variables()}
