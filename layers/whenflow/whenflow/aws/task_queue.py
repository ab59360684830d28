"""Background tasks on their way to a worker, through SQS."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Rejected, TooLarge, Transient

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_MESSAGE_BYTES = 250_000


class SqsTaskQueue:
    """The queue of background tasks."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Use this queue; without a URL there is none."""
        self._client = client
        self._queue_url = queue_url

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over a task."""
        if not self._queue_url:
            raise Rejected("There is no queue of background tasks here: WHENFLOW_TASK_QUEUE_URL is not set.")
        text = json.dumps(message)
        if len(text.encode()) > MAX_MESSAGE_BYTES:
            raise TooLarge(
                f"The task's parameters have {len(text.encode()):,} bytes as JSON; at most {MAX_MESSAGE_BYTES:,} fit. "
                "Put them where both sides can read them, and pass where that is."
            )
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=text)
        except (ClientError, BotoCoreError) as error:
            raise Transient(f"The queue of background tasks did not take one: {type(error).__name__}") from error
