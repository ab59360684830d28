"""A composite with keys of its own, on the durable path: rows, marks and firings."""

from tests.engine.story import compound, on

from whenflow.automations.model import automation_from_document, with_identity
from whenflow.automations.rows import CHILDREN
from whenflow.testing import ManualClock, MemoryEventStore, MemoryFiringStore, an_event
from whenflow.testing.doubles import START
from whenflow.testing.matching import MemoryMatching

KEYED = compound("all", on("ordered", for_each=["customer"]), on("paid", for_each=["customer"])) | {
    "for_each": ["customer"]
}


def test_each_key_of_a_composite_has_a_row_of_its_own_and_fires_by_itself():
    document = {"name": "ordered and paid", "actions": [], "trigger": KEYED}
    automation = with_identity(automation_from_document(document), "00000000-0000-4000-8000-0000000000a1", START, START)
    events, firings, clock = MemoryEventStore(), MemoryFiringStore(), ManualClock()
    matching = MemoryMatching(lambda: [automation], events, firings, clock)

    for name, customer in (("ordered", "Ann"), ("paid", "Bob"), ("paid", "Ann")):
        event = an_event(name, {"prefect.resource.id": f"order of {customer}", "customer": customer})
        events.put(event)
        matching.match(event)

    (firing,) = firings.stored.values()
    assert firing.labels == {"customer": "Ann"}
    assert [child["labels"] for child in firing.children] == [{"customer": "Ann"}] * 2
    assert {row.key for row in matching.windows.rows if row.kind == CHILDREN} == {("Ann",), ("Bob",)}
