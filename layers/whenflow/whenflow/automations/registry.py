"""The use cases of automations as things that people create, replace, switch, find and delete (SPEC 5)."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whenflow.actions.definitions import RunDeployment
from whenflow.automations.matching import any_name_matches
from whenflow.automations.model import (
    RESOURCE_PREFIX,
    Automation,
    AutomationCore,
    AutomationInput,
    CompoundTrigger,
    EventTrigger,
    SequenceTrigger,
    Trigger,
    Unreadable,
    automation_from_document,
    automation_from_stored,
    patch_from_document,
    replacement_from_document,
    with_identity,
)
from whenflow.automations.redeployment import Redeployments
from whenflow.errors import Conflict, NotFound, Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, named_id
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, Stored, check_seen, over_latest

KIND = "automation"
STARTED = "prefect.flow-run.Scheduled"
logger = logging.getLogger("whenflow.automations")
SORTS: dict[str, tuple[str, bool]] = {
    "CREATED_DESC": ("created", True),
    "UPDATED_DESC": ("updated", True),
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which automations are asked for.

    Attributes:
        names: One of these names; None for any.
        ids: One of these ids; None for any.
        created_before: Created then or earlier; None for at any time.
        all_tags: All of these tags.
        any_tags: One of these tags; None for any.
        untagged: Without any tag, or with some; None for either.
        one_of_the_tag_filters: Whether it is enough to be what one of the three says.
        one_of_the_filters: Whether it is enough to be what one of all says: names, ids, the date, the tags.
        sort: A key of `SORTS`.
    """

    names: Sequence[str] | None = None
    ids: Sequence[str] | None = None
    created_before: datetime | None = None
    all_tags: Sequence[str] = ()
    any_tags: Sequence[str] | None = None
    untagged: bool | None = None
    one_of_the_tag_filters: bool = False
    one_of_the_filters: bool = False
    sort: str = "NAME_ASC"


@dataclass(frozen=True, slots=True)
class SwitchedBy:
    """What switches something, once: the event that tells of it is always the same, and stored with the change.

    Attributes:
        at: When it came about; the event is told for then.
        key: What tells it from others.
    """

    at: datetime
    key: tuple[str, ...]

    def event_id(self, ids: Ids, resource_id: str) -> str:
        """Return the id of the event that tells of it."""
        return ids.event_id_for(self.at, resource_id, "switched", *self.key)


class AutomationRegistry:
    """Keeps automations; each change is an event as well."""

    def __init__(
        self,
        config: ConfigStore,
        events: EventStore,
        clock: Clock,
        ids: Ids,
        switched_on: Callable[[Automation], None],
        abandoned: Callable[[Iterable[str], datetime], None] = lambda _trigger_ids, _now: None,
    ) -> None:
        """Work on these stores.

        Args:
            config: Where automations are kept.
            events: Where each change is told.
            clock: Tells the time.
            ids: Makes ids.
            switched_on: Is told of each automation whose windows begin now.
            abandoned: Is told, before that happens, of triggers that go or are switched off: what they remember is of
                no use then.
        """
        self._config = config
        self._events = events
        self._clock = clock
        self._ids = ids
        self._switched_on = switched_on
        self._abandoned = abandoned
        self._redeployments = Redeployments(config, clock)

    def create(self, document: object) -> Automation:
        """Store a new automation; one that was removed just now to be made again is the one it was.

        Raises:
            Rejected: The document is not valid.
        """
        given = automation_from_document(document)
        for before in self._redeployments.known(given):
            with suppress(Conflict):  # made again already: another may say the same
                return self._store(before)
        now = self._clock.now()
        return self._store(with_identity(given, self._ids.new(), now, now))

    def own(self, resource_id: str, documents: list[object]) -> list[Automation]:
        """Make these the automations that a resource owns: no other, and each once, however often it is said.

        Each is known by its name. One that says the same as before is left as it is, so that its windows go on; one
        that says something else is replaced; those that are not said any more are removed. Where one does not say
        whether it is switched on, it stays as it is.

        Raises:
            Rejected: One is not valid, or two have the same name; then nothing is changed.
        """
        wanted = {one.name: one for one in map(replacement_from_document, documents)}
        if len(wanted) < len(documents):
            raise Rejected("Two automations of one owner have the same name.")
        owned = [one for one in self._all() if one.owner_resource == resource_id]
        present = {one.name: one for one in owned if one.name in wanted}
        for one in owned:
            if one is not present.get(one.name):
                self._delete(one)
        return [self._see_owned(resource_id, one, present.get(name)) for name, one in wanted.items()]

    def _see_owned(self, owner: str, said: AutomationCore, present: Automation | None) -> Automation:
        given = _owned(said, owner)
        id_ = present.id if present else named_id("automation", owner, said.name)
        if present is None:
            now = self._clock.now()
            with suppress(Conflict):  # somebody else does the same
                return self._store(with_identity(given, id_, now, now))
        return over_latest(self._config, KIND, id_, lambda found: self._see_same(found, said, given))

    def _store(self, automation: Automation) -> Automation:
        self._config.create(KIND, automation.id, automation.as_stored())
        self._tell("created", automation)
        self._begin(automation)
        return automation

    def _see_same(self, found: Stored, said: AutomationCore, given: AutomationInput) -> Automation:
        present = automation_from_stored(found.document)
        if "enabled" not in said.model_fields_set:
            given = given.model_copy(update={"enabled": present.enabled})
        same = with_identity(given, present.id, present.created, present.updated)
        return present if same.as_document() == present.as_document() else self._put(found, given)

    def replace(self, id_: str, document: object, *, over: str | None = None) -> Automation:
        """Store an automation in place of the one of this id. Windows of triggers that say the same go on.

        Args:
            id_: Its id.
            document: What takes its place.
            over: The revision that the caller has seen; None for any.

        Raises:
            Rejected: The document is not valid.
            NotFound: There is no such automation.
            Stale: It is no longer of that revision.
        """
        given = replacement_from_document(document)

        def put(found: Stored) -> Automation:
            return self._put(found, _owned(given, found.document.get("owner_resource")))

        return over_latest(self._config, KIND, id_, put, over=over)

    def switch(
        self, id_: str, document: object, *, over: str | None = None, cause: SwitchedBy | None = None
    ) -> Automation:
        """Switch an automation on or off. Switched on, it starts afresh; switched to what it is, nothing changes.

        Args:
            id_: Its id.
            document: `{"enabled": …}`.
            over: The revision that the caller has seen; None for any.
            cause: What switches it; it does so once, whatever becomes of the automation since.

        Raises:
            Rejected: The document is not valid, or the automation would start itself.
            NotFound: There is no such automation.
            Stale: It is no longer of that revision.
        """
        enabled = patch_from_document(document)

        def switched(found: Stored) -> Automation:
            present = automation_from_stored(found.document)
            if present.enabled == enabled or (
                cause and self._events.get(cause.event_id(self._ids, present.resource_id))
            ):
                return present
            said = present.model_dump(mode="json", exclude={"id", "created", "updated", "since"})
            return self._put(found, automation_from_document({**said, "enabled": enabled}), cause)

        return over_latest(self._config, KIND, id_, switched, over=over)

    def delete(self, id_: str, *, over: str | None = None) -> None:
        """Remove an automation.

        Raises:
            NotFound: There is no such automation.
            Stale: It is no longer of the revision `over`.
        """
        found = self.read(id_)
        check_seen(found, over, f"{KIND} {id_}")
        try:
            automation = automation_from_stored(found.document)
        except Unreadable:  # what nobody can read any more can still be got rid of
            self._config.delete(KIND, id_, over=over)
        else:
            self._delete(automation, over)

    def get(self, id_: str) -> Automation:
        """Return an automation.

        Raises:
            NotFound: There is no such automation.
        """
        return automation_from_stored(self.read(id_).document)

    def read(self, id_: str) -> Stored:
        """Return an automation as it is stored, with its revision.

        Raises:
            NotFound: There is no such automation.
        """
        found = self._config.read(KIND, id_)
        if found is None:
            raise NotFound(f"There is no automation {id_}.")
        return found

    def find(self, wanted: Wanted) -> list[Automation]:
        """Return the automations that are asked for, in the order that is asked for."""
        found = [one for one in self._all() if _is_wanted(one, wanted)]
        name, descending = SORTS[wanted.sort]
        return sorted(found, key=lambda one: (getattr(one, name), one.id), reverse=descending)

    def related_to(self, resource_id: str) -> list[Automation]:
        """Return the automations that a resource owns, and those whose actions work on it."""
        return [one for one in self._all() if one.owner_resource == resource_id or resource_id in _worked_on(one)]

    def delete_owned_by(self, resource_id: str) -> int:
        """Remove the automations that a resource owns; return how many. Made again soon, they are what they were."""
        owned = [one for one in self._all() if one.owner_resource == resource_id]
        self._redeployments.note(resource_id, owned)
        for automation in owned:
            self._delete(automation)
        return len(owned)

    def disown(self, resource_id: str) -> None:
        """Remove the automations that a resource owns, which goes as well: they do not come back."""
        self.delete_owned_by(resource_id)
        self._redeployments.forget(resource_id)

    def _delete(self, automation: Automation, over: str | None = None) -> None:
        self._abandoned(sorted(_trigger_ids(automation.trigger)), self._clock.now())
        self._config.delete(KIND, automation.id, over=over)
        self._tell("deleted", automation)

    def _put(self, found: Stored, given: AutomationInput, cause: SwitchedBy | None = None) -> Automation:
        """Store an automation over what was read and tell of it, for a cause in one transaction."""
        now, present = self._clock.now(), automation_from_stored(found.document)
        automation = with_identity(given, present.id, present.created, now)
        begins = given.enabled and not present.enabled
        automation = automation.model_copy(update={"since": now if begins else present.since})
        kept = _trigger_ids(automation.trigger) if automation.enabled else set()
        self._abandoned(sorted(_trigger_ids(present.trigger) - kept), now)
        told = self._told("updated", automation, cause) if cause else None
        self._config.replace(KIND, automation.id, automation.as_stored(), told, over=found.revision)
        if not told:
            self._tell("updated", automation)
        self._begin(automation)
        return automation

    def _begin(self, automation: Automation) -> None:
        if automation.enabled:
            self._switched_on(automation)

    def _all(self) -> Iterable[Automation]:
        """Yield every automation; one that cannot be read stands in nobody's way."""
        for stored in self._config.all(KIND):
            try:
                yield automation_from_stored(stored)
            except Unreadable as error:
                logger.error("%s", error)

    def _tell(self, happened: str, automation: Automation) -> None:
        self._events.put(self._told(happened, automation))

    def _told(self, happened: str, automation: Automation, cause: SwitchedBy | None = None) -> Event:
        now, resource_id = self._clock.now(), automation.resource_id
        return Event(
            id=cause.event_id(self._ids, resource_id) if cause else self._ids.event_id(now, resource_id),
            occurred=cause.at if cause else now,
            event=f"prefect.automation.{happened}",
            resource={RESOURCE_ID: resource_id, RESOURCE_NAME: automation.name},
            payload=automation.as_document(),
            received=now,
        )


def warnings_of(automation: Automation) -> list[str]:
    """Return why an automation, though it is allowed, may start itself over and over."""
    if not automation.enabled or not any(isinstance(action, RunDeployment) for action in automation.actions):
        return []
    return [
        f"The trigger {_named(trigger)} may be met by the very flow runs that this automation starts. "
        "Narrow `expect`, `match` or `match_related`, or make sure that it ends."
        for trigger in _leaves(automation.trigger)
        if trigger.posture == "Reactive" and _sees_own_runs(trigger)
    ]


def _leaves(trigger: Any) -> Iterable[EventTrigger]:
    if isinstance(trigger, EventTrigger):
        yield trigger
    elif isinstance(trigger, CompoundTrigger | SequenceTrigger):
        for child in trigger.triggers:
            yield from _leaves(child)


def _trigger_ids(trigger: Trigger) -> set[str]:
    """Return the ids of a trigger and of all that are in it."""
    below = trigger.triggers if isinstance(trigger, CompoundTrigger | SequenceTrigger) else ()
    return {trigger.id}.union(*map(_trigger_ids, below))


def _sees_own_runs(trigger: EventTrigger) -> bool:
    names = not trigger.expect or any_name_matches(trigger.expect, STARTED)
    return names and not trigger.match and not any(trigger.related_specifications)


def _named(trigger: EventTrigger) -> str:
    return f"on {', '.join(trigger.expect)}" if trigger.expect else "on every event"


def _owned(given: AutomationCore, owner: str | None) -> AutomationInput:
    return AutomationInput.model_validate(given.model_dump(mode="json") | {"owner_resource": owner})


def _worked_on(automation: Automation) -> set[str]:
    actions = (*automation.actions, *automation.actions_on_trigger, *automation.actions_on_resolve)
    return {
        f"prefect.deployment.{action.deployment_id}"
        for action in actions
        if isinstance(action, RunDeployment) and action.deployment_id
    }


def _is_wanted(automation: Automation, wanted: Wanted) -> bool:
    tags = set(automation.tags)
    by_tags = _together(
        [
            tags >= set(wanted.all_tags) if wanted.all_tags else None,
            bool(tags & set(wanted.any_tags)) if wanted.any_tags is not None else None,
            wanted.untagged == (not tags) if wanted.untagged is not None else None,
        ],
        any if wanted.one_of_the_tag_filters else all,
    )
    wanted_at_all = _together(
        [
            automation.name in wanted.names if wanted.names is not None else None,
            automation.id in wanted.ids if wanted.ids is not None else None,
            automation.created <= wanted.created_before if wanted.created_before is not None else None,
            by_tags,
        ],
        any if wanted.one_of_the_filters else all,
    )
    return wanted_at_all is not False


def _together(answers: Iterable[bool | None], how: Callable[[Iterable[bool]], bool]) -> bool | None:
    """Return what some filters say together; None where none of them was given."""
    given = [one for one in answers if one is not None]
    return how(given) if given else None


def resource_of(automation_id: str) -> str:
    """Return an automation's id as a resource of events."""
    return RESOURCE_PREFIX + automation_id


def described(automation: Automation) -> Mapping[str, Any]:
    """Return an automation as the API shows it, with warnings where there are any."""
    warnings = warnings_of(automation)
    return automation.as_document() | ({"warnings": warnings} if warnings else {})
