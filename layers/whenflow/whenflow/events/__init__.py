"""Events: what happened, to which resource, and what it is related to. Pure: no clock, no I/O."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from whenflow.events.ids import Address, address_of, addressed_id, named_id
from whenflow.events.labels import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Labels
from whenflow.events.model import Event
from whenflow.events.times import iso, parse_iso
from whenflow.events.validation import check_size, event_from_document, event_from_outside

if TYPE_CHECKING:
    from whenflow.flows import emit_event
    from whenflow.flows.triggers import (
        CompoundTrigger,
        DeploymentCompoundTrigger,
        DeploymentEventTrigger,
        DeploymentMetricTrigger,
        DeploymentSequenceTrigger,
        EventTrigger,
        MetricTrigger,
        SequenceTrigger,
    )

OF_THE_SDK = {
    "emit_event": "whenflow.flows.emit",
    **dict.fromkeys(
        (
            "CompoundTrigger",
            "DeploymentCompoundTrigger",
            "DeploymentEventTrigger",
            "DeploymentMetricTrigger",
            "DeploymentSequenceTrigger",
            "EventTrigger",
            "MetricTrigger",
            "SequenceTrigger",
        ),
        "whenflow.flows.triggers",
    ),
}
"""Names that authors of flows import from here, as they know it from Prefect."""
__all__ = [
    "RESOURCE_ID",
    "RESOURCE_NAME",
    "RESOURCE_ROLE",
    "Address",
    "CompoundTrigger",
    "DeploymentCompoundTrigger",
    "DeploymentEventTrigger",
    "DeploymentMetricTrigger",
    "DeploymentSequenceTrigger",
    "Event",
    "EventTrigger",
    "Labels",
    "MetricTrigger",
    "SequenceTrigger",
    "address_of",
    "addressed_id",
    "check_size",
    "emit_event",
    "event_from_document",
    "event_from_outside",
    "iso",
    "named_id",
    "parse_iso",
]


def __getattr__(name: str) -> Any:
    """Load the SDK only when somebody asks for it: this room itself stands below it, and knows nothing of it."""
    if name in OF_THE_SDK:
        return getattr(import_module(OF_THE_SDK[name]), name)
    raise AttributeError(f"module 'whenflow.events' has no attribute {name!r}")
