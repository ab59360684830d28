"""Whenflow: when something happens, a flow runs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whenflow.flows import (
        concurrency,
        emit_event,
        flow,
        get_run_logger,
        pause_flow_run,
        rate_limit,
        resume_flow_run,
        run_deployment,
        serve_lambda,
        suspend_flow_run,
        task,
        unmapped,
    )

__all__ = [
    "__version__",
    "concurrency",
    "emit_event",
    "flow",
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
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the flow SDK only when somebody asks for it: the other functions start without it."""
    if name in __all__:
        from whenflow import flows

        return getattr(flows, name)
    raise AttributeError(f"module 'whenflow' has no attribute {name!r}")
