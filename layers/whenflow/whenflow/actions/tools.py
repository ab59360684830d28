"""What actions work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from whenflow.actions.context import Scope
from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.run_control import RunControl
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.ports import Clock, ConfigStore, EventStore, Ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whenflow.actions.outcome import Executed
    from whenflow.automations.firing import Firing
    from whenflow.automations.registry import SwitchedBy
    from whenflow.events import Event


class AutomationSwitch(Protocol):
    """Switches automations; `AutomationRegistry` does."""

    def switch(self, id_: str, document: object, *, cause: "SwitchedBy | None" = None) -> object:
        """Switch an automation on or off with `{"enabled": …}`; switched to what it is, nothing changes.

        Args:
            id_: Its id.
            document: What is wanted.
            cause: What switches it; it does so once, whatever becomes of the automation since.

        Raises:
            Rejected: The automation would start itself.
            NotFound: There is no such automation.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """The stores, the clock, the ids, and what does the work.

    Attributes:
        deployments: Runs deployments.
        runs: Changes flow runs.
        automations: Switches automations.
        notifier: Sends messages and calls webhooks.
        scope: What templates may look up.
    """

    events: EventStore
    config: ConfigStore
    clock: Clock
    ids: Ids
    deployments: DeploymentRunner
    runs: RunControl
    automations: AutomationSwitch
    notifier: Notifier
    scope: Scope = field(default_factory=Scope)


Perform = Callable[["Mapping[str, Any]", "Firing", int, "Event | None", Tools], "Executed"]
"""Performs an action as it is stored, for a firing, at its place among the firing's actions, on an event.

It raises `ActionFailed` where trying again will not help, and anything else to be tried again. Called again for the
same firing and place it does the same, not more.
"""
