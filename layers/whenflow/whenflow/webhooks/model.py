"""The webhook."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, field_validator

from whenflow.errors import Rejected
from whenflow.events.validation import Instant, faults_of
from whenflow.templating import TemplateError, check

RESOURCE_PREFIX = "prefect-cloud.webhook."
SLUG_KIND = "webhook-slug"


class WebhookInput(BaseModel):
    """A webhook as a client sends it.

    Attributes:
        template: Jinja2 text that renders to the event's JSON.
        delivery_id: Jinja2 text that renders to the sender's own id of this delivery. A delivery whose id was seen
            before is answered like the first and makes no second event. Without it the usual headers are looked at.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr = Field(min_length=1, max_length=255)
    description: StrictStr = ""
    enabled: bool = True
    template: StrictStr
    delivery_id: StrictStr | None = None

    @field_validator("template", "delivery_id")
    @classmethod
    def _is_template(cls, source: str | None) -> str | None:
        if source is not None:
            try:
                check(source)
            except TemplateError as error:
                raise ValueError(f"The template is not valid: {error}") from None
        return source


class Webhook(WebhookInput):
    """A webhook as it is stored; of its slug only the hash is kept."""

    id: str
    created: Instant
    updated: Instant
    slug_hash: str

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return RESOURCE_PREFIX + self.id

    def as_document(self) -> dict[str, Any]:
        """Return the webhook as the API shows it."""
        return self.model_dump(mode="json", exclude={"slug_hash"})


def slug_hash(slug: str) -> str:
    """Return what is kept of a slug."""
    return sha256(slug.encode("utf-8", "replace")).hexdigest()


def webhook_from_document(document: object) -> WebhookInput:
    """Check what a client sent.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        return WebhookInput.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid webhook.", faults_of(error)) from None


def webhook_from_stored(document: Mapping[str, Any]) -> Webhook:
    """Read a webhook that Whenflow stored."""
    return Webhook.model_validate(document)
