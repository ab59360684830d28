"""What all DynamoDB stores share: attribute values, and AWS's errors in the domain's words."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.documents import pack, unpack
from whenflow.errors import TooLarge, Transient

MAX_ITEM_BYTES = 380_000
CONDITION_FAILED = "ConditionalCheckFailedException"
TRANSACTION_CANCELLED = "TransactionCanceledException"
TRANSIENT = frozenset(
    {
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
TRANSIENT_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def text(value: str) -> dict[str, str]:
    """Return a string attribute."""
    return {"S": value}


def number(value: int) -> dict[str, str]:
    """Return a number attribute."""
    return {"N": str(value)}


def body(document: Mapping[str, Any], at_most: int = MAX_ITEM_BYTES) -> dict[str, bytes]:
    """Return a document as a binary attribute.

    Raises:
        TooLarge: It fits no item.
    """
    data = pack(document)
    if len(data) > at_most:
        raise TooLarge(f"It has {len(data):,} bytes when compressed; this version stores at most {at_most:,}.")
    return {"B": data}


def document(item: Mapping[str, Any], attribute: str = "body") -> dict[str, Any]:
    """Return the document in an item."""
    return unpack(item[attribute]["B"])


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn AWS's passing failures into `Transient`; conditions that fail are the caller's to look at."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in TRANSIENT or (code == TRANSACTION_CANCELLED and TRANSIENT_REASONS & set(reasons(error))):
            raise Transient(f"DynamoDB: {code}") from error
        raise
    except BotoCoreError as error:
        raise Transient(f"DynamoDB cannot be reached: {type(error).__name__}") from error


def condition_failed(error: ClientError) -> bool:
    """Tell whether a condition was the reason, alone or in a transaction."""
    code = error.response["Error"]["Code"]
    return code == CONDITION_FAILED or (code == TRANSACTION_CANCELLED and "ConditionalCheckFailed" in reasons(error))


def reasons(error: ClientError) -> list[str]:
    """Return why each part of a transaction was refused."""
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
