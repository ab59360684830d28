"""What runs at this moment, for flows to look at: `from whenflow.runtime import flow_run, task_run, deployment`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from whenflow.flows.context import RunContext, current
from whenflow.runs import FlowRun

__all__ = ["deployment", "flow_run", "task_run"]


def _context() -> RunContext | None:
    return current.get()


def _run() -> FlowRun | None:
    context = _context()
    return context.run if context else None


class _FlowRun:
    """The flow run in which this is called; outside of any, all of it is None or empty."""

    @property
    def id(self) -> str | None:
        """Its id."""
        run = _run()
        return run.id if run else None

    @property
    def name(self) -> str | None:
        """Its name."""
        run = _run()
        return run.name if run else None

    @property
    def flow_name(self) -> str | None:
        """The name of its flow."""
        run = _run()
        return run.flow_name if run else None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters, as the run has them."""
        run = _run()
        return dict(run.parameters) if run else {}

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        run = _run()
        return list(run.tags) if run else []

    @property
    def run_count(self) -> int:
        """Which attempt this is, from 1 on; 0 outside of any."""
        run = _run()
        return run.run_count if run else 0

    @property
    def scheduled_start_time(self) -> datetime | None:
        """When it was meant to start."""
        run = _run()
        return run.expected_start_time if run else None

    @property
    def parent_task_run_id(self) -> str | None:
        """The task run that stands for it in the flow that called it."""
        run = _run()
        return run.parent_task_run_id if run else None


class _TaskRun:
    """The task run in which this is called."""

    @property
    def id(self) -> str | None:
        """Its id."""
        context = _context()
        return context.task.id if context and context.task else None

    @property
    def name(self) -> str | None:
        """The name of its task."""
        context = _context()
        return context.task.labels.get("prefect.resource.name") if context and context.task else None


class _Deployment:
    """The deployment of the flow run in which this is called."""

    @property
    def id(self) -> str | None:
        """Its id."""
        run = _run()
        return run.deployment_id if run else None

    @property
    def name(self) -> str | None:
        """Its name."""
        run = _run()
        return run.deployment_name if run else None


flow_run, task_run, deployment = _FlowRun(), _TaskRun(), _Deployment()
