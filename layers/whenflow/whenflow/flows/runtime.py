"""Finds what flows and tasks report to: the tables, inside the stack; the REST API, anywhere else."""

import os
from typing import TYPE_CHECKING

from whenflow.errors import WhenflowError
from whenflow.flows.backend import Backend, StackDeployments
from whenflow.flows.context import RunContext
from whenflow.flows.recorder import Recorder

if TYPE_CHECKING:
    from whenflow.limits import LimitBook


class NotConnected(WhenflowError):
    """Nobody said where events should go."""


def outside() -> Backend:
    """Return what is reported to outside a flow run.

    Raises:
        NotConnected: Neither the tables nor an API are set.
    """
    found = connected()
    if found is None:
        raise NotConnected(
            "It is not known where events, flow runs and tasks should go: set WHENFLOW_API_URL and WHENFLOW_API_KEY, "
            "or run inside a directory in which `make up` is running."
        )
    return found


def freezes() -> bool:
    """Tell whether this process stands still between invocations, so that nothing can be left to the background."""
    from whenflow.aws.settings import in_stack

    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ or in_stack()  # noqa: TID251 - Lambda's own variable


def connected() -> Backend | None:
    """Return what is reported to outside a flow run, if there is anything."""
    from whenflow.aws.settings import in_stack

    if in_stack():
        return stack()
    from whenflow.flows.remote_backend import RemoteBackend

    return RemoteBackend.from_environment()


def stack() -> Backend:
    """Return the stores of the stack that this process runs in."""
    from whenflow.aws import wiring
    from whenflow.flows.backend import StackBackend

    def deployments() -> StackDeployments:
        from whenflow.deployments import RunMaker

        return StackDeployments(wiring.config(), RunMaker(wiring.config(), wiring.ledger(), wiring.clock()))

    def limits() -> "LimitBook":
        from whenflow.aws.pauses import JitteredPauses
        from whenflow.limits import LimitBook

        return LimitBook(wiring.config(), wiring.occupancies(), wiring.clock(), wiring.ids(), JitteredPauses())

    return StackBackend(
        wiring.ledger(),
        wiring.runs(),
        wiring.events(),
        wiring.clock(),
        wiring.ids(),
        wiring.task_runs(),
        deployments,
        wiring.task_queue,
        limits,
    )


def alone() -> RunContext:
    """Return the context of a task outside any flow.

    Raises:
        NotConnected: Neither the tables nor an API are set.
    """
    return context_alone(outside())


def alone_if_connected() -> RunContext | None:
    """Return the context of a task outside any flow, if there is anything to report to."""
    backend = connected()
    return context_alone(backend) if backend else None


def context_alone(backend: Backend) -> RunContext:
    """Return the context of a task outside any flow, that reports to this."""
    return RunContext(None, backend, Recorder(backend, None))
