"""One stack for all tests here: on this machine, or on AWS where WHENFLOW_E2E_STACK names one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.e2e.local import ROOT, LocalStack
from tests.e2e.stacks import Stack, deployed_on_aws

SAM = ROOT / ".venv-sam" / "bin" / "sam"
ON_AWS = os.environ.get("WHENFLOW_E2E_STACK", "")


@dataclass
class Ground:
    """Where the tests take place: the stack as it is now, and what runs it if that is this machine."""

    stack: Stack
    machine: LocalStack | None = None


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The stack of this session."""
    if ON_AWS:
        yield from map(Ground, deployed_on_aws(ON_AWS))
        return
    if not SAM.exists():
        pytest.fail("needs the SAM CLI: run `make environment-sam`, or the tests with `make test`")
    machine = LocalStack(tmp_path_factory.mktemp("stack") / "room")
    try:
        yield Ground(machine.start(), machine)
    finally:
        machine.stop()
        machine.remove_all_but_logs()


@pytest.fixture(scope="module")
def lasting(ground: Ground) -> Iterator[Stack]:
    """The stack, for what a whole module sets up in it."""
    with ground.stack.tidied() as stack:
        yield stack


@pytest.fixture
def stack(ground: Ground) -> Iterator[Stack]:
    """The stack. What a test sets up in it goes again, and every test leaves the dead-letter queues empty."""
    with ground.stack.tidied() as stack:
        yield stack
    assert stack.dead_letters() == {}


@pytest.fixture
def machine(ground: Ground) -> LocalStack:
    """What runs the stack, for tests that kill and restart."""
    if ground.machine is None:
        pytest.skip("kills processes, so it is for the local stack only")
    return ground.machine
