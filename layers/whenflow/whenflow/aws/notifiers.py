"""Messages by AWS: e-mail by SES, topics of SNS."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from whenflow.errors import Rejected, Transient
from whenflow.ports import Mail

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient

MAX_SUBJECT_CHARS = 998
MAX_SNS_SUBJECT_CHARS = 99
MAX_SNS_BYTES = 250_000
MESSAGE_HEADER = "X-Whenflow-Message"
MESSAGE_ATTRIBUTE = "whenflow-message"
"""The same for the same message sent again: SES and the topics of SNS that are no FIFO deliver it twice."""
PASSING = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServiceErrorException",
        "KMSThrottlingException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class SesMailer:
    """The mailer, on SES."""

    def __init__(self, client_of: Callable[[str], Any], sender: str) -> None:
        """Send from this address where an e-mail names none; the client is made when it is first needed."""
        self._client_of = client_of
        self._sender = sender

    def send(self, mail: Mail) -> str:
        """Send an e-mail and return SES's id of it.

        Raises:
            Rejected: No sender is known, or SES refuses.
            Transient: Try again.
        """
        sender = mail.sender or self._sender
        if not sender:
            raise Rejected("E-mail needs an address to be sent from: deploy with the parameter MailFrom.")
        client: SESV2Client = self._client_of("sesv2")
        headers = [{"Name": MESSAGE_HEADER, "Value": mail.message_id}] if mail.message_id else []
        try:
            answer = client.send_email(
                FromEmailAddress=sender,
                Destination={"ToAddresses": list(mail.to)},
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject[:MAX_SUBJECT_CHARS], "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": mail.body or " ", "Charset": "UTF-8"}},
                        "Headers": headers,  # type: ignore[typeddict-item]
                    }
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise _translated("SES", error) from error
        return answer["MessageId"]


class SnsTopics:
    """The topics, on SNS."""

    def __init__(self, client_of: Callable[[str], Any]) -> None:
        """Make the client when it is first needed."""
        self._client_of = client_of

    def publish(self, topic_arn: str, subject: str, message: str, deduplication_id: str) -> str:
        """Publish a message and return SNS's id of it. A message that is too long is cut.

        Raises:
            Rejected: There is no such topic, or it may not be used.
            Transient: Try again.
        """
        text = message.encode("utf-8", "replace")[:MAX_SNS_BYTES].decode("utf-8", "ignore") or " "
        first_in = {"MessageGroupId": "whenflow", "MessageDeduplicationId": deduplication_id}
        more: dict[str, Any] = dict(first_in) if topic_arn.endswith(".fifo") else {}
        more["MessageAttributes"] = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": deduplication_id}}
        if line := _subject(subject):
            more["Subject"] = line
        client: SNSClient = self._client_of("sns")
        try:
            return client.publish(TopicArn=topic_arn, Message=text, **more)["MessageId"]
        except (ClientError, BotoCoreError) as error:
            raise _translated("SNS", error) from error


def _subject(text: str) -> str:
    """Return a subject as SNS takes it: ASCII, one line, beginning with a letter, digit or punctuation."""
    return text.encode("ascii", "replace").decode().strip()[:MAX_SNS_SUBJECT_CHARS]


def _translated(service: str, error: ClientError | BotoCoreError) -> Rejected | Transient:
    if isinstance(error, ClientError):
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in PASSING:
            return Transient(f"{service}: {code}")
        return Rejected(f"{service} refused: {code}: {message}")
    if isinstance(error, ParamValidationError):
        return Rejected(f"{service} refused: {error}")
    return Transient(f"{service} cannot be reached: {type(error).__name__}")
