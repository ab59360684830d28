"""The SDK that flows are written with.

from whenflow import flow, task, emit_event, serve_lambda

@task
def greet(name: str) -> None: ...

@flow
def new_user_flow(name: str) -> None:
    greet(name)

handler = serve_lambda(new_user_flow)
"""

from whenflow.flows.decorators import Flow, Task, flow, task
from whenflow.flows.emit import EventsNotDelivered, EventTooLarge, emit_event, flush_events
from whenflow.flows.logs import get_run_logger
from whenflow.flows.serve import serve_lambda

__all__ = [
    "EventTooLarge",
    "EventsNotDelivered",
    "Flow",
    "Task",
    "emit_event",
    "flow",
    "flush_events",
    "get_run_logger",
    "serve_lambda",
    "task",
]
