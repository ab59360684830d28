"""The webhook."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from whenflow.documents import STORED
from whenflow.errors import Fault, Rejected
from whenflow.events.validation import Instant, faults_of
from whenflow.templating import TemplateError, check
from whenflow.templating.drafts import check_draft
from whenflow.webhooks.auth import Auth, HmacAuth, NoAuth
from whenflow.webhooks.request import MAX_BODY_BYTES

KIND = "webhook"
RESOURCE_PREFIX = "prefect-cloud.webhook."
SLUG_KIND = "webhook-slug"
READ_ONLY = frozenset({"id", "created", "updated", "secrets", "slug", "url"})


def _text_or_object(template: Any) -> Any:
    if not isinstance(template, str | dict):
        raise ValueError("A template is a text or an object")
    return template


class WebhookInput(BaseModel):
    """A webhook as a client sends it.

    Attributes:
        template: What renders to the event: Jinja2 text that gives JSON, or an object whose texts are templates.
        delivery_id: Jinja2 text that renders to the sender's own id of this delivery. A delivery whose id was seen
            before is answered like the first and makes no second event. Without it the scheme's own place is looked at.
        auth: How callers prove who they are.
        max_body_bytes: A larger body is refused.
        log_requests: Whether requests that made an event are logged, too; those that were refused always are.
        keep_bodies: Whether the log keeps query, headers and body as well: only then can a request be used as a sample.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr = Field(min_length=1, max_length=255)
    description: StrictStr = Field(default="", max_length=10_000)
    enabled: bool = True
    template: Annotated[StrictStr | dict[str, Any], BeforeValidator(_text_or_object)]
    delivery_id: StrictStr | None = None
    auth: Auth = NoAuth()
    max_body_bytes: int = Field(default=MAX_BODY_BYTES, ge=1, le=MAX_BODY_BYTES)
    log_requests: bool = False
    keep_bodies: bool = False

    @field_validator("template", "delivery_id")
    @classmethod
    def _is_template(cls, source: str | dict[str, Any] | None, info: ValidationInfo) -> str | dict[str, Any] | None:
        if info.context == STORED:
            return source
        try:
            if isinstance(source, dict):
                check_draft(source)
            elif source is not None:
                check(source)
        except TemplateError as error:
            raise ValueError(f"The template is not valid: {error}") from None
        return source

    @property
    def hidden_headers(self) -> tuple[str, ...]:
        """Headers that carry a secret here although their names do not say so."""
        return (self.auth.header,) if isinstance(self.auth, HmacAuth) else ()


class SecretRefs(BaseModel):
    """Where the secrets of a webhook are kept.

    Attributes:
        current: The secret that callers use.
        previous: The one before, good until `previous_until`: so a sender can be told the new one without a gap.
    """

    model_config = ConfigDict(frozen=True)

    current: str
    previous: str | None = None
    previous_until: Instant | None = None

    def good_at(self, now: datetime) -> list[str]:
        """Return the references to the secrets that are good at a moment."""
        if self.previous and self.previous_until and now < self.previous_until:
            return [self.current, self.previous]
        return [self.current]


class Webhook(WebhookInput):
    """A webhook as it is stored; of its slug only the hash is kept, of its secrets only references."""

    id: str
    created: Instant
    updated: Instant
    slug_hash: str
    secrets: SecretRefs | None = None

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return RESOURCE_PREFIX + self.id

    def as_document(self) -> dict[str, Any]:
        """Return the webhook as the API shows it."""
        return self.model_dump(mode="json", exclude={"slug_hash"})

    def as_stored(self) -> dict[str, Any]:
        """Return the webhook as it is stored."""
        return self.model_dump(mode="json")


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
        raise Rejected("This is not a valid webhook.", [_placed(fault) for fault in faults_of(error)]) from None


def webhook_from_stored(document: Mapping[str, Any]) -> Webhook:
    """Read a webhook that Whenflow stored.

    Its templates were checked then. One that a newer version refuses fails on requests, where it is told.
    """
    return Webhook.model_validate(document, context=STORED)


def _placed(fault: Fault) -> Fault:
    """Name the field as the client wrote it: pydantic puts the kinds it tried into the path."""
    loc = fault.loc
    if loc[:1] == ("auth",) and len(loc) > 2:  # noqa: PLR2004 - auth, scheme, field
        loc = (loc[0], *loc[2:])
    elif loc[:1] == ("template",):
        loc = loc[:1]
    return Fault(loc, fault.msg, fault.type)
