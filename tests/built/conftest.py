"""The build, the embedded AWS and the samples' world, for every test here."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.built import stack
from tests.built.world import prepare

from whenflow.local import process

LINUX = sys.platform == "linux"


@pytest.fixture(scope="session")
def built() -> Path:
    """What `sam build` makes for this machine."""
    if not (stack.SAM / "bin" / "sam").exists():
        pytest.fail("needs the SAM CLI: run `make environment-sam`, or the tests with `make test`")
    return stack.build()


@pytest.fixture(scope="session")
def lambda_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that Lambda's Python brings."""
    if not LINUX:
        pytest.skip("Lambda's runtime client is for Linux")
    return stack.runtime_packages(tmp_path_factory.mktemp("var-runtime"))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an embedded AWS."""
    emulator = process.start(tmp_path_factory.mktemp("cloud"), process.listen(0))
    yield emulator.endpoint_url
    emulator.stop()


@pytest.fixture
def world(cloud: str) -> stack.World:
    """Fresh tables that hold what the samples refer to."""
    made = stack.World(cloud)
    prepare(made)
    return made


@pytest.fixture
def run(
    built: Path, lambda_runtime: Path, world: stack.World, tmp_path: Path
) -> Iterator[Callable[[str], stack.Function]]:
    """Run a built function, by its logical id."""
    with ExitStack() as running:

        def start(function: str) -> stack.Function:
            variables = stack.environment(function, world.tables | world.queues, world.endpoint_url, lambda_runtime)
            return running.enter_context(stack.running(function, variables, tmp_path / f"{function}.log"))

        yield start
