"""Deployments: which flow runs where, with which defaults, when, and how often at once. Pure but for ports."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from whenflow.deployments.creating import RunMaker, RunRequest
from whenflow.deployments.registry import DeploymentRegistry
from whenflow.deployments.scheduling import Scheduler

if TYPE_CHECKING:
    from whenflow.flows import run_deployment

__all__ = ["DeploymentRegistry", "RunMaker", "RunRequest", "Scheduler", "run_deployment"]


def __getattr__(name: str) -> Any:
    """Load the SDK only when somebody asks for its part: `from whenflow.deployments import run_deployment`."""
    if name == "run_deployment":
        return import_module("whenflow.flows").run_deployment
    raise AttributeError(f"module 'whenflow.deployments' has no attribute {name!r}")
