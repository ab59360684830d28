"""The use cases behind the `action` function: perform a firing's actions, and try again what failed unexpectedly."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from whenflow.actions.guard import LoopGuard
from whenflow.actions.lifecycle import Performed, action_ended, action_ended_id, action_triggered, automation_triggered
from whenflow.actions.outcome import ActionFailed, Executed
from whenflow.actions.registry import PERFORMERS
from whenflow.actions.targets import selected
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.errors import NotFound, Transient, WhenflowError
from whenflow.events import Event
from whenflow.ports import FiringStore, RetryQueue

MAX_TRIES = 5
TRIES = "tries"
"""The field of a failure's payload that says how often it was tried before it was given up."""
SLOW = frozenset({"call-webhook", "declare-incident", "send-email-notification", "send-notification"})
SLOW_SECONDS = 30
MAX_ERROR_CHARS = 500
logger = logging.getLogger("whenflow.actions")


@dataclass(frozen=True, slots=True)
class _Call:
    """A call for an action: when it was called for first, and whether this is that time."""

    at: datetime
    is_first: bool = False


class ActionPerformer:
    """Performs actions. Each is independent of the others, and every call may be repeated."""

    def __init__(self, tools: Tools) -> None:
        """Work with these."""
        self._tools = tools

    def announce(self, firing: Firing) -> None:
        """Store the event that the automation fired."""
        self._tools.events.put(automation_triggered(firing, self._tools.ids))

    def perform(self, firing: Firing, index: int) -> None:
        """Perform one action and tell what came of it.

        An expected failure is an event and the end of it. Anything else is raised, for the caller to try again. What
        the feed tells to have ended, well or not, is not done again, unless it was given up.
        """
        call = self._call_for(firing, index)
        if not call.is_first and self._is_over(firing, index, call):
            return
        try:
            done = self._do(firing, index)
        except ActionFailed as failure:
            self._fail(firing, index, failure, call)
            return
        self._end(firing, index, "executed", done, call)

    def refuse(self, firing: Firing, index: int, reason: str) -> None:
        """Tell that an action was called for, and was not performed."""
        self.fail(firing, index, ActionFailed(reason))

    def fail(self, firing: Firing, index: int, failure: ActionFailed) -> None:
        """Store the event that an action failed, with the reason; what was told to be executed once, stays so."""
        self._fail(firing, index, failure, self._call_for(firing, index))

    def _fail(self, firing: Firing, index: int, failure: ActionFailed, call: _Call) -> None:
        if self._is_done(firing, index, call):
            return
        related = failure.related or selected(firing.actions[index])
        self._end(firing, index, "failed", Executed(related, {"reason": failure.reason, **failure.payload}), call)

    def _do(self, firing: Firing, index: int) -> Executed:
        action = firing.actions[index]
        perform = PERFORMERS.get(action["type"])
        if perform is None:
            raise ActionFailed(f"There is no action '{action['type']}'.")
        return perform(action, firing, index, self._cause(firing, index), self._tools)

    def _cause(self, firing: Firing, index: int) -> Event | None:
        """Return the event that an action is on: the one that closed the firing, or the one that tells of it."""
        return firing.event if firing.is_on_event(index) else automation_triggered(firing, self._tools.ids)

    def _call_for(self, firing: Firing, index: int) -> _Call:
        """Store the event that an action is called for; return when it was called for first."""
        now, events = self._tools.clock.now(), self._tools.events
        event = action_triggered(firing, index, self._tools.ids, selected(firing.actions[index]), now)
        if events.put(event):
            return _Call(now, is_first=True)
        stored = events.get(event.id)
        return _Call(stored.received if stored else firing.triggered)

    def _is_done(self, firing: Firing, index: int, call: _Call) -> bool:
        if call.is_first:
            return False
        executed = action_ended_id(firing, index, "executed", call.at, self._tools.ids)
        return self._tools.events.get(executed) is not None

    def _is_over(self, firing: Firing, index: int, call: _Call) -> bool:
        if self._is_done(firing, index, call):
            return True
        failed = self._tools.events.get(action_ended_id(firing, index, "failed", call.at, self._tools.ids))
        return failed is not None and TRIES not in failed.payload

    def _end(self, firing: Firing, index: int, outcome: str, told: Executed, call: _Call) -> None:
        when, ids = Performed(call.at, self._tools.clock.now()), self._tools.ids
        self._tools.events.put(action_ended(firing, index, outcome, when, ids, told.related, told.payload))


class ActionDispatcher:
    """Gives each action of a firing its chance; one that breaks is put aside and holds up no other."""

    def __init__(self, performer: ActionPerformer, firings: FiringStore, retries: RetryQueue, guard: LoopGuard) -> None:
        """Work with this performer, these firings, this queue and this guard."""
        self._performer = performer
        self._firings = firings
        self._retries = retries
        self._guard = guard

    def dispatch(self, firing: Firing, seconds_left: Callable[[], float] = lambda: float("inf")) -> None:
        """Perform all actions of a firing; those that break unexpectedly go to the retry queue.

        Args:
            firing: What is acted on.
            seconds_left: Tells how much time is left; where it may be too little for a call to somebody else's server,
                that action goes to the retry queue at once.
        """
        self._performer.announce(firing)
        if reason := self._guard.check(firing):
            for index in range(len(firing.actions)):
                self._performer.refuse(firing, index, reason)
            return
        for index, action in enumerate(firing.actions):
            if action["type"] in SLOW and seconds_left() < SLOW_SECONDS:
                self._retries.send(firing.id, index, "no time was left for it")
                continue
            try:
                self._performer.perform(firing, index)
            except Exception as error:  # the edge of one action: whatever broke, it is tried again, not lost
                logger.warning("action %s of firing %s put aside: %s", index, firing.id, _said(error))
                self._retries.send(firing.id, index, _said(error), _wait_asked_for(error))

    def dispatch_again(self, firing_id: str, seconds_left: Callable[[], float]) -> None:
        """Perform all actions of a firing that never got its turn; those that the feed tells are done are not repeated.

        Raises:
            NotFound: There is no such firing.
        """
        self.dispatch(self._firing(firing_id), seconds_left)

    def retry(self, firing_id: str, index: int, tries: int) -> None:
        """Perform an action that was put aside; after the last try an event says so, and it goes to the dead letters.

        Raises:
            Exception: Whatever broke this time.
        """
        firing = self._firing(firing_id)
        try:
            self._performer.perform(firing, index)
        except Exception as error:
            if tries >= MAX_TRIES:
                reason = f"Gave up after {tries + 1} tries: {_said(error)}"
                self._performer.fail(firing, index, ActionFailed(reason, {TRIES: tries + 1}))
            raise

    def _firing(self, firing_id: str) -> Firing:
        firing = self._firings.get(firing_id)
        if firing is None:
            raise NotFound(f"There is no firing {firing_id}.")
        return firing


def _wait_asked_for(error: Exception) -> float | None:
    """Return how many seconds whoever refused asks to wait; None where he does not."""
    return error.retry_after if isinstance(error, Transient) else None


def _said(error: Exception) -> str:
    """Return an error for people: the domain's own are sentences, others need their names."""
    return (str(error) if isinstance(error, WhenflowError) else repr(error))[:MAX_ERROR_CHARS]
