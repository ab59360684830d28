"""Queue mappings: partial failures, dead letters."""

import json
from pathlib import Path

from tests.local.emulator.cloud import Cloud, eventually, lines


def test_a_message_that_keeps_failing_becomes_a_dead_letter(cloud: Cloud, diary: Path) -> None:
    dead_url, dead_arn = cloud.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = cloud.queue(RedrivePolicy=redrive, VisibilityTimeout="2")
    function = cloud.function("""
        import os

        def handler(event, context):
            failed = [record["messageId"] for record in event["Records"] if record["body"] == '"bad"']
            with open(os.environ["DIARY"], "a") as diary:
                diary.writelines(record["body"] + "\\n" for record in event["Records"])
            return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
    """, Environment={"Variables": {"DIARY": str(diary)}})  # fmt: skip
    cloud.invoke(function, {"Records": []})  # a cold start may take longer than the message is hidden
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )

    for body in ("good", "bad"):
        cloud.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))

    assert eventually(lambda: cloud.messages(dead_url), seconds=15) == ["bad"]
    assert sorted(lines(diary)) == ['"bad"', '"bad"', '"good"']
