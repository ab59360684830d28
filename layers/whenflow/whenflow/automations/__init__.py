"""Automations: triggers that watch events, and what they decide. Pure: no clock, no I/O, no random ids."""

from whenflow.automations.engine import on_event
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation, automation_from_document, automation_from_stored

__all__ = ["Automation", "Firing", "automation_from_document", "automation_from_stored", "on_event"]
