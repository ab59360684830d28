"""Asynchronous invocations: queued, tried again under one id, given up with a message."""

import json
from pathlib import Path

from tests.local.emulator.cloud import Cloud, eventually, lines

from whenflow.local.emulator.capacity import limit

FAILS = """
    def handler(event, context):
        with open(event["diary"], "a") as diary:
            diary.write(context.aws_request_id + "\\n")
        raise ValueError("no")
"""


def test_all_tries_have_one_request_id_and_the_failure_destination_is_told(cloud: Cloud, diary: Path) -> None:
    function = cloud.function(FAILS)
    url, arn = cloud.queue()
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}}
    )

    cloud.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"diary": str(diary)})
    )

    messages = eventually(lambda: cloud.messages(url))
    tries = lines(diary)
    assert len(tries) == 2 and len(set(tries)) == 1
    assert messages[0]["requestPayload"] == {"diary": str(diary)}
    assert messages[0]["responsePayload"]["errorType"] == "ValueError"


def test_two_invocations_have_two_request_ids(cloud: Cloud, diary: Path) -> None:
    function = cloud.function(FAILS)
    cloud.client("lambda").put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)

    for _ in range(2):
        cloud.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps({"diary": str(diary)})
        )

    assert eventually(lambda: len(lines(diary)) == 2)
    assert len(set(lines(diary))) == 2


def test_many_invocations_queue_for_a_few_processes(cloud: Cloud, diary: Path) -> None:
    function = cloud.function("""
        import os, time

        def handler(event, context):
            time.sleep(0.01)
            with open(event["diary"], "a") as diary:
                diary.write(f"{os.getpid()}\\n")
    """)

    for _ in range(40):
        cloud.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps({"diary": str(diary)})
        )

    assert eventually(lambda: len(lines(diary)) == 40)
    assert len(set(lines(diary))) <= limit()


def test_what_a_rule_sends_to_a_function_is_tried_again(cloud: Cloud, diary: Path) -> None:
    function = cloud.function("""
        def handler(event, context):
            with open(event["detail"]["diary"], "a") as diary:
                diary.write(context.aws_request_id + "\\n")
            with open(event["detail"]["diary"]) as diary:
                if len(diary.readlines()) == 1:
                    raise ValueError("the first time it fails")
    """)
    events = cloud.client("events")
    events.put_rule(Name=function, EventPattern=json.dumps({"source": [function]}))
    events.put_targets(
        Rule=function, Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:us-east-1:000000000000:function:{function}"}]
    )

    events.put_events(Entries=[{"Source": function, "DetailType": "test", "Detail": json.dumps({"diary": str(diary)})}])

    assert eventually(lambda: len(lines(diary)) == 2)
    assert len(set(lines(diary))) == 1
