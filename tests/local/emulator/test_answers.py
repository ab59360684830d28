"""Functions answer as on AWS."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.local.emulator.cloud import ROLE, Cloud, eventually

from whenflow.local.emulator import answers

RAISES = """
    import os

    class NotToday(Exception):
        pass

    def handler(event, context):
        if event.get("process"):
            return os.getpid()
        print("about to raise")
        raise NotToday("come back tomorrow")
"""


def test_an_exception_keeps_its_class_and_says_where_it_came_from(cloud: Cloud) -> None:
    function = cloud.function(RAISES)

    answer, error = cloud.invoke(function, {})

    assert error == "Unhandled"
    assert answer["errorType"] == "NotToday"
    assert answer["errorMessage"] == "come back tomorrow"
    assert "app.py" in answer["stackTrace"][0]


def test_a_process_outlives_an_exception(cloud: Cloud) -> None:
    function = cloud.function(RAISES)
    before, _ = cloud.invoke(function, {"process": True})

    cloud.invoke(function, {})

    after, _ = cloud.invoke(function, {"process": True})
    assert after == before


def test_a_state_machine_catches_an_exception_by_its_class(cloud: Cloud) -> None:
    function = cloud.function(RAISES)
    catch = [{"ErrorEquals": ["NotToday"], "Next": "Caught"}]
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
        "Catch": catch,
        "End": True,
    }
    definition = {
        "StartAt": "Try",
        "States": {"Try": task, "Caught": {"Type": "Pass", "Result": "caught", "End": True}},
    }
    machines = cloud.client("stepfunctions")
    machine = machines.create_state_machine(name=function, definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]

    execution = machines.start_execution(stateMachineArn=machine, input="{}")["executionArn"]

    done = eventually(
        lambda: (seen := machines.describe_execution(executionArn=execution))["status"] != "RUNNING" and seen
    )
    assert done and done["status"] == "SUCCEEDED" and done["output"] == '"caught"'


def test_what_cannot_become_json_is_reported_as_aws_does(cloud: Cloud) -> None:
    function = cloud.function("""
        def handler(event, context):
            return {1, 2}
    """)

    answer, error = cloud.invoke(function, {})

    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.MarshalError")


def test_a_process_that_dies_is_reported_and_replaced(cloud: Cloud) -> None:
    function = cloud.function("""
        import os

        def handler(event, context):
            if event == "die":
                os.kill(os.getpid(), 9)
            return event
    """)

    answer, error = cloud.invoke(function, "die")

    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert cloud.invoke(function, "live") == ("live", None)


def test_a_process_that_dies_while_it_starts_takes_no_other_along(cloud: Cloud, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    function = cloud.function(f"""
        import os, pathlib, time

        busy = pathlib.Path({str(busy)!r})
        if busy.exists():
            os.kill(os.getpid(), 9)

        def handler(event, context):
            busy.touch()
            time.sleep(1)
            return "done"
    """)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(cloud.invoke, function, {})
        eventually(busy.exists)
        answer, error = cloud.invoke(function, {})

        assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert first.result() == ("done", None)


def test_a_quiet_call_does_not_wait_for_log_lines(cloud: Cloud) -> None:
    function = cloud.function("""
        def handler(event, context):
            return event
    """)
    cloud.invoke(function, 0)
    seconds = []

    for number in range(20):
        begun = time.monotonic()
        cloud.invoke(function, number)
        seconds.append(time.monotonic() - begun)

    assert min(seconds) < 0.05  # the wait alone would be as long


def test_each_call_has_its_own_log_lines(cloud: Cloud) -> None:
    function = cloud.function("""
        def handler(event, context):
            for line in range(event):
                print(f"line {line} of {event}")
            print("no newline", end="")
    """)
    logs = cloud.client("logs")

    cloud.invoke(function, 1)
    cloud.invoke(function, 3)

    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    said = [event["message"] for event in events if not event["message"].startswith(("START", "END", "REPORT"))]
    assert sorted(said) == ["line 0 of 1", "line 0 of 3", "line 1 of 3", "line 2 of 3", "no newline", "no newline"]


def test_another_worker_script_is_refused() -> None:
    with pytest.raises(RuntimeError, match="does not hold the lines"):
        answers.adapted_script("print('something else')")
