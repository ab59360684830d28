"""How many requests each caller has sent, in DynamoDB (docs/data-model.md: `state`, `requests#…`)."""

from typing import TYPE_CHECKING

from whenflow.api.throttle import WINDOW_SECONDS
from whenflow.aws.dynamo import number, text, translated

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 3_600


class DynamoQuota:
    """The count that all processes share."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Work on this table."""
        self._client = client
        self._table = table

    def take(self, caller: str, window: int, amount: int) -> int:
        """Add to what a caller has taken in a window, and return how much that makes.

        Raises:
            Transient: Try again.
        """
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": text(f"requests#{caller}"), "sk": text(str(window))},
                UpdateExpression="ADD n :amount SET expires = :expires",
                ExpressionAttributeValues={
                    ":amount": number(amount),
                    ":expires": number(window * WINDOW_SECONDS + KEPT_SECONDS),
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["n"]["N"])
