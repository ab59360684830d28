"""Rings, through SQS delays: a message is handed out at its second."""

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Transient
from whenflow.ports import Clock, Due, TimerQueue

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900


class SqsTimerQueue:
    """The timer queue."""

    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        """Use this queue."""
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def ring_at(self, due: Due) -> None:
        """Ask for a ring at its time, not before, and at most 15 minutes ahead."""
        message = {"trigger_id": due.key.trigger_id, "sort": due.key.sort, "automation_id": due.automation_id}
        self._send(message, self._seconds_until(due.at))

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run, in the same way; `ring` is its id, however often it is delivered."""
        self._send({"flow_run_id": run_id, "ring": ring}, self._seconds_until(at))

    def ask_for_held(self, event_id: str, seconds: int, attempt: int) -> None:
        """Ask for a held event after some seconds."""
        self._send({"held": event_id, "attempt": attempt}, seconds)

    def _seconds_until(self, at: datetime) -> int:
        return math.ceil((at - self._clock.now()).total_seconds())

    def _send(self, message: dict[str, Any], seconds: int) -> None:
        delay = min(max(seconds, 0), MAX_DELAY_SECONDS)
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message), DelaySeconds=delay)
        except (ClientError, BotoCoreError) as error:
            raise Transient(f"The timer queue did not take a message: {type(error).__name__}") from error


class LateTimerQueue:
    """A timer queue that is made when it is first used: most processes that change runs never ask for a ring."""

    def __init__(self, make: Callable[[], TimerQueue]) -> None:
        """Know how to make it."""
        self._make = make

    def ring_at(self, due: Due) -> None:
        """Ask for a ring at its time."""
        self._make().ring_at(due)

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run."""
        self._make().launch_at(run_id, at, ring)
