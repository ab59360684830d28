"""Actions put aside, in SQS."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Transient

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

DELAY_SECONDS = 5
MAX_REASON_CHARS = 500


class SqsRetryQueue:
    """The retry queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Use this queue."""
        self._client = client
        self._queue_url = queue_url

    def send(self, firing_id: str, action_index: int, reason: str) -> None:
        """Put one action of one firing aside.

        Raises:
            Transient: The queue did not take it.
        """
        message = {"firing_id": firing_id, "action_index": action_index, "reason": reason[:MAX_REASON_CHARS]}
        try:
            self._client.send_message(
                QueueUrl=self._queue_url, MessageBody=json.dumps(message), DelaySeconds=DELAY_SECONDS
            )
        except (ClientError, BotoCoreError) as error:
            raise Transient(f"The retry queue did not take the action: {type(error).__name__}") from error
