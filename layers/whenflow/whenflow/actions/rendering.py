"""Texts of actions, rendered over the event."""

from typing import Any

from whenflow.actions.outcome import ActionFailed
from whenflow.actions.parameters import context_of
from whenflow.automations.firing import Firing
from whenflow.events import Event
from whenflow.templating import TemplateError, is_template, render


class Texts:
    """Renders the texts of one action over one context."""

    def __init__(self, firing: Firing, event: Event | None) -> None:
        """Prepare the names that templates may use."""
        self._context: dict[str, Any] = context_of(firing, event)

    def render(self, what: str, text: str) -> str:
        """Return a text with its templates filled in.

        Raises:
            ActionFailed: A template fails.
        """
        if not is_template(text):
            return text
        try:
            return render(text, self._context)
        except TemplateError as error:
            reason = f"Unable to render template of the {what}: {error}"
            raise ActionFailed(reason, {"template_error": str(error)}) from None
