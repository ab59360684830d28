"""Runs the tests that are kept beside an automation: plays what is given, holds what fires against what is expected."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from whenflow.automations.backtest import Backtest, WouldFire
from whenflow.automations.compiled import compile_automation
from whenflow.automations.explaining import explain_document
from whenflow.automations.fixtures import AutomationTest, Expected
from whenflow.automations.model import Automation
from whenflow.automations.words import key_text, moment, span
from whenflow.events import Event

SAME, MISSING, SURPLUS = "=", "-", "+"
MAX_EXPLAINED = 3
Pair: TypeAlias = tuple[Expected | None, WouldFire | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A firing: as expected (`=`), missing (`-`) or surplus (`+`), and which that is."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a test.

    Attributes:
        differences: All firings, expected and found, in order.
        why: Where it failed, explanations of the events that matter.
    """

    name: str
    passed: bool
    differences: tuple[Difference, ...]
    why: tuple[str, ...]
    fired: tuple[WouldFire, ...]

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "differences": [f"{one.sign} {one.text}" for one in self.differences],
            "why": list(self.why),
            "fired": [one.as_document() for one in self.fired],
        }


def run_test(automation: Automation, test: AutomationTest) -> Report:
    """Run one test of an automation."""
    end = test.until or max((one.event.received for one in test.given), default=test.start)
    backtest = Backtest([automation], start=test.start, until=end)
    fired = tuple(backtest.play(one.event for one in test.given))
    pairs = _aligned(test.expected, fired)
    teller = _Teller(automation, test)
    differences = tuple(teller.difference(*pair) for pair in pairs)
    passed = all(one.sign == SAME for one in differences)
    why = () if passed else tuple(teller.explanations(pairs))
    return Report(test.name, passed, differences, why, fired)


def _aligned(expected: Sequence[Expected], fired: Sequence[WouldFire]) -> list[Pair]:
    """Pair as many firings as possible in order, as a diff pairs lines; the others stand alone."""
    rows, columns = len(expected), len(fired)
    same = [[_is_as_expected(one, other) for other in fired] for one in expected]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            best[row][column] = (
                best[row + 1][column + 1] + 1
                if same[row][column]
                else max(best[row + 1][column], best[row][column + 1])
            )
    pairs: list[Pair] = []
    row = column = 0
    while row < rows or column < columns:
        if row < rows and column < columns and same[row][column]:
            pairs.append((expected[row], fired[column]))
            row, column = row + 1, column + 1
        elif row < rows and (column == columns or best[row + 1][column] >= best[row][column + 1]):
            pairs.append((expected[row], None))
            row += 1
        else:
            pairs.append((None, fired[column]))
            column += 1
    return pairs


def _is_as_expected(expected: Expected, fired: WouldFire) -> bool:
    firing = fired.firing
    found = {
        "at": firing.time == expected.at,
        "labels": dict(firing.labels) == dict(expected.labels),
        "event": (firing.event.id if firing.event else None) == expected.event,
        "parameters": _parameters(fired) == expected.parameters,
    }
    return all(found[name] for name in expected.says)


def _parameters(fired: WouldFire) -> Any:
    """Return the parameters of the only run that would have been started, or those of several as a list."""
    shown = [{"error": run.error} if run.parameters is None else run.parameters for run in fired.runs]
    return shown[0] if len(shown) == 1 else shown


class _Teller:
    """Tells of firings in the words of the test."""

    def __init__(self, automation: Automation, test: AutomationTest) -> None:
        self._automation, self._test = automation, test
        self._events = [one.event for one in test.given]

    def difference(self, expected: Expected | None, fired: WouldFire | None) -> Difference:
        """Return a firing as a line of the diff."""
        if expected is None and fired is not None:
            return Difference(SURPLUS, self._found(fired) + self._runs(fired))
        if expected is not None and fired is None:
            return Difference(MISSING, self._wanted(expected))
        return Difference(SAME, self._found(fired) if fired else "")

    def explanations(self, pairs: Sequence[Pair]) -> Iterator[str]:
        """Yield why the missing firings did not come and the surplus ones did."""
        told: set[str] = set()
        for expected, fired in pairs:
            event = None
            if expected is None and fired is not None:
                event = fired.firing.event
            elif expected is not None and fired is None:
                event = self._meant(expected)
            if event is None or event.id in told or len(told) == MAX_EXPLAINED:
                continue
            told.add(event.id)
            document = explain_document(self._automation, event, self._events, is_draft=True, start=self._test.start)
            yield f"{self._name(event)}: {document['text']}"

    def _meant(self, expected: Expected) -> Event | None:
        """Return the event that should have fired: as expected, else the last one there that was looked at."""
        named = [one for one in self._events if one.id == expected.event]
        if named:
            return named[0]
        until = [one for one in self._events if expected.at is None or one.occurred <= expected.at] or self._events
        watches = compile_automation(self._automation, 0).watches
        looked_at = [one for one in until if any(watch.looks_at(one) for watch in watches)]
        return next(reversed(looked_at or until), None)

    def _runs(self, fired: WouldFire) -> str:
        return f", with {_json(_parameters(fired))}" if fired.runs else ""

    def _found(self, fired: WouldFire) -> str:
        firing = fired.firing
        event = firing.event
        parts = [f"fired at {self._time(firing.time)}", f"by {self._name(event)}" if event else "by no event"]
        if firing.labels:
            parts.append(f"for {key_text(firing.labels)}")
        return ", ".join(parts)

    def _wanted(self, expected: Expected) -> str:
        parts = []
        if "event" in expected.says:
            event = next((one for one in self._events if one.id == expected.event), None)
            parts.append(f"by {self._name(event)}" if event else "by no event")
        if "labels" in expected.says:
            parts.append(f"for {key_text(expected.labels) or 'no key'}")
        if "parameters" in expected.says:
            parts.append(f"with {_json(expected.parameters)}")
        if expected.at:
            return ", ".join((f"expected at {self._time(expected.at)}", *parts))
        return " ".join(("expected", ", ".join(parts))).rstrip()

    def _name(self, event: Event) -> str:
        for number, one in enumerate(self._test.given, 1):
            if one.event.id == event.id:
                return f"event {number} (`{one.name}`)" if one.name else f"event {number} (`{event.event}`)"
        return f"`{event.event}`"

    def _time(self, instant: datetime) -> str:
        distance = instant - self._test.start
        offset = f"+{span(distance)}" if instant >= self._test.start else f"-{span(-distance)}"
        return f"{offset} ({moment(instant, self._test.start)})"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
