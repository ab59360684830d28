"""What a price is made of is counted by function; what functions say is in one file."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.local.emulator.cloud import Cloud

from whenflow.local import process
from whenflow.local.emulator.controls import METER
from whenflow.local.emulator.journal import write
from whenflow.local.emulator.meter import Meter, units_of

WRITES = """
    import boto3, logging

    tables = boto3.client("dynamodb")

    def handler(event, context):
        logging.getLogger("shop").info("writing %s", event["table"])
        tables.put_item(TableName=event["table"], Item={"id": {"S": "x"}, "filling": {"S": "y" * 1500}})
        tables.get_item(TableName=event["table"], Key={"id": {"S": "x"}}, ConsistentRead=True)
"""


def meter(cloud: Cloud, method: str) -> dict[str, Any]:
    request = urllib.request.Request(process.endpoint(cloud.port) + METER, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        counted: dict[str, Any] = json.loads(answer.read())
    return counted


def test_calls_durations_units_and_log_bytes_are_counted_for_each_function(cloud: Cloud) -> None:
    function, (table, _) = cloud.function(WRITES, MemorySize=512), cloud.table()
    meter(cloud, "POST")

    cloud.invoke(function, {"table": table})
    cloud.invoke(function, {"table": table})

    counted = meter(cloud, "GET")[function]
    assert (counted["calls"], counted["warm_calls"]) == (2, 1)
    assert 0 < counted["warm_gb_seconds"] < 5
    assert (counted["writes"], counted["reads"]) == (4, 2)  # 1.5 KB are two write units and one read unit
    assert counted["log_bytes"] > 0


def test_counting_begins_from_zero(cloud: Cloud) -> None:
    function, (table, _) = cloud.function(WRITES), cloud.table()
    meter(cloud, "POST")
    cloud.invoke(function, {"table": table})

    meter(cloud, "POST")

    assert function not in meter(cloud, "GET")


def test_logging_is_set_up_as_lambda_does_and_kept_in_one_file(cloud: Cloud) -> None:
    function, (table, _) = cloud.function(WRITES), cloud.table()

    cloud.invoke(function, {"table": table})

    journal = cloud.emulator.log.parent / "functions.log"
    said = [line.partition("\t")[2] for line in journal.read_text().splitlines() if line.startswith(function)]
    assert [json.loads(line) for line in said] == [{"level": "INFO", "message": f"writing {table}", "logger": "shop"}]


def test_nothing_is_counted_while_it_is_off() -> None:
    idle = Meter()

    idle.add("function", calls=1)

    assert idle.reading() == {}


@pytest.mark.parametrize(
    ("asked", "status", "answer", "units"),
    [
        ({}, 200, {"ConsumedCapacity": {"CapacityUnits": 2.0}}, 2),
        ({}, 200, {"ConsumedCapacity": [{"CapacityUnits": 2.0}, {"CapacityUnits": 4.0}]}, 6),
        ({}, 400, {"__type": "ConditionalCheckFailedException"}, 1),
        ({"TransactItems": [{}, {}]}, 400, {"__type": "TransactionCanceledException"}, 4),
    ],
)
def test_a_refused_write_is_billed_too(asked: Any, status: int, answer: Any, units: float) -> None:
    assert units_of(asked, status, answer) == units


def test_each_line_of_a_log_stands_behind_its_function(tmp_path: Path) -> None:
    write(tmp_path / "log", "hello", "one\ntwo")
    write(tmp_path / "log", "silent", "")

    assert (tmp_path / "log").read_text() == "hello\tone\nhello\ttwo\n"
