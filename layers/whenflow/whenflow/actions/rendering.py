"""Texts of actions, rendered over the event."""

from whenflow.actions.outcome import ActionFailed
from whenflow.actions.parameters import Scope, render_text
from whenflow.automations.firing import Firing
from whenflow.events import Event
from whenflow.templating import TemplateError


class Texts:
    """Renders the texts of one action over one context."""

    def __init__(self, scope: Scope, firing: Firing, event: Event | None) -> None:
        """Prepare the names that templates may use."""
        self._context = scope.context_of(firing, event)

    def render(self, what: str, text: str) -> str:
        """Return a text with its templates filled in.

        Raises:
            ActionFailed: A template fails.
        """
        try:
            return render_text(text, self._context)
        except TemplateError as error:
            reason = f"Unable to render template of the {what}: {error}"
            raise ActionFailed(reason, {"template_error": str(error)}) from None
