"""Ports: secrets, messages to the outside, and what could not be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Secrets(Protocol):
    """Secrets by reference. What Whenflow stores holds the reference and never the secret.

    A reference is `ssm:<name of a SecureString parameter>` or `secretsmanager:<name or ARN>`; with `#<key>` at its end
    it means one text of the JSON object that is the secret.
    """

    def get(self, reference: str, *, fresh: bool = False) -> str:
        """Return a secret, at most five minutes old; `fresh` asks for it anew.

        Raises:
            NotFound: There is no such secret, or it may not be read.
            Transient: Try again.
        """
        ...

    def put(self, name: str, value: str) -> str:
        """Keep a secret under this stack's own prefix, over the one that was there; return its reference.

        Raises:
            Transient: Try again.
        """
        ...

    def delete(self, reference: str) -> None:
        """Forget a secret that `put` kept; one that is not there is no fault."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to somebody else's server.

    Attributes:
        url: `https://host[:port]/path?query`, with no credentials in it.
        body: What is sent; None for nothing.
        allow_private: Whether the host may have a private address, and the URL may be plain `http` on any port.
        verify: Whether the server's certificate is checked.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    allow_private: bool = False
    verify: bool = True


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the server said: its status, its headers with names in lower case, and the first 64 KiB of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpSender(Protocol):
    """Calls servers outside, never one that is inside. It follows no redirect and tries once."""

    def send(self, request: HttpRequest) -> HttpAnswer:
        """Send a request and return the answer, whatever its status.

        Raises:
            Rejected: The URL is not one that may be called, or nobody vouches for the server. Names the host at most,
                never path or query.
            Transient: The server cannot be reached, breaks off or takes too long. Likewise.
        """
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail of plain text.

    Attributes:
        sender: Empty for the stack's own address.
        message_id: The same for the same e-mail sent again; it goes along in a header.
    """

    to: Sequence[str]
    subject: str
    body: str
    sender: str = ""
    message_id: str = ""


class Mailer(Protocol):
    """Sends e-mail."""

    def send(self, mail: Mail) -> str:
        """Send an e-mail and return the id that the service gave it.

        Raises:
            Rejected: It may not be sent like that; trying again will not help.
            Transient: Try again.
        """
        ...


class Topics(Protocol):
    """Publishes to SNS topics."""

    def publish(self, topic_arn: str, subject: str, message: str, deduplication_id: str) -> str:
        """Publish a message and return the id that the service gave it.

        Args:
            topic_arn: The topic.
            subject: One line; e-mail subscribers see it.
            message: The text.
            deduplication_id: The same for the same message sent again; FIFO topics deliver it once.

        Raises:
            Rejected: There is no such topic, or it may not be used.
            Transient: Try again.
        """
        ...


class RateBudget(Protocol):
    """How often each automation may fire within a minute."""

    def take(self, automation_id: str, moment: datetime) -> bool:
        """Note one firing; False where the budget of this moment's minute is used up."""
        ...


class RetryQueue(Protocol):
    """Actions to be tried again later."""

    def send(self, firing_id: str, action_index: int, reason: str, wait: float | None = None) -> None:
        """Put one action of one firing aside, for so many seconds at least, as far as the queue can wait."""
        ...


class DeadLetters(Protocol):
    """What could not be done, by queue."""

    def queues(self) -> Sequence[Mapping[str, Any]]:
        """Return each queue: its `name`, `what` is in it, and about how many `messages`.

        `waiting` is about how many are still on their way in the queue that it belongs to; None where there is none.
        """
        ...

    def peek(self, queue: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return messages of a queue, which stay in it: `id`, `sent` (seconds since 1970), `summary` and `body`.

        Raises:
            NotFound: There is no such queue.
        """
        ...

    def redrive(self, queue: str, limit: int) -> Mapping[str, Any]:
        """Put messages of a queue back to where they belong: how many were `redriven`, and which `failed`, why.

        Raises:
            NotFound: There is no such queue.
        """
        ...
