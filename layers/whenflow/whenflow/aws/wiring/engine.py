"""Wiring: what matches events and watches the clock."""

from functools import lru_cache
from typing import TYPE_CHECKING

from whenflow.aws.settings import settings
from whenflow.aws.wiring.clients import clock, dynamodb, ids
from whenflow.aws.wiring.stores import config, events, firings, holds, timers, windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from whenflow.automations.match import Matcher
    from whenflow.automations.model import Automation
    from whenflow.automations.registry import AutomationRegistry
    from whenflow.automations.settle import Settler
    from whenflow.automations.timekeeping import Timekeeper
    from whenflow.automations.witnesses import Witnesses
    from whenflow.aws.directories import LoadedEngine
    from whenflow.ports import ConfigStore


@lru_cache(maxsize=1)
def directory() -> "LoadedEngine":
    """Return the automations, loaded."""
    from whenflow.aws.directories import LoadedEngine

    return LoadedEngine(config())


@lru_cache(maxsize=1)
def witnesses() -> "Witnesses":
    """Return what asks the event store before an absence is told."""
    from whenflow.automations.witnesses import Witnesses

    return Witnesses(events(), clock())


@lru_cache(maxsize=1)
def timekeeper() -> "Timekeeper":
    """Return what closes windows in time."""
    from whenflow.automations.timekeeping import Timekeeper
    from whenflow.aws.progress_store import DynamoProgressStore

    progress = DynamoProgressStore(dynamodb(), settings().state_table)
    return Timekeeper(windows(), timers(), progress, witnesses(), clock())


@lru_cache(maxsize=1)
def settler() -> "Settler":
    """Return what applies events to windows."""
    from whenflow.automations.settle import Settler
    from whenflow.aws.pauses import JitteredPauses

    asks = timekeeper().ask_soon
    return Settler(windows(), firings(), events(), JitteredPauses(), asks, witnesses().repair)


@lru_cache(maxsize=1)
def matcher() -> "Matcher":
    """Return the use case of the `matcher` function."""
    from whenflow.automations.held import Holder
    from whenflow.automations.match import Matcher

    return Matcher(directory(), settler(), Holder(events(), holds(), clock()), timekeeper(), clock())


def automation_registry(
    switched_on: "Callable[[Automation], None]", store: "ConfigStore | None" = None
) -> "AutomationRegistry":
    """Return the use cases of automations; `switched_on` is told of each whose windows begin now."""
    from whenflow.automations.registry import AutomationRegistry

    return AutomationRegistry(store or config(), events(), clock(), ids(), switched_on, windows().abandon)


def stand_up(automation: "Automation") -> None:
    """Give the standing triggers of an automation their windows at once, not only at the next sweep."""
    from whenflow.automations.engine import Engine

    engine = Engine([automation])
    settler().use(engine)
    timekeeper().stand_up(engine, settler())
