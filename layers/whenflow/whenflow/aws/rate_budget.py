"""How often automations fire, counted by the minute in the state table (docs/data-model.md: `budget`)."""

from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from whenflow.aws.dynamo import number, text, translated
from whenflow.events import iso

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

STEP = 10
KEPT = timedelta(hours=1)
MAX_COUNTED = 10_000


class DynamoRateBudget:
    """The rate budget.

    Each process counts for itself and adds to the common count ten at a time: a tenth of a write for each firing, none
    for automations that fire now and then. So the budget is exact to ten for each process at work.
    """

    def __init__(self, client: "DynamoDBClient", table: str, per_minute: int) -> None:
        """Count in this table; `per_minute` of 0 counts nothing and allows everything."""
        self._client = client
        self._table = table
        self._per_minute = per_minute
        self._lock = Lock()
        self._own: dict[tuple[str, str], int] = {}
        self._spent: set[tuple[str, str]] = set()

    def take(self, automation_id: str, moment: datetime) -> bool:
        """Note one firing; False where the budget of this moment's minute is used up.

        Raises:
            Transient: Try again.
        """
        if not self._per_minute:
            return True
        minute = moment.replace(second=0, microsecond=0)
        key = (automation_id, iso(minute))
        with self._lock:
            if key in self._spent:
                return False
            if len(self._own) >= MAX_COUNTED:
                self._own.clear()
                self._spent.clear()
            self._own[key] = self._own.get(key, 0) + 1
            if self._own[key] % STEP:
                return True
        if self._added(key, minute) <= self._per_minute:
            return True
        with self._lock:
            self._spent.add(key)
        return False

    def _added(self, key: tuple[str, str], minute: datetime) -> int:
        """Add a step to the common count, and return it."""
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": text(f"budget#{key[0]}"), "sk": text(key[1])},
                UpdateExpression="ADD n :step SET expires = :expires",
                ExpressionAttributeValues={
                    ":step": number(STEP),
                    ":expires": number(int((minute + KEPT).timestamp())),
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["n"]["N"])
