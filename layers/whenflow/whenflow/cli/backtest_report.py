"""What a backtest tells: for people a table and a summary, for programs JSON that is written as it comes."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from whenflow.automations.backtest import Backtest, Closeness, PlannedRun, Tally, WouldFire
from whenflow.automations.fixtures import Draft
from whenflow.automations.model import Automation, MetricTrigger
from whenflow.automations.words import key_text, one_of, span
from whenflow.cli.errors import did_you_mean
from whenflow.cli.event_files import EventFile
from whenflow.cli.render import NOT_IN_A_CELL, clock_time, complain, say
from whenflow.cli.tables import Column, print_table
from whenflow.events import iso

TOP = 5
KEYS_COUNTED = 20_000


class Report(Protocol):
    """Takes firings as they are found, and a summary at the end."""

    def add(self, found: WouldFire) -> None:
        """Take a firing."""
        ...

    def end(self, player: Backtest, drafts: Sequence[Draft], file: EventFile | None) -> None:
        """Tell the rest."""
        ...


class _Counts:
    """How often each automation fired, and for which keys."""

    def __init__(self) -> None:
        self.firings: Counter[str] = Counter()
        self.keys: dict[str, Counter[str]] = {}

    def add(self, found: WouldFire) -> None:
        firing = found.firing
        self.firings[firing.automation_id] += 1
        if firing.labels:
            keys = self.keys.setdefault(firing.automation_id, Counter())
            keys[key_text(firing.labels)] += 1
            if len(keys) > 2 * KEYS_COUNTED:  # so that memory stays flat; keys that fire often are kept
                self.keys[firing.automation_id] = Counter(dict(keys.most_common(KEYS_COUNTED)))

    def top(self, automation_id: str) -> list[tuple[str, int]]:
        return self.keys.get(automation_id, Counter()).most_common(TOP)


class JsonReport:
    """One JSON document, written while the firings come."""

    def __init__(self) -> None:
        """Begin; nothing is written before there is something to tell."""
        self._counts = _Counts()
        self._before = '{\n"firings": [\n'

    def add(self, found: WouldFire) -> None:
        """Write a firing."""
        self._counts.add(found)
        sys.stdout.write(self._before + _dumped(found.as_document()))
        self._before = ",\n"

    def end(self, player: Backtest, drafts: Sequence[Draft], file: EventFile | None) -> None:
        """Write the summary, and end the document."""
        tally = player.tally
        summary = {
            "events": tally.events,
            "first": tally.first and iso(tally.first),
            "last": tally.last and iso(tally.last),
            "firings": tally.firings,
            "duplicates": tally.duplicates,
            "log_events": tally.ignored,
            "waited": tally.waited,
            "let_go_alone": tally.lost,
            "still_waiting": len(player.order.waiting),
            "after_the_end": tally.left_out,
            "out_of_order": tally.backwards,
            "bad_lines": file.bad if file else 0,
            "first_bad_lines": [{"line": line, "reason": reason} for line, reason in file.told] if file else [],
            "automations": [self._automation(draft.automation, player) for draft in drafts],
        }
        start = "\n" if self._before.startswith(",") else self._before
        sys.stdout.write(f'{start}],\n"summary": {_dumped(summary)}\n}}\n')

    def _automation(self, automation: Automation, player: Backtest) -> dict[str, Any]:
        return {
            "id": automation.id,
            "name": automation.name,
            "firings": self._counts.firings[automation.id],
            "top_keys": [{"key": key, "firings": count} for key, count in self._counts.top(automation.id)],
            "triggers": [_closeness(one, player.tally) for one in _of(automation, player.tally)],
        }


class TextReport:
    """A table of the first firings, and a summary."""

    def __init__(self, limit: int, deployments: Mapping[str, str], several: bool) -> None:
        """Begin.

        Args:
            limit: How many firings the table has.
            deployments: What deployments are called, by id.
            several: There are several automations to tell apart.
        """
        self._limit, self._deployments, self._several = limit, deployments, several
        self._counts = _Counts()
        self._rows: list[tuple[str, ...]] = []

    def add(self, found: WouldFire) -> None:
        """Take a firing."""
        self._counts.add(found)
        if len(self._rows) < self._limit:
            self._rows.append(self._row(found))

    def end(self, player: Backtest, drafts: Sequence[Draft], file: EventFile | None) -> None:
        """Write it all."""
        if self._rows:
            columns = [Column("TIME"), Column("KEY", elastic=True), Column("EVENT", elastic=True)]
            columns += [Column("RUNS", elastic=True), Column("FOUND", wide=True)]
            if self._several:
                columns.insert(1, Column("AUTOMATION", elastic=True))
            print_table(columns, self._rows)
            more = player.tally.firings - len(self._rows)
            say(*([f"... and {more:,} more; --limit shows more, --json all."] if more else []), "")
        say(*self._summary(player, drafts))
        for line in _notes(player, file):
            complain(line)

    def _row(self, found: WouldFire) -> tuple[str, ...]:
        firing = found.firing
        event = firing.event
        cells = [
            clock_time(iso(firing.time)),
            key_text(firing.labels) or "-",
            f"{event.event} on {event.resource_id}" if event else "(silence)",
            "; ".join(self._run(run) for run in found.runs) or "-",
            clock_time(iso(firing.triggered)),
        ]
        return tuple(cells[:1] + [firing.automation_name] + cells[1:] if self._several else cells)

    def _run(self, run: PlannedRun) -> str:
        name = self._deployments.get(run.deployment_id or "", run.deployment_id) or "(inferred)"
        return f"{name} FAILS: {run.error}" if run.error else f"{name} {json.dumps(run.parameters, ensure_ascii=False)}"

    def _summary(self, player: Backtest, drafts: Sequence[Draft]) -> Iterator[str]:
        tally = player.tally
        yield f"{_many(tally.firings, 'firing')} from {_many(tally.events, 'event')}{_period(tally)}."
        for draft in drafts:
            automation = draft.automation
            firings = self._counts.firings[automation.id]
            if self._several or not firings:
                yield f"{automation.name}: {_many(firings, 'firing')}"
            for key, count in self._counts.top(automation.id):
                yield f"  {count:>8,}  {key}"
            if not firings and tally.events:
                yield from closest(automation, tally)


def closest(automation: Automation, tally: Tally) -> Iterator[str]:
    """Yield what came closest, for an automation that never fired.

    Args:
        automation: Which one.
        tally: What the backtest saw.
    """
    if isinstance(automation.trigger, MetricTrigger):
        yield "  Its trigger looks at measurements of flow runs, not at events: a backtest cannot tell."
        return
    nearest = _of(automation, tally)
    for number, one in enumerate(nearest, 1):
        who = f"trigger {number} ({one_of(one.watch.trigger.expect, 'any event')}): " if len(nearest) > 1 else ""
        yield f"  {who}{_nearest(one, tally)}"


def _nearest(one: Closeness, tally: Tally) -> str:
    watch, named = one.watch, tally.named(one.watch)
    if one.fired:
        return f"met {_many(one.fired, 'time')}"
    windows = f"{_many(one.closed, 'window')} ended, each with enough" if one.closed else "no window had ended yet"
    if watch.is_standing:
        return f"it looked at {_many(one.looked, 'event')}; {windows}"
    if not named:
        wanted = [*watch.trigger.expect, *watch.trigger.after]
        hint = next((text for name in wanted if (text := did_you_mean(name, list(tally.names)))), "").strip()
        return f"no event has a name that it looks at. {hint}".strip()
    if not one.looked:
        said = f"{_many(named, 'event')} matched the name, {one.matched:,} the resource"
        return said + (", 0 the related resources" if one.matched else "")
    seen = f"it looked at {_many(one.looked, 'event')}"
    if watch.is_proactive:
        return f"{seen}; {windows}"
    if watch.has_after and one.most <= 0:
        return f"{seen}, and counted none: it counts only after {one_of(watch.trigger.after, '')}"
    return f"{seen}; the most in one window were {max(one.most, 0):,} of {watch.threshold:,}"


def _closeness(one: Closeness, tally: Tally) -> dict[str, Any]:
    return {
        "id": one.watch.id,
        "matched_name": tally.named(one.watch),
        "matched_resource": max(one.matched, one.looked),
        "looked_at": one.looked,
        "most_in_a_window": one.most,
        "threshold": one.watch.threshold,
        "met": one.fired,
        "windows_ended": one.closed,
    }


def _of(automation: Automation, tally: Tally) -> list[Closeness]:
    return [one for one in tally.closeness.values() if one.watch.automation_id == automation.id]


def _notes(player: Backtest, file: EventFile | None) -> Iterator[str]:
    """Yield what a reader must know to trust the result, or not to."""
    tally = player.tally
    if file and file.bad:
        yield f"Left out {_many(file.bad, 'line')} without an event:"
        yield from (f"  line {number}: {reason}" for number, reason in file.told)
        if file.bad > len(file.told):
            yield f"  ... and {file.bad - len(file.told):,} more; --strict fails at the first."
    if tally.left_out:
        yield f"Left out {_many(tally.left_out, 'event')} received after --until."
    if tally.duplicates:
        yield f"Left out {_many(tally.duplicates, 'event')} with an id that was there before."
    if tally.lost:
        yield f"{_many(tally.lost, 'event')} waited 15 minutes in vain for the one they follow: is it in the file?"
    if player.order.waiting:
        yield f"{_many(len(player.order.waiting), 'event')} still waited at the end for the one they follow."
    if tally.backwards * 2 > tally.events:
        yield "Most events were received before the one above them; is the newest first? --sort puts them in order."
    if tally.lagging * 2 > tally.events:
        yield (
            "Most events were received more than an hour after they occurred, so time hardly passed between them; "
            "--clock occurred plays them as if they had come in at once."
        )


def _period(tally: Tally) -> str:
    if tally.first is None or tally.last is None:
        return ""
    length = timedelta(seconds=round((tally.last - tally.first).total_seconds()))
    return f", {clock_time(iso(tally.first))} to {clock_time(iso(tally.last))} ({span(length)})"


def _dumped(document: Any) -> str:
    """Write JSON in one line; what could steer a terminal is spelled out."""
    text = json.dumps(document, ensure_ascii=False)
    return NOT_IN_A_CELL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
