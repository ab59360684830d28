"""Every test of this folder runs once with the fakes and once with the adapters."""

import pytest
from tests.contract.runs import Runs
from tests.stores import Stores, in_dynamodb, in_memory

from whenflow.ports import ConfigStore, EventStore, FiringStore, RunStore
from whenflow.testing import ManualClock, SequentialIds


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest, clock: ManualClock) -> Stores:
    """One store of each kind, empty."""
    if request.param == "memory":
        return in_memory()
    return in_dynamodb(request.getfixturevalue("dynamodb"), clock)


@pytest.fixture
def events(stores: Stores) -> EventStore:
    """The event store."""
    return stores.events


@pytest.fixture
def firings(stores: Stores) -> FiringStore:
    """The firing store."""
    return stores.firings


@pytest.fixture
def runs(stores: Stores) -> RunStore:
    """The run store."""
    return stores.runs


@pytest.fixture
def config(stores: Stores) -> ConfigStore:
    """The config store."""
    return stores.config


@pytest.fixture
def make(clock: ManualClock, ids: SequentialIds) -> Runs:
    """Makes runs."""
    return Runs(clock, ids)
