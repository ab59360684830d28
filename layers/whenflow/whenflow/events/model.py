"""The event."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from whenflow.events.labels import RESOURCE_ID, RESOURCE_ROLE, Labels
from whenflow.events.times import iso


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment to one resource.

    Attributes:
        id: UUID, lower case with dashes; the identity for every de-duplication.
        occurred: When it happened, as the sender says; windows count in this time.
        event: The name, dotted and past tense: `customer.signed-up`.
        resource: Labels of the primary resource; always holds `prefect.resource.id`.
        related: Labels of other resources, each with an id and a `prefect.resource.role`.
        payload: Any JSON object.
        follows: Id of the event that caused this one, if known.
        received: When Whenflow took it in.
    """

    id: str
    occurred: datetime
    event: str
    resource: Labels
    received: datetime
    related: tuple[Labels, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    follows: str | None = None

    @property
    def resource_id(self) -> str:
        """The id of the primary resource."""
        return self.resource[RESOURCE_ID]

    def involved(self) -> Iterator[Labels]:
        """Yield the primary resource, then the related ones in order."""
        yield self.resource
        yield from self.related

    def in_role(self, role: str) -> Labels | None:
        """Return the first related resource with this role."""
        return next((labels for labels in self.related if labels.get(RESOURCE_ROLE) == role), None)

    def find_label(self, label: str) -> str | None:
        """Look a label up on the resource, or as `related:<role>:<label>` on the first related one of the role."""
        if label.startswith("related:") and label.count(":") > 1:
            role, _, name = label.removeprefix("related:").rpartition(":")
            if (related := self.in_role(role)) is not None:
                return related.get(name)
        return self.resource.get(label)

    def as_document(self) -> dict[str, Any]:
        """Return the event as the API shows it."""
        return {
            "id": self.id,
            "occurred": iso(self.occurred),
            "event": self.event,
            "resource": self.resource,
            "related": list(self.related),
            "payload": self.payload,
            "follows": self.follows,
            "received": iso(self.received),
        }
