"""What the event source mapping of Kafka hands over."""

import base64
import json

import pytest
from tests.sources.conftest import Fixed, a_source

from whenflow.errors import TooLarge
from whenflow.sources import FAILED, NotificationReceiver
from whenflow.testing import MemoryEventStore

CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/e9f754c6-d29a-4430-a7db-958a19fd2c54-4"


def encoded(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.b64encode(raw).decode()


def record(offset: int = 0, value={"userid": "u-1"}, key: bytes | None = b"u-1", **changes):  # noqa: B006 - only read
    return {
        "topic": "signups",
        "partition": 0,
        "offset": offset,
        "timestamp": 1795176000000,
        "timestampType": "CREATE_TIME",
        "key": None if key is None else encoded(key),
        "value": encoded(value),
        "headers": [{"trace": [97, 98, -61, -92]}],
        **changes,
    }


def batch(*records, **changes):
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": CLUSTER,
        "bootstrapServers": "b-1.shop.kafka:9096",
        "records": {"signups-0": list(records)},
        **changes,
    }


def test_a_record_becomes_an_event_on_its_partition(receive):
    (event,) = receive(batch(record(7)))

    assert event.event == "kafka.record-received"
    assert event.resource == {
        "prefect.resource.id": "kafka://signups/0",
        "prefect.resource.name": "signups",
        "kafka.topic": "signups",
        "kafka.partition": "0",
        "kafka.offset": "7",
        "kafka.key": "u-1",
    }
    assert [(one["prefect.resource.role"], one["prefect.resource.id"]) for one in event.related] == [
        ("topic", "kafka://signups"),
        ("cluster", CLUSTER),
        ("account", "aws.account.111122223333"),
    ]
    assert event.as_document()["occurred"] == "2026-11-20T12:00:00.000000Z"


def test_the_payload_says_all_that_the_record_says(receive):
    (event,) = receive(batch(record(7)))

    assert event.payload == {
        "topic": "signups",
        "partition": 0,
        "offset": 7,
        "timestamp": "2026-11-20T12:00:00.000000Z",
        "key": "u-1",
        "value": {"userid": "u-1"},
        "encoding": "json",
        "headers": {"trace": "abä"},
    }


@pytest.mark.parametrize(
    ("raw", "value", "encoding"),
    [
        (b'{"a": 1}', {"a": 1}, "json"),
        (b"17", 17, "json"),
        ("Grüße".encode(), "Grüße", "text"),
        (b"", "", "text"),
        (b"\xff\x00", "/wA=", "base64"),
        (b"NaN", "NaN", "text"),
    ],
)
def test_a_value_is_json_or_text_or_stays_in_base_64(receive, raw, value, encoding):
    (event,) = receive(batch(record(value=raw)))

    assert (event.payload["value"], event.payload["encoding"]) == (value, encoding)


def test_a_tombstone_is_an_event_without_a_value(receive):
    (event,) = receive(batch(record(value=b"") | {"value": None}))

    assert event.payload["value"] is None


def test_a_key_stays_a_text(receive):
    (event,) = receive(batch(record(key=b"17")))

    assert event.payload["key"] == "17"


def test_a_record_without_key_and_headers_is_an_event(receive):
    bare = record(key=None)
    del bare["headers"], bare["key"], bare["timestamp"]

    (event,) = receive(batch(bare))

    assert (event.payload["key"], event.payload["headers"]) == (None, {})


def test_a_record_delivered_twice_is_one_event(world, receive):
    receive(batch(record(0), record(1)))
    receive(batch(record(1), record(2)))

    assert [event.payload["offset"] for event in world.events.stored.values()] == [0, 1, 2]


def test_the_same_offset_of_another_place_is_another_event(world, receive):
    receive(batch(record()))
    receive(batch(record(partition=1)))
    receive(batch(record(topic="orders")))
    receive(batch(record(), eventSourceArn=CLUSTER + "5"))
    receive(batch(record(timestamp=1795176000001)))  # the topic was made anew

    assert len(world.events.stored) == 5


def test_a_cluster_of_ones_own_has_no_account(receive):
    own = batch(record(), eventSource="SelfManagedKafka")
    del own["eventSourceArn"]

    (event,) = receive(own)

    assert [one["prefect.resource.role"] for one in event.related] == ["topic"]


def test_a_source_renders_a_record(receive):
    source = a_source(
        pattern={"source": ["kafka"], "detail": {"topic": ["signups"], "value": {"userid": [{"exists": True}]}}},
        template={
            "event": "user.signed-up",
            "resource": {"prefect.resource.id": "user.{{ value.userid }}"},
            "payload": {
                "place": "{{ topic }}/{{ partition }}/{{ offset }}",
                "by": "{{ key }}",
                "trace": "{{ headers.trace }}",
                "at": "{{ timestamp }}",
                "value": "{{ value }}",
            },
        },
    )

    (event,) = receive(batch(record(3)), source)

    assert (event.event, event.resource_id) == ("user.signed-up", "user.u-1")
    assert event.payload == {
        "place": "signups/0/3",
        "by": "u-1",
        "trace": "abä",
        "at": "2026-11-20T12:00:00.000000Z",
        "value": {"userid": "u-1"},
    }


@pytest.mark.parametrize(
    "poison",
    [
        {"topic": "signups"},
        record(value=b"") | {"value": "not base 64!"},
        record() | {"offset": "first"},
        record() | {"headers": [["trace"]]},
        record() | {"timestamp": 10**18},
        "nothing at all",
        None,
    ],
)
def test_a_poison_record_is_told_of_and_stops_no_other(receive, poison):
    events = receive(batch(record(0), poison, record(2)))

    assert [event.event for event in events] == [
        "kafka.record-received",
        "whenflow.source.failed",
        "kafka.record-received",
    ]


def test_a_record_too_large_for_an_event_is_told_of(receive):
    events = receive(batch(record(0, value={"text": "x" * 1_600_000}), record(1)))

    assert [event.event for event in events] == ["whenflow.source.failed", "kafka.record-received"]
    assert "the limit is" in events[0].payload["reason"]
    assert len(events[0].payload["notification"]) <= 10_000


class Narrow(MemoryEventStore):
    """A store that holds small events only."""

    def put(self, event):
        if len(str(event.payload)) > 1000 and event.event != FAILED:
            raise TooLarge("It has too many bytes.")
        return super().put(event)


def test_a_record_that_the_store_cannot_hold_is_told_of_and_blocks_nothing(world):
    events = Narrow()

    NotificationReceiver(Fixed([]), events, world.clock, world.ids).receive(
        batch(record(0, value="x" * 2000), record(1))
    )

    assert events.names() == [FAILED, "kafka.record-received"]
    assert events.named(FAILED)[0].payload["reason"] == "It has too many bytes."
