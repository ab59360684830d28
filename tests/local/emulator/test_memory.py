"""What a restart keeps."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.local.emulator.cloud import ROLE, Cloud, eventually, lines

from whenflow.local import process

PATIENCE = {"WHENFLOW_LOCAL_FINISH_SECONDS": "1.5"}
BRITTLE = """
    import os

    def handler(event, context):
        for record in event["Records"]:
            with open(os.environ["DIARY"], "a") as diary:
                diary.write(record["dynamodb"]["Keys"]["id"]["S"] + "\\n")
        if not os.path.exists(os.environ["DIARY"] + ".mended"):
            raise ValueError("not yet")
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Cloud]]:
    """Start an embedded AWS that finds what the one before it left."""
    clouds: list[Cloud] = []

    def start_again() -> Cloud:
        port = clouds[0].port if clouds else 0
        clouds.append(Cloud(process.start(tmp_path / "home", process.listen(port), PATIENCE)))
        return clouds[-1]

    yield start_again
    for cloud in clouds:
        cloud.emulator.stop()


def test_a_restart_delivers_what_was_not_delivered_and_nothing_twice(start: Callable[[], Cloud], diary: Path) -> None:
    cloud = start()
    table, stream = cloud.table()
    function = cloud.function(BRITTLE, Environment={"Variables": {"DIARY": str(diary)}})
    mended = Path(f"{diary}.mended")
    mended.touch()
    cloud.map_stream(stream, function, BatchSize=1)
    cloud.put(table, "delivered")
    assert eventually(lambda: lines(diary)) == ["delivered"]
    mended.unlink()
    cloud.put(table, "stuck", "behind")
    assert eventually(lambda: "stuck" in lines(diary))
    cloud.emulator.stop()
    mended.touch()
    diary.unlink()

    cloud = start()

    assert eventually(lambda: len(lines(diary)) == 2)
    cloud.put(table, "new")
    assert eventually(lambda: len(lines(diary)) == 3)
    assert lines(diary) == ["stuck", "behind", "new"]


def test_a_restart_makes_unfinished_invocations_again_under_their_ids(start: Callable[[], Cloud], diary: Path) -> None:
    cloud = start()
    function = cloud.function("""
        import os, time

        def handler(event, context):
            with open(event["diary"], "a") as diary:
                diary.write(context.aws_request_id + "\\n")
            time.sleep(0 if os.path.exists(event["diary"] + ".quick") else 15)
    """)
    cloud.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"diary": str(diary)})
    )
    before = eventually(lambda: lines(diary))
    Path(f"{diary}.quick").touch()
    cloud.emulator.stop()

    cloud = start()

    assert eventually(lambda: lines(diary) == [*before, *before])


def test_an_execution_that_was_cut_off_is_reported_as_failed(start: Callable[[], Cloud]) -> None:
    cloud = start()
    url, arn = cloud.queue()
    events, machines = cloud.client("events"), cloud.client("stepfunctions")
    events.put_rule(Name="states", EventPattern=json.dumps({"source": ["aws.states"]}))
    events.put_targets(Rule="states", Targets=[{"Id": "1", "Arn": arn}])
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
    machine = machines.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]
    machines.start_execution(stateMachineArn=machine, name="cut-off")
    assert eventually(lambda: cloud.messages(url))[0]["detail"]["status"] == "RUNNING"
    cloud.emulator.stop()

    cloud = start()

    (message,) = eventually(lambda: cloud.messages(url))
    assert (message["detail"]["name"], message["detail"]["status"]) == ("cut-off", "FAILED")


def test_a_stop_takes_no_more_messages_from_queues(start: Callable[[], Cloud], diary: Path) -> None:
    cloud = start()
    url, arn = cloud.queue()
    function = cloud.function("""
        import os, time

        def handler(event, context):
            time.sleep(0.1)
            with open(os.environ["DIARY"], "a") as diary:
                diary.write(event["Records"][0]["body"] + "\\n")
    """, Environment={"Variables": {"DIARY": str(diary)}})  # fmt: skip
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function, BatchSize=1)
    bodies = [f"{number:02}" for number in range(30)]
    for body in bodies:
        cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    assert eventually(lambda: lines(diary))
    begun = time.monotonic()

    cloud.emulator.stop()

    assert time.monotonic() - begun < 3
    assert len(lines(diary)) < 30
    start()
    assert eventually(lambda: sorted(lines(diary)) == bodies)
