"""A made-up company: its automations and its events, as documents. The same at every run.

Automations come in blocks of 100, of ten kinds in turn. In every block one automation is *live*: there are events that
match it, and nothing else matches those. The live one is of the first kind in the first block, of the second kind in
the second, and so on. So of 10,000 automations 100 match something and one matches the event.

Of 100 automations or fewer only one is live, and its kind would decide the figure. Ten worlds of that size are
measured together, one for each kind, so that at every size the events meet the same mix of kinds.
"""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
Labels: TypeAlias = dict[str, str]

BLOCK = 100
SEED = 20_260_105
START = datetime(2026, 1, 5, tzinfo=UTC)
SPACING = timedelta(seconds=15)
ID, NAME, ROLE = "prefect.resource.id", "prefect.resource.name", "prefect.resource.role"
WORDS = (
    "atlas",
    "basalt",
    "cedar",
    "comet",
    "delta",
    "ember",
    "falcon",
    "fjord",
    "harbor",
    "juniper",
    "kestrel",
    "lantern",
    "maple",
    "orchid",
    "prairie",
    "quartz",
)
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")


@dataclass(frozen=True, slots=True)
class World:
    """Automations, and events that each match exactly one of them or none."""

    automations: list[Document]
    matching: list[Document]
    others: list[Document]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of automation.

    Attributes:
        trigger: Gives the trigger of an automation whose subject has this name.
        event: Gives the name, resource and related resources of an event about a subject; at turn n.
    """

    trigger: Callable[[str], Document]
    event: Callable[[str, int], tuple[str, Labels, list[Labels]]]


def worlds(size: int, events: int) -> list[World]:
    """Return the worlds that make up one size.

    Args:
        size: How many automations: 1, 100, or a multiple of 1,000.
        events: How many events of each sort, over all the worlds.
    """
    if size == 1:
        return [_world([_automation(_live(block))], [_live(block)], events // 10) for block in range(10)]
    if size == BLOCK:
        return [_world(_block(block), [_live(block)], events // 10) for block in range(10)]
    blocks = range(size // BLOCK)
    return [_world([one for block in blocks for one in _block(block)], [_live(block) for block in blocks], events)]


def _world(automations: list[Document], live: list[int], events: int) -> World:
    chance = random.Random(SEED)
    matching = [_event(live[turn % len(live)], turn // len(live), chance) for turn in range(events)]
    return World(automations, matching, [_stranger(turn, chance) for turn in range(events)])


def _block(number: int) -> list[Document]:
    return [_automation(index) for index in range(number * BLOCK, (number + 1) * BLOCK)]


def _live(block: int) -> int:
    """Return which automation of a block is the live one."""
    return block * BLOCK + block % len(KINDS)


# ---- automations ----


def _automation(index: int) -> Document:
    trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0}
    trigger |= KINDS[index % len(KINDS)].trigger(_subject(index))
    id_ = str(uuid.UUID(int=(0xA << 124) + (4 << 76) + (2 << 62) + index))
    return {
        "id": id_,
        "name": f"on {_subject(index)}",
        "trigger": trigger | {"id": str(uuid.UUID(int=(0xB << 124) + (4 << 76) + (2 << 62) + index))},
        "actions": [{"type": "do-nothing"}],
    }


@cache
def _subject(index: int) -> str:
    """Return the name of what an automation is about: unique, and never the beginning of another."""
    chance = random.Random(SEED + index)
    return f"{chance.choice(WORDS)}-{chance.choice(WORDS)}-{index * 7919 % 1_000_003}-x"


def _pick(subject: str, choices: tuple[str, ...]) -> str:
    """Choose the same for the same subject."""
    return choices[sum(subject.encode()) % len(choices)]


ORDERS = ("order.cancelled", "order.paid", "order.placed", "order.returned", "order.shipped")
READINGS = ("sensor.alarm.raised", "sensor.battery.low", "sensor.reading.taken")
OBJECTS = ("s3.object.created", "s3.object.deleted", "s3.object.restored")
BAD_STATES = ("prefect.flow-run.Crashed", "prefect.flow-run.Failed")
STATES = (*BAD_STATES, "prefect.flow-run.Completed", "prefect.flow-run.Pending", "prefect.flow-run.Running")


def _flow_run(subject: str, turn: int) -> tuple[Labels, list[Labels]]:
    run = uuid.UUID(int=random.Random(f"{subject} {turn}").getrandbits(128), version=4)
    resource = {ID: f"prefect.flow-run.{run}", NAME: f"{_pick(subject, WORDS)}-{turn}"}
    return resource, [
        {ID: f"prefect.flow.{subject}", ROLE: "flow", NAME: subject},
        {ID: f"prefect.deployment.{subject}", ROLE: "deployment", NAME: f"{subject}/nightly"},
    ]


def _order(subject: str, turn: int) -> tuple[Labels, list[Labels]]:
    resource = {ID: f"shop.order.{turn % 16}-{subject}", "shop.tenant": subject, "shop.region": REGIONS[turn % 4]}
    return resource, [{ID: f"shop.customer.{turn % 16}", ROLE: "customer", NAME: f"customer {turn % 16}"}]


KINDS = (
    # an event name of its own
    Kind(
        lambda subject: {"expect": [f"team.{subject}.report.published"]},
        lambda subject, turn: (f"team.{subject}.report.published", *_order("nobody", turn)),
    ),
    # everything that happens to one thing, by the beginning of the event name
    Kind(
        lambda subject: {"expect": [f"plant.{subject}.*"]},
        lambda subject, turn: (f"plant.{subject}.valve.opened", *_order("nobody", turn)),
    ),
    # one resource by its id
    Kind(
        lambda subject: {"expect": [_pick(subject, READINGS)], "match": {ID: f"sensor.{subject}"}},
        lambda subject, turn: (
            _pick(subject, READINGS),
            {ID: f"sensor.{subject}", NAME: f"Sensor {subject}", "unit": "kPa", "site": REGIONS[turn % 4]},
            [],
        ),
    ),
    # resources by the beginning of their id
    Kind(
        lambda subject: {"expect": [_pick(subject, OBJECTS)], "match": {ID: f"s3.{subject}/incoming/*"}},
        lambda subject, turn: (
            _pick(subject, OBJECTS),
            {ID: f"s3.{subject}/incoming/2026/01/05/part-{turn:05}.csv", "s3.bucket": "exchange", "s3.size": "48211"},
            [{ID: f"s3.{subject}", ROLE: "bucket", NAME: subject}],
        ),
    ),
    # one value of some label, and one of several of another
    Kind(
        lambda subject: {
            "expect": [_pick(subject, ORDERS)],
            "match": {"shop.tenant": subject, "shop.region": list(REGIONS)},
        },
        lambda subject, turn: (_pick(subject, ORDERS), *_order(subject, turn)),
    ),
    # runs of one deployment, by its name: what people write most
    Kind(
        lambda subject: {
            "expect": [_pick(subject, STATES)],
            "match": {ID: "prefect.flow-run.*"},
            "match_related": {ROLE: "deployment", NAME: f"{subject}/nightly"},
        },
        lambda subject, turn: (_pick(subject, STATES), *_flow_run(subject, turn)),
    ),
    # three within a minute, for each device of a fleet
    Kind(
        lambda subject: {
            "expect": [_pick(subject, READINGS)],
            "match": {ID: f"device.{subject}.*"},
            "for_each": [ID],
            "threshold": 3,
            "within": 60,
        },
        lambda subject, turn: (
            _pick(subject, READINGS),
            {ID: f"device.{subject}.{turn // 4 % 2}", NAME: "Device", "unit": "kPa", "site": REGIONS[0]},
            [],
        ),
    ),
    # five bad runs of one flow within an hour
    Kind(
        lambda subject: {
            "expect": list(BAD_STATES),
            "match_related": {ROLE: "flow", NAME: subject},
            "threshold": 5,
            "within": 3600,
        },
        lambda subject, turn: (BAD_STATES[turn % 2], *_flow_run(subject, turn)),
    ),
    # an order that is paid and not shipped within ten minutes
    Kind(
        lambda subject: {
            "posture": "Proactive",
            "after": ["order.paid"],
            "expect": ["order.shipped"],
            "match": {"shop.tenant": subject},
            "for_each": [ID],
            "within": 600,
        },
        lambda subject, turn: (("order.paid", "order.shipped")[turn // 2 % 2], *_order(subject, turn % 2)),
    ),
    # resources by the beginning of some label
    Kind(
        lambda subject: {"expect": [_pick(subject, STATES)], "match": {NAME: f"{subject}-*"}},
        lambda subject, turn: (
            _pick(subject, STATES),
            {ID: f"prefect.flow-run.{turn}", NAME: f"{subject}-{turn}"},
            _flow_run("nobody", turn)[1],
        ),
    ),
)

# ---- events ----


def _event(index: int, turn: int, chance: random.Random) -> Document:
    name, resource, related = KINDS[index % len(KINDS)].event(_subject(index), turn)
    return _filled(name, resource, related, START + SPACING * turn, chance)


def _stranger(turn: int, chance: random.Random) -> Document:
    """Return an event that matches nothing: mostly of the names that everybody watches, from somebody unknown."""
    subject = f"unwatched-{_subject(turn)}"
    kind = KINDS[turn % len(KINDS)]
    name, resource, related = kind.event(subject, turn)
    return _filled(name, resource, related, START + SPACING * turn, chance)


def _filled(name: str, resource: Labels, related: list[Labels], occurred: datetime, chance: random.Random) -> Document:
    instant = occurred.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "occurred": instant,
        "event": name,
        "resource": resource,
        "related": [*related, {ID: "prefect.tag.production", ROLE: "tag", NAME: "production"}],
        "payload": {
            "source": {"system": "erp", "host": f"192.0.2.{chance.randrange(256)}", "try": 1},
            "amount": chance.randrange(1_000_000) / 100,
            "currency": "EUR",
            "items": [{"sku": f"{chance.getrandbits(40):010x}", "count": chance.randrange(9)} for _ in range(4)],
            "note": "Taken over from the nightly transfer; checked against the delivery note.",
        },
        "follows": None,
        "received": instant,
    }


def lines(documents: list[Document]) -> Iterator[str]:
    """Yield documents as JSON, one a line."""
    for document in documents:
        yield json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
