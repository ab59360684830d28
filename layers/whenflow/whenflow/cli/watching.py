"""Follows a flow run: its states and its log as they come, until it has ended."""

import time
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from whenflow.cli.client import PAGE, Api
from whenflow.cli.errors import NotConnected, ServerFault
from whenflow.cli.render import clean, clock_time
from whenflow.cli.tables import console, state

FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
EXIT_CODES = {"COMPLETED": 0, "FAILED": 3, "CRASHED": 4, "CANCELLED": 5}
STILL_GOING = 6
MAX_FAILURES = 5
LAST_LINES_SECONDS = 1.0
LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
LEVEL_STYLES = {30: "yellow", 40: "red", 50: "bold red"}


class Follower:
    """Reads what is new of a flow run.

    Attributes:
        run: The run, as last read.
    """

    def __init__(self, api: Api, run: dict[str, Any]) -> None:
        """Begin with a run and nothing seen."""
        self.run = run
        self._api = api
        self._seen: set[str] = set()
        self._lines = 0

    @property
    def has_ended(self) -> bool:
        """Whether the run was in a final state when it was last read."""
        return self.run.get("state_type") in FINAL

    def refresh(self) -> None:
        """Read the run anew."""
        self.run = self._api.get(f"/flow_runs/{self.run['id']}")

    def new_states(self) -> list[dict[str, Any]]:
        """Return the states that were not returned before, oldest first."""
        states = sorted(self._api.states(str(self.run["id"])), key=lambda one: str(one.get("timestamp")))
        new = [one for one in states if _key(one) not in self._seen]
        self._seen.update(map(_key, new))
        return new

    def new_lines(self) -> Iterator[dict[str, Any]]:
        """Yield the log lines that were not yielded before, oldest first."""
        while True:
            request = {"logs": {"flow_run_id": {"any_": [self.run["id"]]}}, "sort": "TIMESTAMP_ASC"}
            page = self._api.post("/logs/filter", request | {"limit": PAGE, "offset": self._lines})
            self._lines += len(page)
            yield from page
            if len(page) < PAGE:
                return


def follow(
    follower: Follower, every: float, timeout: float | None, *, states: bool = True, lines: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield states and log lines as they come, until the run has ended and all is told, or the time is up.

    A server that fails a few times in a row is asked again.

    Args:
        follower: Of the run.
        every: Seconds between two looks.
        timeout: Seconds after which to give up; None for never.
        states: Whether states are told.
        lines: Whether log lines are told.

    Raises:
        CliError: The API fails again and again, or the run is gone.
    """
    started, failures, looks = time.monotonic(), 0, 0
    while True:
        try:
            follower.refresh()
            ended = follower.has_ended  # before the rest is read, so that nothing told before the end is missed
            news = [*(follower.new_states() if states else ()), *(follower.new_lines() if lines else ())]
            failures = 0
        except (NotConnected, ServerFault):
            failures += 1
            if failures >= MAX_FAILURES:
                raise
            ended, news = False, []
        yield from sorted(news, key=lambda one: str(one.get("timestamp")))
        looks += 1
        if ended and looks > 1 and lines:  # it ended a moment ago: its last lines may still be on their way
            time.sleep(min(every, LAST_LINES_SECONDS))
            yield from follower.new_lines()
        if ended or (timeout is not None and time.monotonic() - started + every > timeout):
            return
        time.sleep(every)


def print_news(one: dict[str, Any]) -> None:
    """Write a state or a log line.

    Args:
        one: As the API shows it; a state has a type.
    """
    console().print(state_line(one) if "type" in one else log_line(one), soft_wrap=True)


def state_line(one: dict[str, Any], width: int = 0) -> Text:
    """Return a state as a line: its time, its name, its message.

    Args:
        one: As the API shows it.
        width: At least that many characters for the name.
    """
    name = state(one)
    name.pad_right(max(0, width - len(name)))
    message = clean(one.get("message") or "")
    return Text.assemble(f"  {clock_time(one.get('timestamp'))}  ", name, f"  {message}".rstrip())


def log_line(one: dict[str, Any]) -> Text:
    """Return a line of a log: its time, its level, who says it, what it says."""
    level = int(one.get("level") or 0)
    shown = Text(LEVELS.get(level, str(level)).ljust(8), style=LEVEL_STYLES.get(level, ""))
    said = f"{clean(one.get('name') or '')}: {clean(one.get('message') or '')}"
    return Text.assemble(f"  {clock_time(one.get('timestamp'))}  ", shown, f" {said}")


def _key(one: dict[str, Any]) -> str:
    return str(one.get("id") or f"{one.get('timestamp')} {one.get('name')}")
