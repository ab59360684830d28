"""Clause by clause: what was wanted, what was there, and whether that was enough."""

import json

from tests.backtest.worlds import at, automation, event, leaf

from whenflow.automations.backtest import Backtest
from whenflow.automations.explain import explain
from whenflow.automations.explain_text import explanation_text
from whenflow.automations.explanation import Place


def explained(given, *events):
    *before, last = events
    player = Backtest([given])
    for one in before:
        player.take(one)
    return explain(given, last, player.state)


def test_every_pattern_is_listed_with_whether_it_fits():
    name = explained(
        automation(expect=["a.*", "b.happened"], after=["*.happened"]), event("a.happened", 0)
    ).trigger.name

    assert [(one.pattern, one.met) for one in name.expect] == [("a.*", True), ("b.happened", False)]
    assert [(one.pattern, one.met) for one in name.after] == [("*.happened", True)]
    assert (name.met, name.expected, name.starts) == (True, True, True)


def test_every_label_is_listed_with_what_is_wanted_and_what_is_there():
    given = automation(match={"prefect.resource.id": "r.*", "room": ["attic", "hall"], "floor": "!1"})

    match = explained(given, event("a.happened", 0, {"prefect.resource.id": "r.1", "room": "cellar"})).trigger.match

    assert [(one.label, one.wanted, one.value, one.met) for one in match.labels] == [
        ("prefect.resource.id", ("r.*",), "r.1", True),
        ("room", ("attic", "hall"), "cellar", False),
        ("floor", ("!1",), None, False),
    ]
    assert not match.met


def test_each_related_specification_is_held_against_the_resource_that_comes_closest():
    given = automation(
        match_related=[{"prefect.resource.role": "keeper", "shift": "day"}, {"prefect.resource.id": "x"}]
    )
    related = [
        {"prefect.resource.id": "who.1", "prefect.resource.role": "owner", "shift": "night"},
        {"prefect.resource.id": "who.2", "prefect.resource.role": "keeper", "shift": "day"},
    ]

    first, second = explained(given, event("a.happened", 0, related=related)).trigger.match_related

    assert (first.met, first.resource["prefect.resource.id"]) == (True, "who.2")
    assert (second.met, second.resource["prefect.resource.id"]) == (False, "who.1")


def test_the_window_is_shown_before_and_after():
    keyed = automation(for_each=["prefect.resource.id"], threshold=3, within=10)

    node = explained(keyed, event("a.happened", 5), event("a.happened", 7)).trigger

    assert node.labels == {"prefect.resource.id": "r.1"}
    assert (node.before.since, node.before.end, node.before.count) == (at(5), at(15), 1)
    assert (node.after.since, node.after.end, node.after.count) == (at(5), at(15), 2)
    assert (node.counted, node.threshold) == (2, 3)


def test_a_window_that_was_over_is_shown_as_closed():
    node = explained(automation(threshold=3, within=10), event("a.happened", 0), event("a.happened", 50)).trigger

    assert (node.closed.end, node.closed.count) == (at(10), 1)
    assert node.before is None
    assert node.after.since == at(50)


def test_children_of_a_composite_are_used_kept_too_old_or_missing():
    triggers = [leaf("a.happened"), leaf("b.happened"), leaf("c.happened")]
    three = automation(type="compound", require="all", within=10, triggers=triggers)

    def places(*events):
        return [child.place for child in explained(three, *events).trigger.children]

    assert places(event("a.happened", 0)) == [Place.FIRED, Place.MISSING, Place.MISSING]
    assert places(event("a.happened", 0), event("b.happened", 11)) == [Place.TOO_OLD, Place.FIRED, Place.MISSING]
    assert places(event("a.happened", 0), event("b.happened", 1), event("c.happened", 2)) == [Place.USED] * 3


def test_nested_triggers_are_numbered_as_they_are_written():
    inner = {"type": "sequence", "within": None, "triggers": [leaf("b.happened"), leaf("c.happened")]}
    outer = automation(type="compound", require="all", within=None, triggers=[leaf("a.happened"), inner])

    root = explained(outer, event("c.happened", 0)).trigger

    assert [child.node.path for child in root.children] == [(1,), (2,)]
    assert [child.node.path for child in root.children[1].node.children] == [(2, 1), (2, 2)]


def test_the_data_is_json_and_tells_the_same():
    both = automation(type="compound", require="all", within=10, triggers=[leaf("a.happened"), leaf("b.happened")])

    document = json.loads(json.dumps(explained(both, event("a.happened", 0), event("b.happened", 3)).as_document()))

    assert (document["verdict"], document["fired"]) == ("fired", True)
    assert document["event"]["event"] == "b.happened"
    first, second = document["trigger"]["children"]
    assert (first["place"], first["fired"]["time"]) == ("used", "2026-11-20T12:00:00.000000Z")
    assert second["node"]["outcome"] == "fired"
    assert second["node"]["name"]["expect"] == [{"pattern": "b.happened", "met": True}]
    assert document["firings"][0]["children"][0]["event"] == event("a.happened", 0).id


def test_the_text_has_a_line_for_each_clause_below_the_sentence():
    keyed = automation("count", for_each=["room"], match={"room": ["attic", "hall"]}, threshold=2, within=10)
    resource = {"prefect.resource.id": "r.1", "room": "attic"}

    text = explanation_text(explained(keyed, event("a.happened", 0, resource)))

    assert text == "\n".join(
        [
            "Did not fire: it has counted 1 of 2 `a.happened` for room=attic since 12:00:00; "
            "the window closes at 12:00:10.",
            "  event    `a.happened` on `r.1`, 2026-11-20 12:00:00 UTC",
            "  for      the automation `count`",
            "  name     yes  `a.happened` fits `a.happened`: it is counted",
            "  match    yes  `room` is `attic`, as wanted `attic` or `hall`",
            "  key      room=attic",
            "  after    1 of 2 from 12:00:00 to 12:00:10",
        ]
    )


def test_the_text_of_a_composite_tells_of_each_trigger():
    both = automation(type="compound", require="all", within=60, triggers=[leaf("a.happened"), leaf("b.happened")])

    lines = explanation_text(explained(both, event("a.happened", 0), event("c.happened", 1))).splitlines()

    assert lines[3:6] == [
        "  trigger 1 (`a.happened`): did not look at this event: its name is `c.happened`, wanted `a.happened`.",
        "    fired    12:00:00, and is kept",
        "    name     no   `c.happened`, wanted `a.happened`",
    ]
