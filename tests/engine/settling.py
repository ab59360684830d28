"""Automations in the durable path, and what happens to them."""

from tests.engine.durable import Cloud, Died
from tests.engine.story import Document, at, automation

from whenflow.automations.model import Automation
from whenflow.automations.settle import Record
from whenflow.testing import an_event

ID = "prefect.resource.id"


def cloud_of(*triggers: Document | Automation) -> Cloud:
    return Cloud(*(automation(one, f"watch {n}") if isinstance(one, dict) else one for n, one in enumerate(triggers)))


def happens(cloud: Cloud, name: str, seconds: float, resource: str = "r.1", lane: str = "lane") -> Record:
    event = an_event(name, resource, id=f"{name}@{seconds:g}/{resource}", occurred=at(seconds))
    return cloud.record(event, lane)


def counts(cloud: Cloud) -> list[int]:
    return sorted(row.content["window"]["count"] for row in cloud.rows.values() if row.content)


def deliver(cloud: Cloud, *batch: Record) -> None:
    """Deliver a batch, to a new process each time, until it is taken in."""
    for _ in range(20):
        try:
            if not cloud.process().match(*batch).failed:
                return
        except Died:
            continue
    raise AssertionError("it was never taken in")
