"""The use cases behind the `action` function: perform a firing's actions, and try again what failed unexpectedly."""

import logging

from whenflow.actions.lifecycle import action_ended, action_triggered, automation_triggered
from whenflow.actions.outcome import ActionFailed, Executed
from whenflow.actions.run_deployment import DeploymentRunner
from whenflow.automations.firing import Firing
from whenflow.errors import NotFound
from whenflow.events import Event
from whenflow.ports import Clock, EventStore, FiringStore, Ids, RetryQueue

MAX_TRIES = 5
logger = logging.getLogger("whenflow.actions")


class ActionPerformer:
    """Performs actions. Each is independent of the others, and every call may be repeated."""

    def __init__(self, events: EventStore, deployments: DeploymentRunner, clock: Clock, ids: Ids) -> None:
        """Work on this store and these deployments, with this clock and these ids."""
        self._events = events
        self._deployments = deployments
        self._clock = clock
        self._ids = ids

    def announce(self, firing: Firing) -> None:
        """Store the event that the automation fired."""
        self._events.put(automation_triggered(firing, self._ids))

    def perform(self, firing: Firing, index: int) -> None:
        """Perform one action and tell what came of it.

        An expected failure is an event and the end of it. Anything else is raised, for the caller to try again.
        """
        self._events.put(action_triggered(firing, index, self._ids))
        try:
            done = self._do(firing, index)
        except ActionFailed as failure:
            self.fail(firing, index, failure)
            return
        now = self._clock.now()
        self._events.put(action_ended(firing, index, "executed", now, self._ids, done.related, done.payload))

    def fail(self, firing: Firing, index: int, failure: ActionFailed) -> None:
        """Store the event that an action failed, with the reason."""
        payload = {"reason": failure.reason, **failure.payload}
        self._events.put(action_ended(firing, index, "failed", self._clock.now(), self._ids, payload=payload))

    def _do(self, firing: Firing, index: int) -> Executed:
        action = firing.actions[index]
        match action["type"]:
            case "do-nothing":
                return Executed()
            case "run-deployment":
                return self._deployments.run(action, firing, index, self._cause(firing, index))
            case other:
                raise ActionFailed(f"There is no action '{other}'.")

    def _cause(self, firing: Firing, index: int) -> Event | None:
        """Return the event that an action is on: the one that closed the firing, or the one that tells of it."""
        return firing.event if firing.is_on_event(index) else automation_triggered(firing, self._ids)


class ActionDispatcher:
    """Gives each action of a firing its chance; one that breaks is put aside and holds up no other."""

    def __init__(self, performer: ActionPerformer, firings: FiringStore, retries: RetryQueue) -> None:
        """Work with this performer, these firings and this queue."""
        self._performer = performer
        self._firings = firings
        self._retries = retries

    def dispatch(self, firing: Firing) -> None:
        """Perform all actions of a firing; those that break unexpectedly go to the retry queue."""
        self._performer.announce(firing)
        for index in range(len(firing.actions)):
            try:
                self._performer.perform(firing, index)
            except Exception as error:  # the edge of one action: whatever broke, it is tried again, not lost
                logger.warning("action %s of firing %s put aside: %r", index, firing.id, error)
                self._retries.send(firing.id, index, repr(error))

    def retry(self, firing_id: str, index: int, tries: int) -> None:
        """Perform an action that was put aside; after the last try an event says so, and it goes to the dead letters.

        Raises:
            Exception: Whatever broke this time.
        """
        firing = self._firings.get(firing_id)
        if firing is None:
            raise NotFound(f"There is no firing {firing_id}.")
        try:
            self._performer.perform(firing, index)
        except Exception as error:
            if tries >= MAX_TRIES:
                self._performer.fail(firing, index, ActionFailed(f"Gave up after {tries + 1} tries: {error!r}"))
            raise
