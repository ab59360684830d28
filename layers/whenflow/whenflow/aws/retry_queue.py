"""Actions put aside, in SQS: tried again after growing delays, never all at the same time."""

import json
import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.aws.observe import logger
from whenflow.errors import Transient

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

DELAY_SECONDS = 5
NEXT_SECONDS = (30, 120, 480, 1800)
"""How long an action waits after its first try from the queue that failed, its second, and so on; about so long."""
LONGEST_DELAY = 900
"""SQS holds no new message back for longer."""
MAX_REASON_CHARS = 500


class SqsRetryQueue:
    """The retry queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Use this queue."""
        self._client = client
        self._queue_url = queue_url

    def send(self, firing_id: str, action_index: int, reason: str, wait: float | None = None) -> None:
        """Put one action of one firing aside, for so many seconds at least; a message waits for 15 minutes at most.

        Raises:
            Transient: The queue did not take it.
        """
        self._send({"firing_id": firing_id, "action_index": action_index, "reason": reason[:MAX_REASON_CHARS]}, wait)

    def postpone(self, receipt: str, tries: int, since: Exception | None = None) -> None:
        """Have a message that was received come again later: the later, the oftener it was tried.

        Where `since`, what broke this time, asks for a longer wait, it is longer.

        After the last try it goes on to the dead letters at once. Where none of this can be said, it comes again all
        the same, after the time that the queue has for all.
        """
        wait, delay = since.retry_after if isinstance(since, Transient) else None, 0
        if tries <= len(NEXT_SECONDS):
            delay = _at_least(wait, int(NEXT_SECONDS[tries - 1] * random.uniform(0.8, 1.2)))  # noqa: S311 - no secret
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=delay
            )
        except (ClientError, BotoCoreError) as error:
            logger.warning("a message could not be postponed: %s", type(error).__name__)

    def _send(self, message: dict[str, Any], wait: float | None) -> None:
        delay = min(_at_least(wait, DELAY_SECONDS + random.randrange(DELAY_SECONDS)), LONGEST_DELAY)  # noqa: S311
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message), DelaySeconds=delay)
        except (ClientError, BotoCoreError) as error:
            raise Transient(f"The retry queue did not take the action: {type(error).__name__}") from error


def _at_least(wait: float | None, delay: int) -> int:
    """Return a delay that is no shorter than was asked for; those who were asked alike do not come all at once."""
    if wait is None or wait <= delay:
        return delay
    return int(wait * random.uniform(1, 1.2)) + 1  # noqa: S311 - no secret
