"""The log of the webhooks' requests, in DynamoDB (docs/data-model.md: `state`)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whenflow.aws.dynamo import body, document, number, text, translated
from whenflow.ports import Clock
from whenflow.webhooks.log import REMEMBERED, LoggedRequest, logged_from_stored

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PREFIX = "request#"


class DynamoRequestLog:
    """The request log. Ids of requests rise with time, so the newest are read without an index."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, entry: LoggedRequest) -> None:
        """Log a request."""
        expires = int((entry.received + REMEMBERED).timestamp())
        item = _key(entry.webhook_id, entry.id) | {"body": body(entry.as_document()), "expires": number(expires)}
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def newest(self, webhook_id: str, limit: int) -> Sequence[LoggedRequest]:
        """Return requests of a webhook, newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :webhook AND begins_with(sk, :request)",
            ExpressionAttributeValues={":webhook": text(_partition(webhook_id)), ":request": text(PREFIX)},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        with translated():
            items = [item for page in pages for item in page["Items"]]
        return [self._entry(webhook_id, item) for item in items if self._is_remembered(item)]

    def get(self, webhook_id: str, request_id: str) -> LoggedRequest | None:
        """Return one request of a webhook."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(webhook_id, request_id))
        item = answer.get("Item")
        return self._entry(webhook_id, item) if item and self._is_remembered(item) else None

    def _entry(self, webhook_id: str, item: Mapping[str, Any]) -> LoggedRequest:
        return logged_from_stored(webhook_id, document(item))

    def _is_remembered(self, item: Mapping[str, Any]) -> bool:
        """Tell whether an entry is not over its time; DynamoDB removes it some hours later."""
        return int(item["expires"]["N"]) > self._clock.now().timestamp()


def _partition(webhook_id: str) -> str:
    return f"webhook#{webhook_id}"


def _key(webhook_id: str, request_id: str) -> dict[str, Any]:
    return {"pk": text(_partition(webhook_id)), "sk": text(PREFIX + request_id)}
