"""Triggers made ready for evaluation: times as timedeltas, patterns compiled, parents known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from whenflow.automations.matching import (
    EVERYTHING,
    NamePatterns,
    Specification,
    SpecificationMatcher,
    is_all_plain,
    name_patterns,
)
from whenflow.automations.model import (
    Automation,
    CompoundTrigger,
    EventTrigger,
    MetricTrigger,
    SequenceTrigger,
    Trigger,
)
from whenflow.automations.state import Key
from whenflow.events import Event


@dataclass(eq=False, slots=True)
class Composite:
    """A compound or sequence trigger.

    Attributes:
        needed: How many children must have fired.
        within: How far apart their firings may lie in event time; None for any distance.
        in_order: Whether they must have fired in the order written, each by an event of its own.
        for_each: Labels; only firings of children with the same values come together.
    """

    id: str
    automation_id: str
    parent: "Composite | None"
    needed: int
    within: timedelta | None
    in_order: bool
    children: tuple[str, ...] = ()
    for_each: tuple[str, ...] = ()

    def key_of(self, labels: Mapping[str, str]) -> Key:
        """Return the values of its own `for_each` labels among those of a child's firing."""
        return tuple(labels.get(label, "") for label in self.for_each)


@dataclass(eq=False, slots=True)
class Watch:
    """An event trigger.

    Attributes:
        position: Its place in the order in which triggers are evaluated.
        is_standing: Whether it has a window from the moment it is loaded.
        is_told_by_index: Whether the index alone can tell that it looks at an event: it asks for one label at most,
            by plain values or beginnings.
        is_immediate: Whether it fires on each event by itself, and has nothing to remember.
    """

    id: str
    automation: Automation
    automation_id: str
    parent: Composite | None
    trigger: EventTrigger
    position: tuple[int, int]
    expected: NamePatterns
    starting: NamePatterns
    match: SpecificationMatcher
    match_related: tuple[SpecificationMatcher, ...]
    for_each: tuple[str, ...]
    is_proactive: bool
    threshold: int
    within: timedelta
    has_deadline: bool
    has_after: bool
    is_standing: bool
    is_immediate: bool
    is_told_by_index: bool

    def looks_at(self, event: Event) -> bool:
        """Tell whether the trigger looks at an event: its name, its resource, its related resources."""
        return self.names(event.event) and self.admits(event)

    def admits(self, event: Event) -> bool:
        """Tell whether the resources of an event are some that it looks at."""
        if not self.match.satisfied_by(event.resource):
            return False
        return not self.match_related or all(one.met_by(event.related) for one in self.match_related)

    def names(self, name: str) -> bool:
        """Tell whether an event of this name is one that it looks at."""
        return bool(name) and (self.expected.fit(name) or (self.has_after and self.starting.fit(name)))

    def expects(self, event: Event) -> bool:
        """Tell whether an event is one of those that are counted."""
        return self.expected.fit(event.event)

    def starts(self, event: Event) -> bool:
        """Tell whether an event is one that opens a window."""
        return self.has_after and self.starting.fit(event.event)

    def key_of(self, event: Event) -> Key:
        """Return the values of the `for_each` labels; a missing one is the empty text."""
        if not self.for_each:
            return ()
        return tuple(event.find_label(label) or "" for label in self.for_each)

    def is_satisfied(self, count: int) -> bool:
        """Tell whether enough events were counted."""
        return count >= self.threshold


AnyTrigger: TypeAlias = Watch | Composite


@dataclass(eq=False, slots=True)
class Compiled:
    """An automation, ready for evaluation."""

    automation: Automation
    watches: tuple[Watch, ...]
    composites: tuple[Composite, ...]

    @property
    def trigger_ids(self) -> set[str]:
        """The ids of all its triggers."""
        return {watch.id for watch in self.watches} | {composite.id for composite in self.composites}


def compile_automation(automation: Automation, order: int) -> Compiled:
    """Make an automation ready for evaluation; `order` is its place among the others."""
    triggers = list(_compile(automation.trigger, automation, None, iter(range(1 << 30)), order))
    return Compiled(
        automation,
        tuple(one for one in triggers if isinstance(one, Watch)),
        tuple(one for one in triggers if isinstance(one, Composite)),
    )


def _compile(
    trigger: Trigger, automation: Automation, parent: Composite | None, count: Iterator[int], order: int
) -> Iterator[AnyTrigger]:
    match trigger:
        case EventTrigger():
            yield _watch(trigger, automation, parent, (order, next(count)))
        case CompoundTrigger() | SequenceTrigger():
            composite = _composite(trigger, automation.id, parent)
            yield composite
            for child in trigger.triggers:
                yield from _compile(child, automation, composite, count, order)
        case MetricTrigger():
            return  # evaluated over measurements, not over events: automations.metrics


def _composite(trigger: CompoundTrigger | SequenceTrigger, automation_id: str, parent: Composite | None) -> Composite:
    in_order = isinstance(trigger, SequenceTrigger)
    return Composite(
        id=trigger.id,
        automation_id=automation_id,
        parent=parent,
        needed=len(trigger.triggers) if isinstance(trigger, SequenceTrigger) else trigger.needed,
        within=None if trigger.within is None else timedelta(seconds=trigger.within),
        in_order=in_order,
        children=tuple(child.id for child in trigger.triggers),
        for_each=tuple(trigger.for_each),
    )


def _watch(trigger: EventTrigger, automation: Automation, parent: Composite | None, position: tuple[int, int]) -> Watch:
    is_proactive = trigger.posture == "Proactive"
    within = timedelta(seconds=trigger.within)
    has_deadline = within > timedelta(0)
    return Watch(
        id=trigger.id,
        automation=automation,
        automation_id=automation.id,
        parent=parent,
        trigger=trigger,
        position=position,
        expected=name_patterns(tuple(trigger.expect)),
        starting=name_patterns(tuple(trigger.after)),
        match=SpecificationMatcher(trigger.match) if trigger.match else EVERYTHING,
        match_related=tuple(SpecificationMatcher(one) for one in trigger.related_specifications if one),
        for_each=tuple(trigger.for_each),
        is_proactive=is_proactive,
        threshold=trigger.threshold if is_proactive else max(1, trigger.threshold),
        within=within,
        has_deadline=has_deadline,
        has_after=bool(trigger.after),
        is_standing=is_proactive and not trigger.after and not trigger.for_each,
        is_told_by_index=_is_told_by_index([trigger.match, *trigger.related_specifications]),
        is_immediate=not (is_proactive or has_deadline or trigger.after or trigger.threshold > 1),
    )


def _is_told_by_index(specifications: Sequence[Specification]) -> bool:
    asked = [values for specification in specifications for values in specification.values()]
    if len(asked) != 1:
        return not asked
    return is_all_plain([asked[0]] if isinstance(asked[0], str) else asked[0])
