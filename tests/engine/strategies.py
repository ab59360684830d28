"""Random automations and events: few names and few moments, so that they meet often."""

from hypothesis import strategies as st
from tests.engine.story import Document, at, automation, compound, sequence

from whenflow.automations.model import Automation
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event
from whenflow.testing import an_event

NAMES = ["a", "b", "c"]
RESOURCES = ["r.1", "r.2"]
names = st.lists(st.sampled_from([*NAMES, "*"]), max_size=2, unique=True)


@st.composite
def event_triggers(draw: st.DrawFn, posture: str | None = None) -> Document:
    """Draw an event trigger."""
    chosen = posture or draw(st.sampled_from(["Reactive", "Reactive", "Proactive"]))
    within = [10, 15, 30] if chosen == "Proactive" else [0, 0, 5, 10, 30]
    return {
        "type": "event",
        "posture": chosen,
        "after": draw(st.one_of(st.just([]), names)),
        "expect": draw(names),
        "for_each": draw(st.sampled_from([[], [], [RESOURCE_ID], ["related:part:size"]])),
        "match": draw(st.sampled_from([{}, {}, {RESOURCE_ID: "r.1"}, {RESOURCE_ID: "!r.1"}])),
        "threshold": draw(st.integers(0, 3)),
        "within": draw(st.sampled_from(within)),
    }


def triggers(posture: str | None = None) -> st.SearchStrategy[Document]:
    """Draw a trigger, two levels of others around it at most."""
    distances = st.sampled_from([None, None, 5, 20])

    def around(children: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
        some = st.lists(children, min_size=1, max_size=3)
        return st.one_of(
            st.builds(lambda inner, within: sequence(*inner, within=within), some, distances),
            st.builds(lambda inner, within: compound("all", *inner, within=within), some, distances),
            st.builds(lambda inner, within: compound("any", *inner, within=within), some, distances),
            st.builds(lambda inner, within: compound(max(1, len(inner) - 1), *inner, within=within), some, distances),
        )

    return st.recursive(event_triggers(posture), around, max_leaves=4)


def automations(posture: str | None = None) -> st.SearchStrategy[list[Automation]]:
    """Draw one to three automations."""
    drawn = st.lists(triggers(posture), min_size=1, max_size=3)
    return drawn.map(lambda found: [automation(trigger, f"watch {n}") for n, trigger in enumerate(found)])


@st.composite
def streams(draw: st.DrawFn, max_size: int = 14, pace: float = 1) -> list[Event]:
    """Draw events, in the order in which they arrive; most of them in the order in which they occurred.

    Args:
        draw: Given by hypothesis.
        max_size: How many at most.
        pace: By how much longer than usual the times between them are.
    """
    steps = st.tuples(st.sampled_from([0, 1, 1, 3, 9, 20]), st.sampled_from([0, 0, 0, -2, -12, 8]))
    parts = st.sampled_from([(), (), ("small",), ("big", "small")])
    drawn = draw(
        st.lists(st.tuples(steps, st.sampled_from(NAMES), st.sampled_from(RESOURCES), parts), max_size=max_size)
    )
    found, now = [], 0.0
    for number, ((step, shift), name, resource, sizes) in enumerate(drawn):
        now += step
        related = [{RESOURCE_ID: f"p.{size}", RESOURCE_ROLE: "part", "size": size} for size in sizes]
        found.append(
            an_event(name, resource, id=f"e{number}", occurred=at(pace * max(0, now + shift)), related=related)
        )
    return found


def lookers() -> tuple[st.SearchStrategy[Document], st.SearchStrategy[Event]]:
    """Return strategies of triggers that look at names and labels of every shape, and of events for them."""
    patterns = st.sampled_from(["a", "a.b", "a.*", "a*", "*", "*.b", "a.*.c", "*b*", "b", "**", "prefect.log.write"])
    values = st.sampled_from(["1", "12", "1*", "!1", "!1*", "?", "[12]", "[1", "*", "", "!", "1?", "x", "!x*"])
    given = st.one_of(values, values, st.lists(values, max_size=2))
    specifications = st.dictionaries(st.sampled_from([RESOURCE_ID, "k", RESOURCE_ROLE]), given, max_size=2)
    related = st.one_of(specifications, st.lists(specifications, max_size=2))
    some = st.lists(patterns, max_size=2)
    leaves = st.builds(
        lambda expect, after, match, match_related: {
            "type": "event",
            "posture": "Reactive",
            "expect": expect,
            "after": after,
            "match": match,
            "match_related": match_related,
        },
        some,
        some,
        specifications,
        related,
    )
    triggers = st.one_of(leaves, st.builds(lambda *inner: compound("any", *inner), leaves, leaves))
    texts = st.sampled_from(["1", "12", "x", "", "2"])
    names = st.sampled_from(["a", "a.b", "a.b.c", "a.", "ab", "b", "", "a.x.c", "prefect.log.write"])
    resources = st.fixed_dictionaries({RESOURCE_ID: texts}, optional={"k": texts})
    others = st.fixed_dictionaries({RESOURCE_ID: texts, RESOURCE_ROLE: texts}, optional={"k": texts})
    events = st.builds(
        lambda name, resource, related: an_event(name, resource, id="e", related=related),
        names,
        resources,
        st.lists(others, max_size=2),
    )
    return triggers, events
