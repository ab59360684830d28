"""One stack for all tests here: on this machine, or on AWS where WHENFLOW_E2E_STACK names one."""

import os
from collections.abc import Iterator

import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Stack, deployed_on_aws

ON_AWS = os.environ.get("WHENFLOW_E2E_STACK", "")


class Ground:
    """Where the tests take place: the stack as it is now, and the machine below it if that is ours."""

    def __init__(self, stack: Stack, machine: LocalStack | None = None) -> None:
        self.stack, self.machine = stack, machine


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The stack of this session. The local one runs with IAM enforced, as AWS does."""
    if ON_AWS:
        for stack in deployed_on_aws(ON_AWS):
            yield Ground(stack)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTH", "true")
        machine = LocalStack(tmp_path_factory.mktemp("stack") / "room")
        yield Ground(machine.start(), machine)
        machine.stop()


@pytest.fixture
def stack(ground: Ground) -> Iterator[Stack]:
    """The stack; what a test sets up in it goes again."""
    yield ground.stack
    ground.stack.tidy_up()


@pytest.fixture
def machine(ground: Ground) -> LocalStack:
    """The machine below the stack, for tests that kill and restart."""
    if ground.machine is None:
        pytest.skip("kills processes, so it is for the local stack only")
    return ground.machine
