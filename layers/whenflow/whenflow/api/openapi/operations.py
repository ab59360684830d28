"""The table: every operation of the API, and nothing else."""

from whenflow.api.openapi.areas import (
    automations,
    deployments,
    events,
    flow_runs,
    history,
    keys,
    limits,
    notifications,
    queues,
    run_figures,
    server,
    variables,
    webhooks,
)
from whenflow.api.openapi.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *server.OPERATIONS,
    *events.OPERATIONS,
    *webhooks.OPERATIONS,
    *automations.OPERATIONS,
    *deployments.OPERATIONS,
    *flow_runs.OPERATIONS,
    *run_figures.OPERATIONS,
    *variables.OPERATIONS,
    *limits.OPERATIONS,
    *queues.OPERATIONS,
    *notifications.OPERATIONS,
    *history.OPERATIONS,
    *keys.OPERATIONS,
)
