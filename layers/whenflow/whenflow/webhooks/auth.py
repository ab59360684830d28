"""How a caller proves who it is: the settings of each scheme, and the rules for its secret.

A secret is given once, with the settings, and is never part of what is dumped: `WebhookRegistry` keeps it in the
secrets store, and the webhook holds the reference.
"""

import base64
import binascii
import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationInfo, field_validator

from whenflow.ports import Ids
from whenflow.webhooks.secrets import is_reference

MIN_SECRET_CHARS = 8
MAX_SECRET_CHARS = 4096
SIGNING_KEY_BYTES = (24, 64)
PUBLIC_KEY_BYTES = 32
SYMMETRIC, PUBLIC = "whsec_", "whpk_"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
HEADER_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
NAMED_HEADER = re.compile(r"header:[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class _Scheme(BaseModel):
    """What all schemes have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def has_secret(self) -> bool:
        """Whether callers need a secret."""
        return True

    def without_secret(self) -> "_Scheme":
        """Return the settings alone."""
        return self.model_copy(update={"secret": None}) if self.has_secret else self

    def new_secret(self, ids: Ids) -> str | None:
        """Return a fresh secret, or None where only the sender can make one."""
        return ids.secret() + ids.secret()


class _WithSecret(_Scheme):
    """A scheme with a secret.

    Attributes:
        secret: The secret, or a reference to it (`ssm:…`, `secretsmanager:…`); only ever in what a client sends.
    """

    secret: StrictStr | None = Field(default=None, exclude=True, repr=False)

    @field_validator("secret")
    @classmethod
    def _is_usable(cls, secret: str | None) -> str | None:
        if secret is not None and not is_reference(secret):
            if not MIN_SECRET_CHARS <= len(secret) <= MAX_SECRET_CHARS:
                raise ValueError(f"A secret has {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS:,} characters")
            cls._check_form(secret)
        return secret

    @classmethod
    def _check_form(cls, secret: str) -> None:
        """Refuse a secret that this scheme cannot use."""


class _Timed(_WithSecret):
    """A scheme that signs the time, too.

    Attributes:
        tolerance_seconds: How far the sender's time may be off, before or after ours.
    """

    tolerance_seconds: int = Field(default=300, ge=1, le=86_400)


class NoAuth(_Scheme):
    """Whoever knows the address may send."""

    type: Literal["none"] = "none"

    @property
    def has_secret(self) -> bool:
        """Whether callers need a secret."""
        return False


class BearerAuth(_WithSecret):
    """`Authorization: Bearer <secret>`."""

    type: Literal["bearer"]


class BasicAuth(_WithSecret):
    """HTTP basic; the secret is the password."""

    type: Literal["basic"]
    username: StrictStr = Field(min_length=1, max_length=255, pattern=r"^[^:\x00-\x1f]+$")


class StandardWebhooksAuth(_Timed):
    """Standard Webhooks; the secret is `whsec_…` (HMAC), or `whpk_…` (the sender's public ed25519 key)."""

    type: Literal["standard-webhooks"]

    @classmethod
    def _check_form(cls, secret: str) -> None:
        low, high = SIGNING_KEY_BYTES
        key = key_bytes(secret)
        if secret.startswith(PUBLIC):
            if key is None or len(key) != PUBLIC_KEY_BYTES:
                raise ValueError(f"A public key is {PUBLIC} and the base64 of {PUBLIC_KEY_BYTES} bytes")
        elif key is None or not low <= len(key) <= high:
            raise ValueError(f"A signing secret is {SYMMETRIC} and the base64 of {low} to {high} bytes")

    def new_secret(self, ids: Ids) -> str | None:
        """Return a fresh signing secret."""
        return SYMMETRIC + base64.b64encode((ids.secret() + ids.secret()).encode()).decode()


class GithubAuth(_WithSecret):
    """`X-Hub-Signature-256`, as GitHub signs."""

    type: Literal["github"]


class _Issued(_WithSecret):
    """A scheme whose secret the sender issues."""

    def new_secret(self, ids: Ids) -> str | None:  # noqa: ARG002 - the sender makes it, not we
        """Return None."""
        return None


class StripeAuth(_Issued, _Timed):
    """`Stripe-Signature`."""

    type: Literal["stripe"]


class SlackAuth(_Issued, _Timed):
    """`X-Slack-Signature`, version 0."""

    type: Literal["slack"]


class ShopifyAuth(_Issued):
    """`X-Shopify-Hmac-Sha256`."""

    type: Literal["shopify"]


class HmacAuth(_Timed):
    """A signature of nearly any making.

    Attributes:
        header: The header with the signature; several of them are separated by commas or blanks.
        encoding: How the signature is written.
        algorithm: The hash beneath the HMAC.
        prefix: What stands before each signature, such as `sha256=`.
        content: What is signed. `{body}` is the raw body, `{timestamp}` the text of the timestamp header, `{method}`
            the method, `{header:x-name}` the text of a header.
        timestamp_header: The header with the time, in seconds (or milliseconds) since 1970; checked if it is named.
    """

    type: Literal["hmac"]
    header: StrictStr = Field(pattern=HEADER_NAME)
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    prefix: StrictStr = Field(default="", max_length=50)
    content: StrictStr = Field(default="{body}", max_length=500)
    timestamp_header: StrictStr | None = Field(default=None, pattern=HEADER_NAME, validate_default=True)

    @field_validator("content")
    @classmethod
    def _knows_its_parts(cls, content: str) -> str:
        names = PLACEHOLDER.findall(content)
        for name in names:
            if name not in ("body", "timestamp", "method") and not NAMED_HEADER.fullmatch(name):
                raise ValueError(f"There is no {{{name}}}; use {{body}}, {{timestamp}}, {{method}} or {{header:NAME}}")
        if "body" not in names:
            raise ValueError("What is signed must contain the {body}")
        return content

    @field_validator("timestamp_header")
    @classmethod
    def _has_the_time_it_signs(cls, header: str | None, info: ValidationInfo) -> str | None:
        if header is None and "{timestamp}" in info.data.get("content", ""):
            raise ValueError("The content has a {timestamp}; say which header it comes from")
        return header


def _spelled_out(auth: Any) -> Any:
    """Take `"github"` for `{"type": "github"}`, and null for no scheme."""
    if auth is None:
        return {"type": "none"}
    return {"type": auth} if isinstance(auth, str) else auth


Scheme: TypeAlias = (
    NoAuth
    | BearerAuth
    | BasicAuth
    | StandardWebhooksAuth
    | GithubAuth
    | StripeAuth
    | SlackAuth
    | ShopifyAuth
    | HmacAuth
)
Auth = Annotated[Annotated[Scheme, Field(discriminator="type")], BeforeValidator(_spelled_out)]
"""The settings of one scheme, told apart by `type`."""


def key_bytes(secret: str) -> bytes | None:
    """Return the key that a Standard Webhooks secret stands for, or None where it is none."""
    text = secret.removeprefix(SYMMETRIC).removeprefix(PUBLIC)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
