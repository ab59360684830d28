"""Tries a webhook out on a request: what would come of it, with nothing stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whenflow.errors import TooLarge
from whenflow.events import Event
from whenflow.ports import Clock, Ids
from whenflow.templating import TemplateError
from whenflow.templating.drafts import check_draft
from whenflow.webhooks.interpret import interpret_all
from whenflow.webhooks.model import Webhook
from whenflow.webhooks.rendering import Misread
from whenflow.webhooks.request import HttpRequest


@dataclass(frozen=True, slots=True)
class Trial:
    """What would come of a request.

    Attributes:
        events: The events it would make.
        errors: Why there are none.
        rendered: What the template gave where that was no event.
    """

    events: list[Event] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    rendered: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "events": [event.as_document() for event in self.events],
            "errors": self.errors,
            "rendered": self.rendered,
        }


def try_out(
    webhook: Webhook, request: HttpRequest, ids: Ids, clock: Clock, draft: str | Mapping[str, Any] | None = None
) -> Trial:
    """Interpret a request as the webhook would, once its sender was believed.

    Args:
        webhook: The webhook.
        request: The request.
        ids: Where the ids of its events come from.
        clock: When it comes.
        draft: A template to be tried in place of the webhook's.
    """
    if draft is not None:
        try:
            check_draft(draft)
        except TemplateError as error:
            return Trial(errors=[{"loc": ["template"], "message": error.message, "line": error.line}])
        webhook = webhook.model_copy(update={"template": draft})
    if len(request.body) > webhook.max_body_bytes:
        return _failed(f"The body has {len(request.body):,} bytes; the limit is {webhook.max_body_bytes:,}.")
    try:
        return Trial(events=interpret_all(webhook, request, ids, clock.now()))
    except Misread as error:
        return _failed(error.reason, error.rendered)
    except TooLarge as error:
        return _failed(error.reason)


def _failed(reason: str, rendered: str | None = None) -> Trial:
    return Trial(errors=[{"message": reason}], rendered=rendered)
