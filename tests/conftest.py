"""What every test may use."""

import io
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from tests.moto_transactions import make_cheap
from tests.world import World

from whenflow.testing import ManualClock, SequentialIds

settings.register_profile("everyday", deadline=None, derandomize=True, max_examples=100, print_blob=True)
settings.load_profile("everyday")

REGION = "eu-west-1"
TOGETHER = ("tests/built/", "tests/e2e/")
"""Directories whose tests share what takes long to make, so that one process runs them all."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of some directories together.

    The mark `xdist_group` would do that, but pytest-xdist 3.8 silently ignores it under pytest 9.2
    (https://github.com/pytest-dev/pytest-xdist/issues/1386).
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByDirectory(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return next((directory for directory in TOGETHER if nodeid.startswith(directory)), nodeid)

    return ByDirectory(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture
def world() -> World:
    """All of Whenflow in memory, with nothing set up."""
    return World()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still at noon."""
    return ManualClock()


@pytest.fixture
def ids() -> SequentialIds:
    """Ids that count from one."""
    return SequentialIds()


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """A function that returns what the functions logged so far in this test."""
    import whenflow.aws.observe  # noqa: F401 - makes the logger

    lines = io.StringIO()
    handlers = [one for one in logging.getLogger("whenflow").handlers if isinstance(one, logging.StreamHandler)]
    streams = [handler.setStream(lines) for handler in handlers]
    yield lines.getvalue
    for handler, stream in zip(handlers, streams, strict=True):
        if stream:
            handler.setStream(stream)


@pytest.fixture(scope="module")
def simulated_aws() -> Iterator[None]:
    """AWS, simulated by moto for one module of tests: nothing leaves this process."""
    from moto import mock_aws

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto does not know those addresses
        }.items():
            patch.setenv(name, value)
        make_cheap(patch)
        with mock_aws(config={"lambda": {"use_docker": False}}):
            yield


@pytest.fixture
def aws(simulated_aws: None) -> None:
    """AWS, simulated, with nothing in it."""
    import requests

    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5).raise_for_status()


@pytest.fixture
def dynamodb(aws: None) -> Any:
    """A client of DynamoDB, with the tables of template.yaml: simulated, or the engine that the environment names."""
    import boto3
    from tests.tables import create_tables

    client = boto3.client("dynamodb", endpoint_url=os.environ.get("WHENFLOW_TEST_DYNAMODB"))
    for table in client.list_tables()["TableNames"]:
        client.delete_table(TableName=table)
    create_tables(client)
    return client
