"""Counts what a story takes, with the emulator's meter, and prices it."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx2

from whenflow.local import price
from whenflow.local.emulator.controls import METER
from whenflow.local.room import Running
from whenflow.local.stack import aws_client
from whenflow.local.stage import Chain

QUIET_SECONDS, PATIENCE_SECONDS = 0.8, 10.0
LOOKING_ON = ("-ApiFunction-", "-UiFunction-")  # what we look with is no part of what happens


class Counter:
    """The meter of the running emulator."""

    def __init__(self, running: Running, outputs: dict[str, str]) -> None:
        """Count on this stack."""
        self._url = running.endpoint_url + METER
        self._machine = outputs["ProcessNewFileStateMachineArn"]
        self._history = aws_client("stepfunctions", running.port)

    def bill(self, play: Callable[[], Iterable[Chain]], http_requests: int) -> tuple[list[price.Item], price.Item]:
        """Play once, and return the bill for a million times, and how much of that tells of the flows' tasks."""
        httpx2.post(self._url, trust_env=False)
        chains = list(play())
        counted = self._when_quiet()
        transitions = sum(self._transitions(chain.run) for chain in chains)
        tasks = [chain.tasks for chain in chains]
        return price.bill_per_million(price.usage_of(counted, http_requests, transitions)), price.told_of_tasks(tasks)

    def _when_quiet(self) -> list[dict[str, float]]:
        """Return what was counted, once the last event of the story is through."""
        deadline, last, since = time.monotonic() + PATIENCE_SECONDS, self._read(), time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS and time.monotonic() < deadline:
            time.sleep(0.1)
            if (now := self._read()) != last:
                last, since = now, time.monotonic()
        return last

    def _read(self) -> list[dict[str, float]]:
        counted = httpx2.get(self._url, trust_env=False).json()
        return [
            used for function, used in counted.items() if function and not any(name in function for name in LOOKING_ON)
        ]

    def _transitions(self, run: Any) -> int:
        """Return how many steps the run's execution made: each state that was entered, and the end."""
        if run["work_pool_name"] != "step-functions":
            return 0
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{run['id']}"
        events = self._history.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return 1 + sum(str(event["type"]).endswith("StateEntered") for event in events)
