"""Whenflow, broken on purpose: each variant is a mistake that is easily made, and that the simulator must catch."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from whenflow.actions import run_deployment
from whenflow.actions.outcome import ActionFailed, Executed
from whenflow.actions.perform import ActionPerformer
from whenflow.automations import firing, match, settle
from whenflow.automations.rows import Row
from whenflow.automations.timekeeping import Timekeeper
from whenflow.runs import ledger, looking_after, transitions
from whenflow.runs.bookkeeping import moved
from whenflow.runs.events import state_event
from whenflow.runs.heartbeats import Heartbeats, Pulse
from whenflow.runs.ledger import RunLedger
from whenflow.runs.slots import slot_changes
from whenflow.testing import MemoryRunStore
from whenflow.testing.simulation import cloud
from whenflow.testing.windows import MemoryWindowStore

Break = Callable[[pytest.MonkeyPatch], None]


def an_event_that_comes_again_counts_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Row, "has_applied", lambda *_: False)


def windows_are_stored_whatever_others_stored(patch: pytest.MonkeyPatch) -> None:
    def commit(self: MemoryWindowStore, rows: Any, firings: Any) -> None:
        for row in rows:
            present = self.rows.get(row.key)
            row.version = present.version if present else 0
        whole(self, rows, firings)

    whole = MemoryWindowStore.commit
    patch.setattr(MemoryWindowStore, "commit", commit)


def runs_are_stored_whatever_others_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryRunStore, "_check", lambda *_: None)


def any_launch_may_work_on_a_run(patch: pytest.MonkeyPatch) -> None:
    def claim(run: Any, state: Any, launch: str) -> Any:
        return replace(moved(run, replace(state, name="Retrying") if run.run_count else state), launch=launch)

    whole = transitions.claim
    patch.setattr(
        ledger,
        "claim",
        lambda run, *given: whole(run, *given) if run.state.type.is_final else claim(run, *given),
    )


def an_action_is_told_as_done_before_it_is_done(patch: pytest.MonkeyPatch) -> None:
    def do_after_telling(self: Any, firing: Any, index: int) -> None:
        call = self._call_for(firing, index)
        if self._is_done(firing, index, call):
            return
        self._end(firing, index, "executed", Executed(), call)
        try:
            self._do(firing, index)
        except ActionFailed as failure:
            self.fail(firing, index, failure)

    patch.setattr(ActionPerformer, "perform", do_after_telling)


def each_try_makes_a_run_of_its_own(patch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count(1)
    patch.setattr(run_deployment, "named_id", lambda *_: f"00000000-0000-4000-8000-{next(numbers):012d}")


def an_action_that_breaks_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cloud.Retries, "send", lambda *_: None)


def a_batch_that_failed_is_taken_as_done(patch: pytest.MonkeyPatch) -> None:
    whole = match.Matcher.match
    patch.setattr(match.Matcher, "match", lambda *given: replace(whole(*given), failed=()))


def each_try_makes_a_firing_of_its_own(patch: pytest.MonkeyPatch) -> None:
    numbers, whole = itertools.count(1), firing.firing_of

    def firing_of(one: Any, find: Any) -> Any:
        return replace(whole(one, find), id=f"00000000-0000-4000-8000-{next(numbers):012d}")

    patch.setattr(settle, "firing_of", firing_of)


def a_run_and_its_event_are_stored_one_after_the_other(patch: pytest.MonkeyPatch) -> None:
    def save(self: RunLedger, present: Any, decision: Any, *_: Any) -> Any:
        runs: Any = self._runs
        runs.save(decision, None, slot_changes(present, decision))
        runs.tell(state_event(decision))
        return decision

    patch.setattr(MemoryRunStore, "tell", lambda self, event: self._events.put(event), raising=False)
    patch.setattr(RunLedger, "_save", save)


def nobody_sweeps_for_windows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Timekeeper, "sweep", lambda _: 0)


def heartbeats_are_not_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Heartbeats, "last", lambda *_: None)


def only_the_first_heartbeat_is_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pulse, "number_at", lambda self, now: int(now >= self.at(1)))


def nobody_asks_how_executions_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(looking_after, "is_to_be_asked", lambda *_: False)


BROKEN: tuple[Break, ...] = (
    heartbeats_are_not_heard,
    only_the_first_heartbeat_is_heard,
    nobody_asks_how_executions_are,
    an_event_that_comes_again_counts_again,
    windows_are_stored_whatever_others_stored,
    runs_are_stored_whatever_others_stored,
    any_launch_may_work_on_a_run,
    an_action_is_told_as_done_before_it_is_done,
    each_try_makes_a_run_of_its_own,
    an_action_that_breaks_is_forgotten,
    a_batch_that_failed_is_taken_as_done,
    each_try_makes_a_firing_of_its_own,
    a_run_and_its_event_are_stored_one_after_the_other,
    nobody_sweeps_for_windows,
)
