"""Wiring: the clients of AWS, the clock and the ids."""

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import botocore
from botocore.config import Config

from whenflow.aws.settings import function_name, settings
from whenflow.aws.system import SystemClock, SystemIds

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_APP_ID_CHARS = 50
OURS_ALONE = frozenset({"dynamodb", "lambda"})
_making = Lock()


def _config(service: str) -> Config:
    """Return how AWS is called.

    Most of what a function computes for an event is botocore's work on its requests, and a third of that is spared
    here: what is asked for is not looked through before AWS does so, where users have no part in it, and the name that
    the function goes by is not put together anew for each request.
    """
    name = function_name()[:MAX_APP_ID_CHARS]
    versions = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    return Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 4},
        parameter_validation=service not in OURS_ALONE,
        user_agent=f"{versions} app/{name}" if name else versions,
    )


@lru_cache(maxsize=16)
def client(service: str) -> Any:
    """Return the client of an AWS service. Clients may be shared by threads; the session that makes them may not."""
    with _making:
        return boto3.client(service, config=_config(service))  # type: ignore[call-overload]


def dynamodb() -> "DynamoDBClient":
    """Return the client of DynamoDB."""
    made: DynamoDBClient = client("dynamodb")
    return made


@lru_cache(maxsize=1)
def clock() -> SystemClock:
    """Return the clock."""
    return SystemClock()


@lru_cache(maxsize=1)
def ids() -> SystemIds:
    """Return the source of ids."""
    return SystemIds(settings().shards)


@lru_cache(maxsize=1)
def watch_templates() -> None:
    """Have the rendering of templates broken off when it takes too long."""
    from whenflow.aws.template_clock import TemplateClock
    from whenflow.templating import watched_by

    watched_by(TemplateClock())
