"""Automations: triggers that watch events, and what they decide. Pure: no clock, no I/O, no random ids."""

from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.firing import Firing, firing_of
from whenflow.automations.model import Automation, automation_from_document, automation_from_stored

__all__ = [
    "Automation",
    "AutomationFired",
    "Engine",
    "Firing",
    "automation_from_document",
    "automation_from_stored",
    "firing_of",
]
