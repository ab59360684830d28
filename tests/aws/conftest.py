"""The adapters, on simulated AWS."""

from typing import Any

import pytest
from tests.stores import Stores, in_dynamodb

from whenflow.testing import ManualClock


@pytest.fixture
def stores(dynamodb: Any, clock: ManualClock) -> Stores:
    """The stores in DynamoDB, empty."""
    return in_dynamodb(dynamodb, clock)


@pytest.fixture
def observer(dynamodb: Any) -> Any:
    """Another client of DynamoDB, to look at what was stored."""
    import boto3

    return boto3.client("dynamodb")
