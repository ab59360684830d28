"""Finds what a flow reports to: the tables, inside the stack; the REST API, anywhere else."""

import os

from whenflow.errors import WhenflowError
from whenflow.flows.context import EventSink
from whenflow.ports import Clock, Ids


class NotConnected(WhenflowError):
    """Nobody said where events should go."""


def outside() -> tuple[EventSink, Clock, Ids]:
    """Return where events go that are emitted outside a flow run.

    Raises:
        NotConnected: Neither the tables nor an API are set.
    """
    from whenflow.aws.system import SystemClock, SystemIds

    if _in_stack():
        from whenflow.aws.wiring import clock, events, ids

        return events(), clock(), ids()
    from whenflow.flows.remote import RemoteEvents

    sink = RemoteEvents.from_environment()
    if sink is None:
        raise NotConnected(
            "emit_event does not know where to send events: set WHENFLOW_API_URL and WHENFLOW_API_KEY, "
            "or run inside a directory in which `make up` is running."
        )
    return sink, SystemClock(), SystemIds(shards=1)


def freezes() -> bool:
    """Tell whether this process stands still between invocations, so that nothing can be left to the background."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ or _in_stack()  # noqa: TID251 - Lambda's own variable


def _in_stack() -> bool:
    from whenflow.aws.settings import in_stack

    return in_stack()
