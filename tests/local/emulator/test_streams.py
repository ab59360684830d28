"""Stream mappings in the emulator."""

import json
import time
from pathlib import Path

from tests.local.emulator.cloud import Cloud, eventually, lines

WRITES_DOWN = """
    import os, time

    def handler(event, context):
        ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
        with open(os.environ["DIARY"], "a") as diary:
            diary.write(" ".join(ids) + "\\n")
        if "bad" in ids and os.environ.get("HOW") == "raise":
            raise ValueError("bad record")
        time.sleep(float(os.environ.get("SECONDS", "0")))
        failed = [record["dynamodb"]["SequenceNumber"] for record, id in zip(event["Records"], ids) if id == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
"""


def reader(cloud: Cloud, diary: Path, **variables: str) -> str:
    return cloud.function(WRITES_DOWN, Environment={"Variables": {"DIARY": str(diary), **variables}})


def test_a_partial_failure_is_retried_then_given_up_and_the_rest_goes_on(cloud: Cloud, diary: Path) -> None:
    table, stream = cloud.table()
    url, dead_letters = cloud.queue()
    cloud.put(table, "a", "bad", "z")

    cloud.map_stream(
        stream,
        reader(cloud, diary),
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": dead_letters}},
    )

    messages = eventually(lambda: cloud.messages(url))
    assert eventually(lambda: lines(diary)[-1:] == ["z"])
    assert lines(diary) == ["a bad z", "bad z", "bad", "bad", "bad", "z"]
    assert messages[0]["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert messages[0]["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_raised_error_is_bisected_down_to_the_bad_record(cloud: Cloud, diary: Path) -> None:
    table, stream = cloud.table()
    cloud.put(table, "a", "b", "bad", "z")

    cloud.map_stream(stream, reader(cloud, diary, HOW="raise"), BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)

    assert eventually(lambda: lines(diary)[-1:] == ["z"])
    assert lines(diary) == ["a b bad z", "a b", "bad z", "bad", "z"]


def test_a_slow_function_does_not_hold_up_another(cloud: Cloud, diary: Path, tmp_path: Path) -> None:
    (slow_table, slow_stream), (table, stream) = cloud.table(), cloud.table()
    slow_diary = tmp_path / "slow.txt"
    cloud.map_stream(stream, reader(cloud, diary))
    cloud.put(table, "before")
    assert eventually(lambda: lines(diary))
    cloud.map_stream(slow_stream, reader(cloud, slow_diary, SECONDS="4"))
    cloud.put(slow_table, "slow")
    assert eventually(lambda: lines(slow_diary))

    cloud.put(table, "quick")

    assert eventually(lambda: len(lines(diary)) == 2, seconds=3)


def test_a_write_wakes_the_reader(cloud: Cloud, diary: Path) -> None:
    table, stream = cloud.table()
    cloud.map_stream(stream, reader(cloud, diary))
    cloud.put(table, "first")
    assert eventually(lambda: lines(diary)) == ["first"]
    time.sleep(0.1)
    seconds = []

    for number in range(5):
        begun = time.monotonic()
        cloud.put(table, f"next-{number}")
        assert eventually(lambda: lines(diary)[-1].endswith(f"next-{number}"))  # noqa: B023
        seconds.append(time.monotonic() - begun)
        time.sleep(0.1)

    assert min(seconds) < 0.3  # the pause between two looks would be longer


def test_records_stay_in_order(cloud: Cloud, diary: Path) -> None:
    table, stream = cloud.table()
    ids = [f"{number:03}" for number in range(60)]
    cloud.map_stream(stream, reader(cloud, diary), BatchSize=7)

    cloud.put(table, *ids)

    assert eventually(lambda: " ".join(lines(diary)).split() == ids)


def test_a_filter_keeps_records_out(cloud: Cloud, diary: Path) -> None:
    table, stream = cloud.table()
    pattern = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"prefix": "in-"}]}}}}
    cloud.map_stream(stream, reader(cloud, diary), FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})

    cloud.put(table, "out-1", "in-1", "out-2", "in-2")

    assert eventually(lambda: " ".join(lines(diary)).split() == ["in-1", "in-2"])
