"""Requests as documents: what the log keeps, and what a client sends to try a webhook out."""

import base64
import binascii
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, field_validator, model_validator

from whenflow.errors import Rejected
from whenflow.events.validation import faults_of
from whenflow.webhooks.redact import visible_headers, visible_query
from whenflow.webhooks.request import HttpRequest

MAX_KEPT_BYTES = 64 * 1024


class _Sample(BaseModel):
    """A request as a client sends it: the body as JSON, as text, or as bytes in base64."""

    model_config = ConfigDict(extra="forbid")

    method: StrictStr = Field(default="POST", pattern=r"^[A-Za-z]{1,20}$")
    headers: dict[str, StrictStr] = Field(default_factory=dict)
    query: dict[str, StrictStr] = Field(default_factory=dict)
    body: Any = None
    body_base64: StrictStr | None = None

    @field_validator("body_base64")
    @classmethod
    def _is_base64(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise ValueError("This is no base64") from None
        return text

    @model_validator(mode="after")
    def _has_one_body(self) -> "_Sample":
        if self.body is not None and self.body_base64 is not None:
            raise ValueError("A request has a body or a body_base64, not both")
        return self


def request_from_document(document: object) -> HttpRequest:
    """Return the request that a document says. A body that is no text is sent as JSON.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        sample = _Sample.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid request.", faults_of(error, ("request",))) from None
    headers = {name.lower(): value for name, value in sample.headers.items()}
    if sample.body_base64 is not None:
        data = base64.b64decode(sample.body_base64)
    elif isinstance(sample.body, str):
        data = sample.body.encode("utf-8", "surrogatepass")
    elif sample.body is None:
        data = b""
    else:
        data = json.dumps(sample.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers.setdefault("content-type", "application/json")
    return HttpRequest(sample.method.upper(), headers, dict(sample.query), data)


def kept_request(request: HttpRequest, hidden: tuple[str, ...]) -> dict[str, Any] | None:
    """Return what the log keeps of a request, or None where its body is too large to be kept."""
    if len(request.body) > MAX_KEPT_BYTES:
        return None
    kept: dict[str, Any] = {
        "method": request.method,
        "headers": dict(visible_headers(request.headers, hidden)),
        "query": visible_query(request.query),
    }
    try:
        return kept | {"body": request.body.decode()}
    except UnicodeDecodeError:
        return kept | {"body_base64": base64.b64encode(request.body).decode()}
