"""An embedded AWS for the tests of its adaptations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.local.emulator.cloud import Cloud

from whenflow.local import process


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One embedded AWS for all tests that do not restart it."""
    emulator = process.start(tmp_path_factory.mktemp("cloud"), process.listen(0))
    yield Cloud(emulator)
    emulator.stop()


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """A file for functions to write to."""
    return tmp_path / "diary.txt"
