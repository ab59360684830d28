"""The source: which notifications it is about, and what becomes of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from whenflow.documents import STORED
from whenflow.errors import Fault, Rejected
from whenflow.events.validation import Instant, faults_of
from whenflow.sources.pattern import check_pattern
from whenflow.templating.drafts import check_draft
from whenflow.templating.errors import TemplateError

RESOURCE_PREFIX = "whenflow.source."
KIND = "source"


class SourceInput(BaseModel):
    """A source as a client sends it.

    Attributes:
        pattern: An EventBridge event pattern; the source is about the notifications that match it.
        template: Jinja2 text that renders to the event's JSON, or an object whose texts are templates. Without one the
            event is the one that the notification becomes by itself.
        drop: Nothing becomes of these notifications; then there is no template.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr = Field(min_length=1, max_length=255)
    description: StrictStr = ""
    enabled: bool = True
    pattern: dict[str, Any]
    template: StrictStr | dict[str, Any] | None = None
    drop: bool = False

    @field_validator("template")
    @classmethod
    def _is_template(cls, template: str | dict[str, Any] | None, info: ValidationInfo) -> str | dict[str, Any] | None:
        if template is not None and info.context != STORED:
            try:
                check_draft(template)
            except TemplateError as error:
                raise ValueError(f"The template is not valid: {error}") from None
        return template

    @model_validator(mode="after")
    def _makes_or_drops(self) -> "SourceInput":
        if self.drop and self.template is not None:
            raise ValueError("A source that drops its notifications has no template")
        return self


class Source(SourceInput):
    """A source as it is stored."""

    id: str
    created: Instant
    updated: Instant

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return RESOURCE_PREFIX + self.id

    @property
    def rank(self) -> tuple[str, str, str]:
        """Where it stands among the others: the first that matches decides."""
        return (self.name, self.created.isoformat(), self.id)

    def as_document(self) -> dict[str, Any]:
        """Return the source as the API shows and the store keeps it."""
        return self.model_dump(mode="json")


def source_from_document(document: object) -> SourceInput:
    """Check what a client sent.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        source = SourceInput.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid source.", _placed(faults_of(error))) from None
    if faults := check_pattern(source.pattern):
        placed = [Fault(("pattern", *fault.loc), fault.msg, fault.type) for fault in faults]
        raise Rejected("This is not a valid source.", placed)
    return source


def source_from_stored(document: Mapping[str, Any]) -> Source:
    """Read a source that Whenflow stored. Its template was checked then, and fails where it is used."""
    return Source.model_validate(document, context=STORED)


def _placed(faults: list[Fault]) -> list[Fault]:
    """Name a template's place once: pydantic tells of each form that it is not."""
    others = [fault for fault in faults if fault.loc[:1] != ("template",)]
    about = [fault for fault in faults if fault.loc[:1] == ("template",)]
    if not about:
        return others
    known = next((fault for fault in about if len(fault.loc) == 1), None)
    message = known.msg if known else "A template is a text, or an object of texts"
    return [*others, Fault(("template",), message, about[0].type)]
