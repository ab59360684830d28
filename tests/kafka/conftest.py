"""Only where there is a Kafka: `make test-kafka` fetches it, and says where it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Stack
from tests.kafka.cluster import Kafka, running

LIBRARIES = os.environ.get("WHENFLOW_KAFKA", "")
collect_ignore_glob = [] if LIBRARIES else ["test_*.py"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, with the permissions that the template gives."""
    machine = LocalStack(tmp_path_factory.mktemp("stack") / "room")
    try:
        yield machine.start()
    finally:
        machine.stop()
        machine.remove_all_but_logs()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker."""
    with running(tmp_path_factory.mktemp("kafka"), Path(LIBRARIES)) as kafka:
        yield kafka
