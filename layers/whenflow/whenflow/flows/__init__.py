"""The SDK that flows are written with.

from whenflow import flow, task, emit_event, serve_lambda

@task
def greet(name: str) -> None: ...

@flow
def new_user_flow(name: str) -> None:
    greet(name)

handler = serve_lambda(new_user_flow)
"""

from whenflow.flows.control import pause_flow_run, resume_flow_run, suspend_flow_run
from whenflow.flows.decorators import Flow, Task, flow, task
from whenflow.flows.deployment_runs import run_deployment
from whenflow.flows.emit import EventsNotDelivered, EventTooLarge, emit_event, flush_events
from whenflow.flows.futures import TaskFuture, ThreadPoolTaskRunner, unmapped
from whenflow.flows.limits import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    concurrency,
    rate_limit,
)
from whenflow.flows.logs import get_run_logger
from whenflow.flows.results import Completed, Failed, State
from whenflow.flows.serve import serve_lambda

__all__ = [
    "AcquireConcurrencySlotTimeoutError",
    "Completed",
    "ConcurrencySlotAcquisitionError",
    "EventTooLarge",
    "EventsNotDelivered",
    "Failed",
    "Flow",
    "State",
    "Task",
    "TaskFuture",
    "ThreadPoolTaskRunner",
    "concurrency",
    "emit_event",
    "flow",
    "flush_events",
    "get_run_logger",
    "pause_flow_run",
    "rate_limit",
    "resume_flow_run",
    "run_deployment",
    "serve_lambda",
    "suspend_flow_run",
    "task",
    "unmapped",
]
