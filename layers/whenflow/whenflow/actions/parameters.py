"""What the templates of an action give: parameters of a run, texts of messages. Rendered once, data stays data."""

from collections.abc import Mapping
from typing import Any

from whenflow.actions.context import ActionContext, Scope, context_of
from whenflow.actions.hydration import InvalidJson, NotText, VariableNotFound, check_parameters, hydrate
from whenflow.templating import TemplateError, is_template, render, sharing

__all__ = [
    "ActionContext",
    "InvalidJson",
    "NotText",
    "Scope",
    "TemplateError",
    "VariableNotFound",
    "check_parameters",
    "context_of",
    "render_parameters",
    "render_text",
]


def render_parameters(value: Any, context: Mapping[str, Any]) -> Any:
    """Render every template in a JSON tree; a lone `{{ expression }}` keeps its JSON type.

    Args:
        value: As it is stored; objects with `__prefect_kind` say what they stand for (SPEC 4.4).
        context: Of `context_of`. All templates of the tree share what work there may be.

    Raises:
        TemplateError: A template fails.
        InvalidJson: A text that is to be JSON is none.
        NotText: What is to be a template is no text.
        VariableNotFound: A variable is asked for that is not there.
    """
    with sharing(context):
        return hydrate(value, context)


def render_text(text: str, context: Mapping[str, Any]) -> str:
    """Render the text of a message or of a payload; one without a template stays as it is, to the last newline.

    Raises:
        TemplateError: It fails on this data.
    """
    return render(text, context) if is_template(text) else text
