"""The use cases of runs and deployments that routes work with."""

from whenflow.api.services import Services
from whenflow.deployments.desk import Desk, desk_over


def desk_of(services: Services) -> Desk:
    """Return the use cases over the stores of the API."""
    return desk_over(
        services.config,
        services.events,
        services.runs,
        services.clock,
        services.ids,
        services.timers,
        services.automations.disown,
    )
