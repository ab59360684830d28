"""SPEC 8.1: which trigger looks at which event."""

import pytest
from tests.engine.story import Story, automation, on, reactive, related, triggering

from whenflow.automations.matching import met_by, satisfies, value_matches

MEAL = {"prefect.resource.role": "meal"}


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("*", "any.old.thing", True),
        ("*.csv", "file.csv", True),
        ("!*.csv", "file.parquet", True),
        ("s3://*.csv", "s3://b/o.csv", True),
        ("!s3://*", "http://x", True),
        ("*", None, False),
        ("*.csv", "f.parquet", False),
        ("!*.csv", "f.csv", False),
        ("s3://*.csv", "https://h/f.csv", False),
        ("!s3://*", "s3://b/f", False),
        # and what conformance/README adds
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
        ("a?c", "a\nc", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[]]", "]", True),
        ("[!]]", "]", False),
        ("[z-a]", "m", False),
        ("[!z-a]", "m", True),
        ("[abc", "[abc", True),
        ("!!a", "!a", False),
        ("!!a", "a", True),
        ("a*b*c", "aXbYbZc", True),
        ("*a*a*a*a*a*a*a*a*b", "a" * 5_000, False),
    ],
)
def test_M1_a_value_fits_its_pattern(pattern: str, value: str | None, fits: bool):
    assert value_matches(pattern, value) is fits


def test_M2_a_negated_value_still_asks_for_the_label():
    specification = {"env": "!prod"}

    assert not satisfies({"other": "x"}, specification)
    assert satisfies({"env": "dev"}, specification)
    assert not satisfies({"env": "prod"}, specification)


def test_M3_all_labels_must_fit_and_any_of_their_values():
    specification = {"a": ["1", "2"], "b": "x"}

    assert satisfies({"a": "2", "b": "x"}, specification)
    assert not satisfies({"a": "2", "b": "y"}, specification)
    assert not satisfies({"a": "2"}, specification)


def test_M4_an_empty_list_of_values_admits_nothing():
    assert not satisfies({"a": "1"}, {"a": []})
    assert not satisfies({}, {"a": []})
    assert not met_by([{"a": "1"}], {"a": []})
    story = Story(on("x", match={"a": []}))
    assert story.event("x", 0, {"prefect.resource.id": "r", "a": "1"}) == []


def test_M5_case_counts():
    assert not value_matches("Foo*", "foobar")
    story = Story(on("Foo*"))
    assert story.event("foobar", 0) == []
    assert triggering(story.event("Foobar", 1)) == ["Foobar@1"]


def test_M6_one_related_resource_must_satisfy_a_whole_specification():
    trigger = on("served", match_related={**MEAL, "genus": "Tulipa"})
    story = Story(trigger)

    mixed = [related("meal", genus="Lilium"), related("other", genus="Tulipa")]
    assert story.event("served", 0, related=mixed) == []
    assert triggering(story.event("served", 1, related=[related("meal", genus="Tulipa")])) == ["served@1"]
    assert story.event("served", 2) == [], "nothing related at all"


def test_M7_each_specification_of_a_list_must_be_met_by_some_related_resource():
    both = [related("meal", genus="Hemerocallis"), related("meal", genus="Tulipa")]

    story = Story(on("served", match_related=[{**MEAL, "genus": "Hemerocallis"}, {**MEAL, "genus": "Tulipa"}]))
    assert triggering(story.event("served", 0, related=both)) == ["served@0"]

    story = Story(on("served", match_related=[{**MEAL, "genus": "Hemerocallis"}, {**MEAL, "genus": "Narcissus"}]))
    assert story.event("served", 0, related=both) == []


def test_M8_an_empty_expect_takes_an_event_of_any_name():
    story = Story(reactive(match={"prefect.resource.id": "r.*"}))

    assert triggering(story.event("anything.at.all", 0, "r.7")) == ["anything.at.all@0"]
    assert story.event("anything.at.all", 1, "other.7") == []


def test_M9_only_what_is_expected_fires():
    story = Story(on("animal.walked"))

    assert story.event("animal.snoozed", 0) == []
    assert triggering(story.event("animal.walked", 1)) == ["animal.walked@1"]


def test_M10_expect_is_a_pattern_of_the_whole_name():
    story = Story(on("prefect.flow-run.*"))

    assert triggering(story.event("prefect.flow-run.Completed", 0)) == ["prefect.flow-run.Completed@0"]
    assert story.event("prefect.task-run.Completed", 1) == []
    assert story.event("my.prefect.flow-run.Completed", 2) == []


def test_M11_match_never_looks_at_related_resources():
    story = Story(on("x", match={"colour": "red"}))

    assert story.event("x", 0, related=[related("paint", colour="red")]) == []
    assert len(story.event("x", 1, {"prefect.resource.id": "r", "colour": "red"})) == 1


def test_M12_an_automation_that_is_off_or_gone_does_not_fire_and_does_again_once_on():
    story = Story(on("x"))

    story.switch(0, enabled=False)
    assert story.event("x", 1) == []
    story.switch(2, enabled=True)
    assert triggering(story.event("x", 3)) == ["x@3"]
    story.delete()
    assert story.event("x", 4) == []


def test_M12_switched_off_and_on_it_starts_afresh():
    story = Story(on("x", threshold=2, within=60))

    assert story.event("x", 1) == []
    story.switch(2, enabled=False)
    story.switch(3, enabled=True)
    assert story.event("x", 4) == [], "the one of before does not count"
    assert triggering(story.event("x", 5)) == ["x@5"]


def test_M13_writing_a_log_triggers_nothing():
    story = Story(reactive(), on("prefect.log.write"), on("prefect.*"))

    assert story.event("prefect.log.write", 0) == []
    assert story.outcome == "ignored"
    assert story.order.clock is None, "it leaves no trace"
    assert len(story.event("prefect.log.written", 1)) == 2


def test_automations_fire_in_the_order_in_which_they_were_loaded():
    story = Story(*(automation(on("x"), name) for name in ("one", "two", "three")))

    first = story.event("x", 0)
    assert [one.trigger_id for one in first] == [one.trigger.id for one in story.engine.automations()]
