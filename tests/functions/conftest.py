"""The stack."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.functions.machine import machine
from tests.functions.stack import Stack
from tests.tables import create_tables, environment

from whenflow.aws import settings, wiring

__all__ = ["machine", "stack"]


def forget() -> None:
    """Have everything wired anew."""
    for cached in (*vars(wiring).values(), settings.settings):
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


def wired() -> Iterator[Stack]:
    """Yield the functions, with the settings of the template, over tables of their own; AWS is simulated already."""
    import boto3

    with pytest.MonkeyPatch.context() as monkeypatch:
        create_tables(boto3.client("dynamodb"))
        yield from _wired(monkeypatch)


@pytest.fixture
def stack(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The functions, with the settings of the template, over its tables; nothing is set up yet."""
    yield from _wired(monkeypatch)


def _wired(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    import boto3

    sqs = boto3.client("sqs")
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("ActionRetryQueue", "TimerQueue")}
    boto3.client("s3").create_bucket(
        Bucket="events-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for name, value in environment(queues | {"EventsBucket": "events-bucket"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("whenflow.aws.firing_store.AT_ONCE", 1)
    monkeypatch.setattr("whenflow.aws.batches.WORKERS", 1)  # moto's transactions roll each other back across threads
    forget()
    yield Stack(queues)
    forget()
