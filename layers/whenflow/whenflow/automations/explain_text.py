"""An explanation as sentences: first what came of the event and why, then clause by clause."""

from collections.abc import Iterator
from datetime import datetime

from whenflow.automations.explanation import (
    CompositeExplanation,
    Explanation,
    LabelClause,
    Lack,
    MetricExplanation,
    Node,
    Outcome,
    Place,
    ResourceClause,
    TriggerExplanation,
    Verdict,
    WindowView,
)
from whenflow.automations.ordering import PATIENCE
from whenflow.automations.state import Fired
from whenflow.automations.words import for_key, full_moment, key_text, listed, moment, one_of, quoted, span
from whenflow.events import RESOURCE_ID

INDENT = "  "


def explanation_text(explanation: Explanation) -> str:
    """Return an explanation for people: one sentence, then the clauses behind it, one per line."""
    return "\n".join((headline(explanation), *_details(explanation)))


def headline(explanation: Explanation) -> str:
    """Return the one sentence that says why."""
    event = explanation.event
    match explanation.verdict:
        case Verdict.LOG_EVENT:
            return "Did not look at this event: log events (`prefect.log.write`) are never evaluated."
        case Verdict.DISABLED:
            return "Did not fire: the automation is switched off."
        case Verdict.NOT_ON_YET:
            since = moment(explanation.automation.active_since, event.occurred)
            return f"Did not look at this event: the automation was switched on only after it, at {since}."
        case Verdict.HELD:
            until = moment(event.received + PATIENCE, event.occurred)
            return (
                f"Did not fire yet: the event follows {explanation.waits_for}, which has not been seen; "
                f"it waits for that one until {until}."
            )
    return _Speaker(event.occurred).verdict(explanation.trigger)


def _details(explanation: Explanation) -> Iterator[str]:
    event, automation = explanation.event, explanation.automation
    yield f"{INDENT}event    {quoted(event.event)} on {quoted(event.resource_id)}, {full_moment(event.occurred)}"
    yield f"{INDENT}for      the automation {quoted(automation.name)}"
    yield from _Speaker(event.occurred).clauses(explanation.trigger, INDENT)


class _Speaker:
    """Speaks of triggers; times of the same day are said without their date."""

    def __init__(self, occurred: datetime) -> None:
        self._occurred = occurred

    def verdict(self, node: Node) -> str:
        """Return whether a trigger fired and why, as one or two sentences."""
        if isinstance(node, MetricExplanation):
            return "Did not look at this event: the trigger looks at measurements of flow runs, not at events."
        if isinstance(node, CompositeExplanation):
            return self._verdict_of_composite(node)
        said = self._outcome(node)
        if node.outcome is Outcome.NOT_LOOKED_AT:
            return f"Did not look at this event: {said}."
        if node.outcome is Outcome.FIRED:
            return f"Fired: {said}."
        if node.fired:
            return f"Fired for {self._silence(node, node.fired[0])}. This event came after that: {said}."
        return f"Did not fire: {said}."

    def clauses(self, node: Node, indent: str) -> Iterator[str]:
        """Yield a line for each clause of a trigger, and of those below it."""
        if isinstance(node, CompositeExplanation):
            for child in node.children:
                yield f"{indent}{_title(child.node)}: {_lower(self.verdict(child.node))}"
                if child.fired and not child.now:
                    yield f"{indent}{INDENT}fired    {self._at(child.fired.time)}, {PLACES[child.place]}"
                yield from self.clauses(child.node, indent + INDENT)
        elif isinstance(node, TriggerExplanation):
            yield f"{indent}name     {_yes(node.name.met)}{_name(node)}"
            for kind, clauses in (("match", (node.match,)), ("related", node.match_related)):
                for clause in clauses:
                    for label in clause.labels:
                        yield f"{indent}{kind:8} {_yes(label.met)}{_label(label)}{_owner(clause, kind)}"
            if node.labels:
                yield f"{indent}key      {key_text(node.labels)}"
            for name, window in (("closed", node.closed), ("before", node.before), ("after", node.after)):
                if window:
                    yield f"{indent}{name:8} {self._window(window, node)}"

    def _at(self, instant: datetime) -> str:
        return moment(instant, self._occurred)

    def _window(self, window: WindowView, node: TriggerExplanation) -> str:
        end = f"to {self._at(window.end)}" if node.trigger.within else "without a deadline"
        return f"{max(window.count, 0)} of {node.threshold} from {self._at(window.since)} {end}"

    def _silence(self, node: TriggerExplanation, fired: Fired) -> str:
        """Say which window was too quiet."""
        counted = node.closed.count if node.closed and node.closed.end == fired.time else 0
        since = self._at(fired.time - (node.closed.end - node.closed.since)) if node.closed else ""
        heard = f"{max(counted, 0)} of {_of(node)}"
        return f"the window that ended at {self._at(fired.time)}: it heard {heard} since {since}"

    def _outcome(self, node: TriggerExplanation) -> str:
        """Say what the event did to an event trigger, as the end of a sentence."""
        said = {
            Outcome.NOT_LOOKED_AT: self._not_looked_at,
            Outcome.FIRED: self._fired,
            Outcome.COUNTED: self._counted,
            Outcome.SATISFIED: self._satisfied,
            Outcome.ARMED: self._armed,
            Outcome.ARMED_ALREADY: self._armed_already,
            Outcome.ARMED_AGAIN: self._armed_again,
            Outcome.DISARMED: self._disarmed,
            Outcome.NOT_ARMED: self._not_armed,
            Outcome.LATE: self._late,
            Outcome.DEAF: self._deaf,
        }
        return said[node.outcome](node)

    def _not_looked_at(self, node: TriggerExplanation) -> str:
        if not node.name.met:
            wanted = one_of([*node.trigger.expect, *node.trigger.after], "any name")
            return f"its name is {quoted(node.name.name)}, wanted {wanted}"
        if not node.match.met:
            return listed([f"the label {_label(label)}" for label in node.match.labels if not label.met], "and")
        missed = next((clause for clause in node.match_related if not clause.met), None)
        if missed is None:
            return "nothing in it is evaluated"
        if missed.resource is None:
            wanted = listed([f"{quoted(one.label)} {one_of(one.wanted, 'nothing')}" for one in missed.labels], "and")
            return f"it has no related resource, wanted one with {wanted}"
        labels = listed([f"the label {_label(label)}" for label in missed.labels if not label.met], "and")
        return f"no related resource fits; of the closest, {quoted(missed.resource.get(RESOURCE_ID))}, {labels}"

    def _fired(self, node: TriggerExplanation) -> str:
        what = f"{one_of(node.trigger.expect, 'an event')}{for_key(node.labels)}"
        armed = f" after {one_of(node.trigger.after, '')} at {self._at(node.before.since)}" if node.before else ""
        if not node.trigger.after:
            armed = ""
        if node.threshold == 1:
            said = f"this is {what}, what it waits for{armed}"
        else:
            since = armed or f" since {self._at(node.before.since if node.before else self._occurred)}"
            said = f"this is number {node.counted} of {_of(node)}{since}"
        if node.after and not node.trigger.after:
            said += f"; until {self._at(node.after.start)} it counts no more"
        return said

    def _counted(self, node: TriggerExplanation) -> str:
        since = self._at(node.before.since if node.before else self._occurred)
        counted = f"{node.counted} of {_of(node)} since {since}"
        window = node.after
        if window is None or not node.trigger.within:
            return f"it has counted {counted}; there is no deadline"
        if node.trigger.posture == "Proactive":
            missing = node.threshold - max(node.counted or 0, 0)
            return f"it has heard {counted}, and fires at {self._at(window.end)} unless {missing} more {_come(missing)}"
        return f"it has counted {counted}; the window closes at {self._at(window.end)}"

    def _satisfied(self, node: TriggerExplanation) -> str:
        since = self._at(node.before.since if node.before else self._occurred)
        heard = f"{node.counted} of {_of(node)} since {since}"
        end = f", which ends at {self._at(node.after.end)}" if node.after else ""
        return f"it fires on silence, and has heard {heard}: enough for this window{end}"

    def _armed(self, node: TriggerExplanation) -> str:
        more = "; it is not counted itself" if node.name.expected else ""
        return f"this event begins the wait: {self._wait(node)}{more}"

    def _armed_already(self, node: TriggerExplanation) -> str:
        since = self._at(node.before.since) if node.before else ""
        return f"the wait began already at {since}: {self._wait(node)}"

    def _armed_again(self, node: TriggerExplanation) -> str:
        since = self._at(node.before.since) if node.before else self._at(self._occurred)
        return f"this is what it waited for since {since}, and begins the next wait: {self._wait(node)}"

    def _wait(self, node: TriggerExplanation) -> str:
        """Say what a trigger that was armed waits for."""
        window = node.after
        missing = node.threshold - max(window.count if window else 0, 0)
        wanted = f"{missing} {_expected(node, missing)}{for_key(node.labels)}"
        if window is None or not node.trigger.within:
            return f"it fires when {wanted} {_come(missing)}, without a deadline"
        if node.trigger.posture == "Proactive":
            return f"it fires at {self._at(window.end)} unless {wanted} {_come(missing)}"
        return f"it fires when {wanted} {_come(missing)} before {self._at(window.end)}"

    def _disarmed(self, node: TriggerExplanation) -> str:
        since = self._at(node.before.since) if node.before else ""
        after = one_of(node.trigger.after, "")
        return f"this is what it waited for since {since}; it rests until {after} comes again"

    def _not_armed(self, node: TriggerExplanation) -> str:
        after = one_of(node.trigger.after, "")
        said = (
            f"it counts {_expected(node, 2)} only after {after}, and none came{for_key(node.labels)} that still counts"
        )
        if node.closed:
            said += f": the wait of {self._at(node.closed.since)} was over at {self._at(node.closed.end)}"
        return said

    def _late(self, node: TriggerExplanation) -> str:
        if node.before is None:
            closed = self._at(node.last_end) if node.last_end else ""
            return f"the event came too late: the window of its time was closed at {closed}"
        began = self._at(node.before.start)
        if node.trigger.after:
            return f"the event occurred at {self._at(self._occurred)}, before the wait began at {began}"
        return f"the event came too late: the present window began at {began}"

    def _deaf(self, node: TriggerExplanation) -> str:
        end = self._at(node.before.start) if node.before else ""
        return f"it has fired already{for_key(node.labels)}, and counts no more until {end}"

    def _verdict_of_composite(self, node: CompositeExplanation) -> str:
        if node.fired:
            return f"Fired: {self._complete(node)}."
        if not any(_looked(child.node) for child in node.children):
            which = (
                "its only trigger does not"
                if len(node.children) == 1
                else f"none of its {len(node.children)} triggers does"
            )
            return f"Did not look at this event: {which}."
        return f"Did not fire: {self._lacking(node)}."

    def _complete(self, node: CompositeExplanation) -> str:
        titles = {child.fired.trigger_id: _title(child.node) for child in node.children if child.fired}
        used = [f"{titles[one.trigger_id]} at {self._at(one.time)}" for one in node.fired[-1].children]
        told = listed(used, "and")
        if node.needed == 1:
            return f"{told} is enough"
        order = " in order" if node.type == "sequence" else ""
        within = f" within {span(node.within)}" if node.within is not None else ""
        return f"{node.kept} of {len(node.children)} triggers have fired{order}{within}: {told}"

    def _lacking(self, node: CompositeExplanation) -> str:
        if node.lack is Lack.OWN_EVENTS:
            return "one event stands for two of its triggers, and each needs an event of its own"
        if node.lack is Lack.ORDER:
            kept = sorted((child.fired.time, _title(child.node)) for child in node.children if child.fired)
            told = listed([f"{title} at {self._at(time)}" for time, title in kept], "and")
            return f"its triggers have fired, but not in the order written: {told}"
        said = f"{node.kept} of the {node.needed} triggers needed {'has' if node.kept == 1 else 'have'} fired"
        missing = [_title(child.node) for child in node.children if child.place is Place.MISSING]
        if missing:
            said += f"; not yet: {listed(missing, 'and')}"
        for child in node.children:
            if child.place is Place.TOO_OLD and child.fired and node.within is not None:
                at = self._at(child.fired.time)
                said += (
                    f"; {_title(child.node)} fired at {at}, more than {span(node.within)} from the last, and is void"
                )
        return said


PLACES = {
    Place.USED: "and was used",
    Place.FIRED: "and is kept",
    Place.TOO_OLD: "too long ago to count",
    Place.MISSING: "",
}


def _title(node: Node) -> str:
    number = f"trigger {'.'.join(map(str, node.path))}" if node.path else "the trigger"
    if isinstance(node, TriggerExplanation):
        return f"{number} ({one_of(node.trigger.expect, 'any event')})"
    if isinstance(node, CompositeExplanation):
        kind = "sequence of" if node.type == "sequence" else f"{node.needed} of"
        return f"{number} ({kind} {len(node.children)})"
    return f"{number} (metric)"


def _looked(node: Node) -> bool:
    if isinstance(node, CompositeExplanation):
        return any(_looked(child.node) for child in node.children)
    return isinstance(node, TriggerExplanation) and node.outcome is not Outcome.NOT_LOOKED_AT


def _expected(node: TriggerExplanation, number: int) -> str:
    """Return what is counted, as it is said of so many."""
    return one_of(node.trigger.expect, "event" if number == 1 else "events")


def _of(node: TriggerExplanation) -> str:
    """Return what is wanted: `3 `door.opened` for the key`."""
    return f"{node.threshold} {_expected(node, node.threshold)}{for_key(node.labels)}"


def _come(number: int) -> str:
    return "comes" if number == 1 else "come"


def _name(node: TriggerExplanation) -> str:
    name, clause = quoted(node.name.name), node.name
    fits = dict.fromkeys(one.pattern for one in (*clause.expect, *clause.after) if one.met)
    if not clause.met:
        wanted = one_of([one.pattern for one in (*clause.expect, *clause.after)], "any name")
        return f"{name}, wanted {wanted}"
    what = listed(
        [word for word, is_so in (("starts", clause.starts), ("is counted", clause.expected)) if is_so], "and"
    )
    return f"{name} fits {one_of(fits, 'any name')}: it {what}"


def _label(clause: LabelClause) -> str:
    wanted = one_of(clause.wanted, "nothing at all")
    return f"{quoted(clause.label)} is {quoted(clause.value)}, {'as wanted' if clause.met else 'wanted'} {wanted}"


def _owner(clause: ResourceClause, kind: str) -> str:
    if kind != "related":
        return ""
    return f" (of {quoted(clause.resource.get(RESOURCE_ID))})" if clause.resource else " (no related resource)"


def _yes(met: bool) -> str:
    return "yes  " if met else "no   "


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
