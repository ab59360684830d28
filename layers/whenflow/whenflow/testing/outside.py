"""The world outside, as the tests would have it: HTTP servers, mail, topics, a budget."""

from datetime import datetime
from typing import Any

from whenflow.errors import NotFound
from whenflow.ports import HttpAnswer, HttpRequest, Mail


class RecordedHttp:
    """Calls nobody, and remembers whom it should have called.

    Attributes:
        sent: The requests, in order.
        answers: What to answer or raise, first come first served; then 200 and `ok`.
    """

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.sent: list[HttpRequest] = []
        self.answers: list[HttpAnswer | Exception] = []

    def send(self, request: HttpRequest) -> HttpAnswer:
        """Remember a request, and answer as the test said."""
        self.sent.append(request)
        answer = self.answers.pop(0) if self.answers else HttpAnswer(200, {"content-type": "text/plain"}, b"ok")
        if isinstance(answer, Exception):
            raise answer
        return answer


class RecordedMailer:
    """Sends no e-mail, and remembers what it should have sent.

    Attributes:
        sent: The e-mails, in order.
        errors: What to raise, first come first served.
    """

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.sent: list[Mail] = []
        self.errors: list[Exception] = []

    def send(self, mail: Mail) -> str:
        """Remember an e-mail, or raise the error that was asked for."""
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(mail)
        return f"mail-{len(self.sent)}"


class RecordedTopics:
    """Publishes nothing, and remembers what it should have published.

    Attributes:
        published: Topic, subject, message and deduplication id of each, in order.
        errors: What to raise, first come first served.
    """

    def __init__(self) -> None:
        """Start with nothing published."""
        self.published: list[tuple[str, str, str, str]] = []
        self.errors: list[Exception] = []

    def publish(self, topic_arn: str, subject: str, message: str, deduplication_id: str) -> str:
        """Remember a message, or raise the error that was asked for."""
        if self.errors:
            raise self.errors.pop(0)
        self.published.append((topic_arn, subject, message, deduplication_id))
        return f"message-{len(self.published)}"


class MemoryRateBudget:
    """Counts firings by automation and minute.

    Attributes:
        per_minute: How many each automation has.
    """

    def __init__(self, per_minute: int = 1_000_000) -> None:
        """Start with nothing taken."""
        self.per_minute = per_minute
        self._taken: dict[tuple[str, datetime], int] = {}

    def take(self, automation_id: str, moment: datetime) -> bool:
        """Note one firing; False where the budget of this moment's minute is used up."""
        key = (automation_id, moment.replace(second=0, microsecond=0))
        self._taken[key] = self._taken.get(key, 0) + 1
        return self._taken[key] <= self.per_minute


class MemoryDeadLetters:
    """Dead letters in lists.

    Attributes:
        waiting: The messages by queue.
        redriven: Those that were put back, with their queues.
        underway: How many are on their way in the queue that each belongs to.
    """

    def __init__(self) -> None:
        """Start with one queue, empty."""
        self.waiting: dict[str, list[dict[str, Any]]] = {"action": []}
        self.redriven: list[tuple[str, dict[str, Any]]] = []
        self.underway: int | None = 0

    def queues(self) -> list[dict[str, Any]]:
        """Return each queue."""
        return [
            {"name": name, "what": name, "messages": len(some), "waiting": self.underway}
            for name, some in self.waiting.items()
        ]

    def peek(self, queue: str, limit: int) -> list[dict[str, Any]]:
        """Return messages of a queue, which stay in it."""
        return self._of(queue)[:limit]

    def redrive(self, queue: str, limit: int) -> dict[str, Any]:
        """Put messages of a queue back."""
        some = self._of(queue)[:limit]
        del self._of(queue)[:limit]
        self.redriven += [(queue, message) for message in some]
        return {"redriven": len(some), "failed": []}

    def _of(self, queue: str) -> list[dict[str, Any]]:
        if queue not in self.waiting:
            raise NotFound(f"There are no dead letters '{queue}'; there are {', '.join(self.waiting)}.")
        return self.waiting[queue]
