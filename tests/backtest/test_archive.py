"""What the archive keeps is what a backtest plays, and what Athena is told to read."""

import gzip
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.stories import NOON, order_placed

from whenflow.aws.archive import EventArchive
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.hour_keeper import HourKeeper
from whenflow.events import Event

BUCKET = "archive-bucket"
DOCS = Path(__file__).parents[2] / "docs" / "events.md"
AUTOMATION = """
name: three of an order in a minute
trigger:
  {type: event, posture: Reactive, expect: [order.placed], for_each: [prefect.resource.id], threshold: 3, within: 60}
actions:
  - {type: run-deployment, deployment: alarms/ring, parameters: {number: "{{ event.payload.number }}"}}
"""


@pytest.fixture
def archive(dynamodb, clock, tmp_path) -> list[Event]:
    """The archive of two hours, as `aws s3 sync` brings it: in each hour, three orders of number 7 in a minute."""
    import boto3

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    events = DynamoEventStore(dynamodb, "EventsTable", "StateTable", 4, 30, clock)
    told = [
        order_placed(number, occurred=NOON + timedelta(hours=hour, seconds=second), payload={"number": number})
        for hour in range(2)
        for second, number in enumerate([7, 8, 7, 9, 7, 8])
    ]
    for one in told:
        events.put(one)
    clock.advance(3 * 3_600)
    keeper = HourKeeper(events.reader, events.digests, EventArchive(lambda: s3, BUCKET, "archive"), clock)
    assert keeper.close_hours(60).closed == 2
    for kept in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        file = tmp_path / kept["Key"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(s3.get_object(Bucket=BUCKET, Key=kept["Key"])["Body"].read())
    (tmp_path / "rules.yaml").write_text(AUTOMATION)
    return told


def test_a_backtest_plays_the_archive(cli, archive):
    document = cli("backtest", "rules.yaml", "--events", "archive/**/*.jsonl.gz", "--sort", "--json").document

    assert document["summary"]["events"] == len(archive)
    assert [one["labels"]["prefect.resource.id"] for one in document["firings"]] == ["order.7", "order.7"]
    assert document["firings"][0]["runs"][0]["parameters"] == {"number": 7}


def test_the_columns_that_athena_is_told_of_are_those_of_every_line(archive, tmp_path):
    (table,) = re.findall(r"CREATE EXTERNAL TABLE events \((.*?)\)\nPARTITIONED BY \((.*?)\)", DOCS.read_text(), re.S)
    columns = {column.split()[0] for column in re.split(r",\s*(?=[a-z]+ )", table[0].strip())}
    partitions = [column.split()[0] for column in table[1].split(",")]

    for file in tmp_path.glob("archive/**/*.jsonl.gz"):
        parts = file.relative_to(tmp_path / "archive").parts[:-1]
        assert [part.partition("=")[0] for part in parts] == partitions
        assert re.fullmatch(r"day=\d{4}-\d\d-\d\d/hour=\d\d", "/".join(parts))
        for line in gzip.decompress(file.read_bytes()).splitlines():
            assert json.loads(line).keys() == columns
