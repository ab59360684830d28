"""From template and request to the document of an event: the room's only door to the template engine."""

from collections.abc import Mapping
from typing import Any

from whenflow.templating import TemplateError, render
from whenflow.templating.drafts import NotRendered, render_draft


class Misread(Exception):
    """The request gives no event.

    Attributes:
        reason: Why, for the caller and for the feed.
        rendered: What the template made of the request, as far as it came.
    """

    def __init__(self, reason: str, rendered: str | None = None) -> None:
        """Keep the reason and what was rendered."""
        super().__init__(reason)
        self.reason = reason
        self.rendered = rendered


def rendered_document(template: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Render a template to the document of an event.

    Raises:
        Misread: The template fails on this request, or gives no JSON object.
    """
    try:
        return render_draft(template, context)
    except NotRendered as error:
        raise Misread(error.reason, error.rendered) from None


def rendered_text(template: str, context: Mapping[str, Any], what: str) -> str:
    """Render a template to plain text.

    Raises:
        Misread: The template fails on this request.
    """
    try:
        return render(template, context)
    except TemplateError as error:
        raise Misread(f"The template of {what} failed: {error}") from None
