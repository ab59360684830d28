"""Laws of patterns and specifications."""

import fnmatch

from hypothesis import given
from hypothesis import strategies as st
from tests.firings import firings_for
from tests.stories import order_placed

from whenflow.automations.matching import met_by, name_matches, satisfies, value_matches
from whenflow.testing import an_automation

letters = st.text(st.sampled_from("ab.\n"), max_size=8)
globs = st.text(st.sampled_from("ab.*?[]!-\n"), max_size=8)
name_patterns = st.text(st.sampled_from("ab.*"), max_size=6)
labels = st.dictionaries(st.sampled_from(["x", "y", "z"]), letters, max_size=3)
specifications = st.dictionaries(st.sampled_from(["x", "y", "z"]), globs | st.lists(globs, max_size=3), max_size=3)


@given(pattern=globs, value=letters)
def test_patterns_are_those_of_the_standard_library(pattern, value):
    plain = pattern.removeprefix("!")

    assert value_matches(plain, value) == fnmatch.fnmatchcase(value, plain) or plain.startswith("!")


@given(pattern=globs.filter(lambda glob: not glob.startswith("!")), value=letters)
def test_a_negation_is_the_opposite(pattern, value):
    assert value_matches("!" + pattern, value) != value_matches(pattern, value)


@given(pattern=globs)
def test_a_label_that_is_not_there_fits_nothing(pattern):
    assert not value_matches(pattern, None)


@given(name=letters)
def test_a_name_fits_itself(name):
    assert name_matches(name, name)


@given(pattern=name_patterns, name=st.text(st.sampled_from("ab."), max_size=8))
def test_a_star_stands_for_something(pattern, name):
    assert name_matches(pattern, name) == fnmatch.fnmatchcase(name, pattern.replace("*", "?*"))


@given(resource=labels, specification=specifications, more=labels)
def test_a_resource_with_more_labels_still_satisfies(resource, specification, more):
    if satisfies(resource, specification):
        assert satisfies({**more, **resource}, specification) or set(more) & set(specification) - set(resource)


@given(resource=labels, specification=specifications)
def test_all_labels_are_asked_for_one_by_one(resource, specification):
    each = [satisfies(resource, {label: values}) for label, values in specification.items()]

    assert satisfies(resource, specification) == all(each)


@given(resources=st.lists(labels, max_size=3), specification=specifications.filter(bool))
def test_some_single_resource_must_do(resources, specification):
    assert met_by(resources, specification) == any(satisfies(one, specification) for one in resources)


@given(
    resource=labels,
    match=specifications,
    related=st.lists(labels, max_size=2),
    match_related=specifications | st.lists(specifications, max_size=2),
)
def test_a_firing_found_again_is_the_same(resource, match, related, match_related):
    event = order_placed(
        resource=resource | {"prefect.resource.id": "r"},
        related=[one | {"prefect.resource.id": "o", "prefect.resource.role": "o"} for one in related],
    )
    automation = an_automation(match=match, match_related=match_related)

    once, again = (firings_for([automation], event) for _ in range(2))

    assert once == again
