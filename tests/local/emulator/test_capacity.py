"""A burst waits for a free process."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.local.emulator.cloud import Cloud

from whenflow.local.emulator.capacity import Turns, limit

SAYS_WHO = """
    import os, time

    def handler(event, context):
        time.sleep(0.02)
        return os.getpid()
"""


def test_a_burst_is_served_by_a_few_processes(cloud: Cloud) -> None:
    function = cloud.function(SAYS_WHO)

    def call(_: int) -> int:
        answer = cloud.client("lambda").invoke(FunctionName=function)
        return int(json.loads(answer["Payload"].read()))

    with ThreadPoolExecutor(16) as burst:
        processes = list(burst.map(call, range(32)))

    assert len(processes) == 32
    assert len(set(processes)) <= limit()


def test_each_function_has_turns_of_its_own() -> None:
    turns = Turns(2, patience=0.01)

    assert turns.take("one") and turns.take("one")

    assert turns.take("one") is None
    assert turns.take("another")


def test_a_call_goes_ahead_when_patience_runs_out() -> None:
    turns = Turns(1, patience=0.01)
    held = turns.take("recursive")

    assert held is not None
    assert turns.take("recursive") is None  # and `execute_in_turn` calls all the same
