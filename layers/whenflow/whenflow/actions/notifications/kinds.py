"""The kinds of targets, and what each needs to know. Field names are those of Prefect's blocks.

A secret comes in as it is or as a reference to a secret, and is stored as a reference.
"""

import re
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    field_validator,
    model_validator,
)

from whenflow.actions.definitions import Address
from whenflow.templating import TemplateError, check, is_template

REFERENCE = re.compile(r"(?:ssm|secretsmanager):\S+")
TOPIC = r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(?:\.fifo)?$"
MOBILE = r"^\+[1-9]\d{6,14}$"
PLAIN = r"^[\x20-\x7e]*$"
DISCORD = re.compile(r"https://(?:discord|discordapp)\.com/api/webhooks/(\d+)/([\w-]+)/?")
SECRET_HEADER = re.compile(
    r"(?i)authorization|proxy-authorization|cookie|x-api-key|.*signature|.*token.*|.*secret.*|.*password.*|.*-key"
)
OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def is_reference(value: object) -> bool:
    """Tell whether a value stands for a secret that is kept elsewhere."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def checked_url(url: str) -> str:
    """Return a URL that a target may have: its host is literal, and it holds no credentials.

    Raises:
        ValueError: With the reason, which does not hold the URL.
    """
    if is_reference(url):
        return url
    split = urlsplit(url)
    if split.scheme not in {"https", "http"} or not split.hostname:
        raise ValueError("must be a URL that begins with https:// and a host")
    if split.username is not None or split.password is not None:
        raise ValueError("must hold no credentials; put them into a header")
    if is_template(split.netloc) or "{" in split.netloc:
        raise ValueError("may have templates in its path and query only: the host must be literal")
    if is_template(url):
        try:
            check(url)
        except TemplateError as error:
            raise ValueError(str(error)) from None
    return url


Url = Annotated[StrictStr, Field(min_length=1, max_length=4096), AfterValidator(checked_url)]
SecretText = Annotated[StrictStr, Field(min_length=1, max_length=4096)]


class Kind(BaseModel):
    """What a target of one kind needs to know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: ClassVar[str]
    """What people call it."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """The fields that are secrets; of a field that is an object, those values whose names say so."""


class _AtUrl(Kind):
    secrets = ("url",)

    url: Url

    @field_validator("url")
    @classmethod
    def _is_literal(cls, url: str) -> str:
        if is_template(url):
            raise ValueError("holds no templates: the URL of this service is a secret as it is")
        return url


class Slack(_AtUrl):
    """An incoming webhook of Slack."""

    label = "Slack"


class Teams(_AtUrl):
    """A workflow of Microsoft Teams that begins when a webhook request is received."""

    label = "Microsoft Teams"


class Discord(Kind):
    """A webhook of a Discord channel; its whole `url` may be given for id and token."""

    label = "Discord"
    secrets = ("webhook_token",)

    webhook_id: Annotated[StrictStr, Field(pattern=r"^\d{1,32}$")]
    webhook_token: SecretText
    botname: Annotated[StrictStr, Field(max_length=80)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _out_of_url(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "url" not in given:
            return given
        found = DISCORD.fullmatch(str(given["url"]))
        if not found:
            raise ValueError("url must be that of a Discord webhook: https://discord.com/api/webhooks/<id>/<token>")
        rest = {name: value for name, value in given.items() if name != "url"}
        return {"webhook_id": found[1], "webhook_token": found[2], **rest}


class Mattermost(Kind):
    """An incoming webhook of a Mattermost server."""

    label = "Mattermost"
    secrets = ("token",)

    hostname: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
    token: SecretText
    path: Annotated[StrictStr, Field(pattern=r"^(/[\w.-]+)*$")] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    botname: StrictStr | None = None
    channels: list[StrictStr] = []


class PagerDuty(Kind):
    """A service of PagerDuty that takes events by its integration key (Events API v2)."""

    label = "PagerDuty"
    secrets = ("integration_key",)

    integration_key: SecretText
    region_name: Literal["us", "eu"] = "us"
    severity: Literal["info", "warning", "error", "critical"] = "info"
    source: StrictStr = "Whenflow"
    component: StrictStr | None = None
    group: StrictStr | None = None
    class_id: StrictStr | None = None


class Opsgenie(Kind):
    """An API integration of Opsgenie that makes alerts."""

    label = "Opsgenie"
    secrets = ("apikey",)

    apikey: SecretText
    region_name: Literal["us", "eu"] = "us"
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    tags: list[StrictStr] = []
    entity: StrictStr | None = None
    target_team: list[StrictStr] = []
    target_user: list[StrictStr] = []


class Twilio(Kind):
    """Text messages by Twilio."""

    label = "Twilio SMS"
    secrets = ("auth_token",)

    account_sid: Annotated[StrictStr, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: SecretText
    from_phone_number: Annotated[StrictStr, Field(pattern=MOBILE)]
    to_phone_numbers: Annotated[list[Annotated[StrictStr, Field(pattern=MOBILE)]], Field(min_length=1, max_length=20)]


class Email(Kind):
    """E-mail by SES; `sender` for another address than the stack's own."""

    label = "e-mail"

    to: Annotated[list[Address], Field(min_length=1, max_length=50)]
    sender: Address | None = None


class Sns(Kind):
    """A topic of SNS."""

    label = "SNS"

    topic_arn: Annotated[StrictStr, Field(pattern=TOPIC, max_length=320)]


class _Called(Kind):
    secrets = ("headers", "signing_secret")

    url: Url
    headers: dict[StrictStr, Annotated[StrictStr, Field(pattern=PLAIN)]] = {}
    allow_private_urls: StrictBool = False
    verify: StrictBool = True
    signing_secret: SecretText | None = None

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}", name) or name.lower() in OWN_HEADERS:
                raise ValueError(f"'{name}' is no header that can be set")
        return headers

    @model_validator(mode="after")
    def _is_encrypted(self) -> "_Called":
        if self.url.startswith("http:") and not self.allow_private_urls:
            raise ValueError(
                "url must begin with https://; plain http is only for private networks (allow_private_urls)"
            )
        return self


class Webhook(_Called):
    """A URL that `call-webhook` calls; path and query of the URL may hold templates.

    Attributes:
        signing_secret: `whsec_…`; then each request is signed as Standard Webhooks has it.
    """

    label = "webhook"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"


class CustomWebhook(_Called):
    """A service that wants a shape of its own: `{{subject}}` and `{{body}}` stand for the message in URL and data."""

    label = "custom webhook"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    json_data: dict[str, Any] | None = None
    form_data: dict[StrictStr, StrictStr] | None = None

    @model_validator(mode="after")
    def _one_body(self) -> "CustomWebhook":
        if self.json_data is not None and self.form_data is not None:
            raise ValueError("give json_data or form_data, not both")
        return self


KINDS: dict[str, type[Kind]] = {
    "slack-webhook": Slack,
    "ms-teams-webhook": Teams,
    "discord-webhook": Discord,
    "mattermost-webhook": Mattermost,
    "pager-duty-webhook": PagerDuty,
    "opsgenie-webhook": Opsgenie,
    "twilio-sms": Twilio,
    "email": Email,
    "sns": Sns,
    "webhook": Webhook,
    "custom-webhook": CustomWebhook,
}
"""The kinds by the slug of their block type."""
