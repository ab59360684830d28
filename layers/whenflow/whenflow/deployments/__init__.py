"""Deployments: which flow runs where, with which defaults, when, and how often at once. Pure but for ports."""

from whenflow.deployments.creating import RunMaker, RunRequest
from whenflow.deployments.registry import DeploymentRegistry
from whenflow.deployments.scheduling import Scheduler

__all__ = ["DeploymentRegistry", "RunMaker", "RunRequest", "Scheduler"]
