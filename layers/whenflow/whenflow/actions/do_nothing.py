"""do-nothing: only tells that it was reached."""

from collections.abc import Mapping
from typing import Any

from whenflow.actions.outcome import Executed
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.events import Event


def do_nothing(
    _action: Mapping[str, Any], _firing: Firing, _index: int, _event: Event | None, _tools: Tools
) -> Executed:
    """Do nothing."""
    return Executed()
