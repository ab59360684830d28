"""What counting an event costs: by DynamoDB's own rules, and by what the engine at hand says that it used."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.counting import metered

from whenflow.automations.engine import Engine
from whenflow.automations.held import Holder, lane_of
from whenflow.automations.match import Matcher
from whenflow.automations.model import Automation, automation_from_document, with_identity
from whenflow.automations.rows import PUT_ASIDE_AT_ONCE
from whenflow.automations.settle import Record, Settler
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.witnesses import Witnesses
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.aws.window_store import DynamoWindowStore
from whenflow.events.ids import shard_of
from whenflow.testing import ManualClock, MemoryEventStore, an_automation, an_event
from whenflow.testing.doubles import START
from whenflow.testing.windows import MemoryHoldStore, MemoryProgressStore, MemoryTimerQueue, NoPauses

SHARDS = 4
REAL = 49_000_000_000_000_000_000_000  # sequence numbers are as long as this
ID = "prefect.resource.id"
COUNTING = an_automation(expect=["x"], threshold=100_000, within=600)


@dataclass
class Used:
    """What was used: by the rules, by the engine's own account, and in how many calls."""

    written: float = 0
    told: float = 0
    calls: list[str] = field(default_factory=list)


@contextmanager
def used_by(client: Any, observer: Any) -> Iterator[Used]:
    """Count what a client uses, of writes."""
    used = Used()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        used.calls.append(model.name)
        consumed = parsed.get("ConsumedCapacity", [])
        if model.name in ("PutItem", "TransactWriteItems"):
            used.told += sum(one["CapacityUnits"] for one in (consumed if isinstance(consumed, list) else [consumed]))

    writes = [f"provide-client-params.dynamodb.{name}" for name in ("PutItem", "TransactWriteItems")]
    for name in writes:
        client.meta.events.register(name, ask)
    client.meta.events.register("after-call.dynamodb", note)
    with metered(client, observer) as meter:
        yield used
    for name in writes:
        client.meta.events.unregister(name, ask)
    client.meta.events.unregister("after-call.dynamodb", note)
    used.written = meter.written


class Counting:
    """A matcher over the windows in DynamoDB."""

    def __init__(self, client: Any, automation: Automation) -> None:
        import boto3

        self.client = client
        self.observer = boto3.client("dynamodb", endpoint_url=client.meta.endpoint_url)
        self.clock, self.timers = ManualClock(), MemoryTimerQueue()
        events, firings = MemoryEventStore(), DynamoFiringStore(client, "FiringsTable", self.clock)
        windows = DynamoWindowStore(client, "StateTable", firings)
        keeper = Timekeeper(windows, self.timers, MemoryProgressStore(), Witnesses(events, self.clock), self.clock)
        settler = Settler(windows, firings, events, NoPauses(), keeper.ask_soon)
        self._engine = Engine([automation])
        self._matcher = Matcher(self, settler, Holder(events, MemoryHoldStore(), self.clock), keeper, self.clock)
        self._sequence = REAL

    def engine(self) -> Engine:
        return self._engine

    def record(self, resource: str = "r.1") -> Record:
        """Let an event occur now."""
        now = self.clock.now()
        self._sequence += 1_234_567
        event = an_event("x", resource, id=f"{self._sequence}", occurred=now)
        return Record(event, lane_of(now, shard_of(resource, SHARDS)), self._sequence)

    def strew(self, chance: random.Random) -> None:
        """Go on with a sequence number that shares next to no digit with the one before: no help to who compresses."""
        self._sequence += chance.randrange(10**25)

    def matching(self, *records: Record) -> Used:
        """Take a batch in; return what that used."""
        with used_by(self.client, self.observer) as used:
            assert not self._matcher.match(records).failed
        return used


def test_a_batch_of_a_hundred_events_for_one_key_is_one_write_of_one_unit(dynamodb):
    counting = Counting(dynamodb, COUNTING)

    used = counting.matching(*(counting.record() for _ in range(100)))
    assert used.calls == ["BatchGetItem", "PutItem"]
    assert (used.written, used.told) == (1, 1)


def test_each_further_batch_is_one_write_of_one_unit_and_no_read(dynamodb):
    counting = Counting(dynamodb, COUNTING)
    counting.matching(counting.record())

    for size in (1, 10, 100):
        used = counting.matching(*(counting.record() for _ in range(size)))
        assert used.calls == ["PutItem"]
        assert (used.written, used.told) == (1, 1)


def test_each_key_of_a_batch_is_one_write_of_one_unit(dynamodb):
    counting = Counting(dynamodb, an_automation(expect=["x"], threshold=100, within=600, for_each=[ID]))

    used = counting.matching(*(counting.record(f"r.{number % 7}") for number in range(70)))
    assert used.calls.count("PutItem") == 7
    assert (used.written, used.told) == (7, 7)


def test_a_batch_that_comes_again_writes_nothing(dynamodb):
    counting = Counting(dynamodb, COUNTING)
    batch = [counting.record() for _ in range(10)]
    counting.matching(*batch)

    assert counting.matching(*batch).written == 0


def test_an_event_that_no_trigger_looks_at_asks_nothing_of_the_database(dynamodb):
    counting = Counting(dynamodb, an_automation(expect=["y"], threshold=2, within=60))

    assert counting.matching(counting.record()).calls == []


@pytest.mark.parametrize(
    ("trigger", "resources"),
    [
        ({"threshold": 100_000, "within": 600}, [f"r.{number}" for number in range(SHARDS * 2)]),
        ({"threshold": 100_000, "within": 10_000_000, "for_each": [ID]}, ["s3://a-bucket/a/file.csv"]),
        ({"posture": "Proactive", "within": 100_000, "threshold": 2, "for_each": [ID]}, ["s3://a-bucket/a/file.csv"]),
    ],
    ids=["any resource", "each resource", "absence of each"],
)
def test_after_a_day_of_events_in_every_hour_one_more_is_one_unit_still(dynamodb, trigger, resources):
    counting = Counting(dynamodb, an_automation(expect=["x"], **trigger))

    for _ in range(28):
        counting.matching(*(counting.record(resource) for resource in resources))
        counting.clock.advance(timedelta(hours=1).total_seconds())
    used = counting.matching(counting.record(resources[0]))
    assert (used.written, used.told) == (1, 1)


BUSY: dict[str, dict[str, Any]] = {
    "counted without a deadline": {"expect": ["x"], "threshold": 100_000},
    "counted": {"expect": ["x"], "threshold": 100_000, "within": 600},
    "after": {"after": ["x"], "expect": ["x"], "threshold": 100_000, "within": 10_000_000},
    "absence": {"expect": ["x"], "posture": "Proactive", "threshold": 100_000, "within": 10_000_000},
    "absence after": {
        "after": ["x"],
        "expect": ["x"],
        "posture": "Proactive",
        "threshold": 100_000,
        "within": 10_000_000,
    },
}
COMPOSED: dict[str, dict[str, Any]] = {
    "compound": {"type": "compound", "require": "all"},
    "sequence": {"type": "sequence"},
}


def composed(kind: dict[str, Any]) -> Automation:
    """Return an automation of which one child fires all day, and the other never."""
    children = [{"type": "event", "posture": "Reactive", "expect": [name]} for name in ("x", "y")]
    document = {"name": "both", "trigger": kind | {"within": None, "triggers": children}, "actions": []}
    return with_identity(automation_from_document(document), ID, START, START)


@pytest.mark.parametrize(
    "automation",
    [*(an_automation(**one) for one in BUSY.values()), *(composed(one) for one in COMPOSED.values())],
    ids=[*BUSY, *COMPOSED],
)
def test_on_a_day_busy_in_four_shards_a_batch_is_one_unit_and_seldom_more(dynamodb, automation):
    counting = Counting(dynamodb, automation)
    resources = {shard_of(f"r.{number}", SHARDS): f"r.{number}" for number in range(40)}
    chance = random.Random(4)

    units = []
    for _ in range(26 * 3):
        for shard in range(SHARDS):
            counting.strew(chance)
            units.append(counting.matching(counting.record(resources[shard])).written)
        counting.clock.advance(1_200)
    ordinary, more = units.count(1), [one for one in units if one != 1]
    assert ordinary + len(more) == 26 * 3 * 4
    assert max(more, default=0) <= 6, "a row that puts marks aside is written with another, in a transaction"
    assert len(more) <= 26 * SHARDS / PUT_ASIDE_AT_ONCE
    assert sum(units) / len(units) <= 1.1


def test_a_heartbeat_that_moves_its_limit_on_is_one_unit_and_asks_for_no_ring(dynamodb):
    beats = an_automation(expect=["x"], after=["x"], posture="Proactive", within=3_600, for_each=[ID])
    counting = Counting(dynamodb, beats)
    counting.matching(counting.record())

    for _ in range(5):
        counting.clock.advance(60)
        assert counting.matching(counting.record()).written == 1
    assert counting.timers.asked == []


def test_a_row_that_matters_no_more_is_forgotten_in_time_and_no_other(dynamodb):
    def expires(**trigger: Any) -> float | None:
        automation = an_automation(f"{trigger}", expect=["x"], **trigger)
        counting = Counting(dynamodb, automation)
        counting.matching(counting.record())
        key = {"pk": {"S": f"trigger#{automation.trigger.id}"}, "sk": {"S": "slot#[]"}}
        item = dynamodb.get_item(TableName="StateTable", Key=key)["Item"]
        return float(item["expires"]["N"]) - START.timestamp() if "expires" in item else None

    day = 24 * 3_600.0
    assert expires(threshold=5, within=60) == 60 + 2 * day
    assert expires(threshold=5, within=10 * day) == 12 * day
    assert expires(threshold=1, within=900) == 900 + 900 + 2 * day, "the window that it is deaf in matters too"
    assert expires(threshold=5) is None, "without a deadline it is counted on for ever"
    assert expires(after=["x"]) is None
    assert expires(posture="Proactive", within=60) is None, "time will close it"


def test_what_a_composite_kept_is_forgotten_in_time_once_it_was_used_up(dynamodb):
    counting = Counting(dynamodb, composed(COMPOSED["compound"]))

    def expires() -> bool:
        [item] = dynamodb.scan(TableName="StateTable")["Items"]
        return "expires" in item

    counting.matching(counting.record())
    assert not expires(), "it waits for the other for ever"
    other = counting.record()
    counting.matching(replace(other, event=replace(other.event, event="y")))
    assert expires()
