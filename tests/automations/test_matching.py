"""Patterns and resource specifications (SPEC 3.2; cases M1 to M7 of 8.1)."""

import pytest

from whenflow.automations.matching import NamePatterns, any_name_matches, met_by, name_matches, satisfies, value_matches

ROSE = {"prefect.resource.id": "r", "prefect.resource.role": "meal", "genus": "Lilium"}


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("*", "any.old.thing"),
        ("*.csv", "file.csv"),
        ("!*.csv", "file.parquet"),
        ("s3://*.csv", "s3://b/o.csv"),
        ("!s3://*", "http://x"),
    ],
)
def test_m1_a_value_that_fits(pattern, value):
    assert value_matches(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("*", None),
        ("*.csv", "f.parquet"),
        ("!*.csv", "f.csv"),
        ("s3://*.csv", "https://h/f.csv"),
        ("!s3://*", "s3://b/f"),
    ],
)
def test_m1_a_value_that_does_not_fit(pattern, value):
    assert not value_matches(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("", [""], ["x"]),
        ("*", ["", "x", "a/b.c\nd"], []),
        ("a*c", ["ac", "abc", "a\nc", "acc"], ["ab", "xac", "aca"]),
        ("a**c", ["ac", "abc"], ["ab"]),
        ("?", ["x", "\n", "😀"], ["", "xx"]),
        ("a?c", ["abc", "a.c"], ["ac", "abbc"]),
        ("[abc]", ["a", "b"], ["d", "", "ab"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
        ("[!a-c]", ["d", "!"], ["a", "b", ""]),
        ("[]]", ["]"], ["[", "x"]),
        ("[!]]", ["x"], ["]"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[-a]", ["a", "-"], ["b"]),
        ("[c-a]", [], ["a", "b", "c"]),
        ("[!c-a]", ["a", "b", "\n"], ["", "ab"]),
        ("[", ["["], ["", "x"]),
        ("[!", ["[!"], ["x"]),
        ("a[b", ["a[b"], ["ab"]),
        ("a.b+(c)|^$\\", ["a.b+(c)|^$\\"], ["axb+(c)|^$\\", "a"]),
        ("[*?]", ["*", "?"], ["x"]),
        ("[\\]", ["\\"], ["x"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("[a&&b]", ["a", "&", "b"], ["c"]),
        ("!", ["x"], [""]),
        ("!!x", ["x", "y"], ["!x"]),
        ("x!", ["x!"], ["y"]),
    ],
)
def test_patterns_of_values(pattern, fits, fits_not):
    assert [value_matches(pattern, value) for value in fits] == [True] * len(fits)
    assert [value_matches(pattern, value) for value in fits_not] == [False] * len(fits_not)


def test_m2_a_label_that_is_absent_fits_nothing_not_even_a_negation():
    assert not satisfies({"prefect.resource.id": "r"}, {"env": "!prod"})
    assert satisfies({"prefect.resource.id": "r", "env": "dev"}, {"env": "!prod"})


@pytest.mark.parametrize(
    ("labels", "fits"), [({"a": "2", "b": "x"}, True), ({"a": "2", "b": "y"}, False), ({"a": "2"}, False)]
)
def test_m3_every_label_must_have_one_of_its_values(labels, fits):
    assert satisfies(labels, {"a": ["1", "2"], "b": "x"}) is fits


def test_m4_an_empty_list_of_values_fits_nothing():
    assert not satisfies({"a": "1"}, {"a": []})


def test_an_empty_specification_fits_everything():
    assert satisfies({}, {})


def test_m5_case_matters():
    assert not value_matches("Foo*", "foobar")


def test_m6_one_single_related_resource_must_have_it_all():
    tulips = {"prefect.resource.role": "meal", "genus": "Tulipa"}

    assert not met_by([ROSE, tulips | {"prefect.resource.role": "other"}], tulips)
    assert met_by([ROSE, tulips], tulips)


def test_an_empty_specification_asks_for_no_related_resource():
    assert met_by([], {})


def test_without_related_resources_nothing_is_met():
    assert not met_by([], {"genus": "*"})


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("order.placed", ["order.placed"], ["order.placed.twice", "Order.placed", "orderXplaced"]),
        ("order.*", ["order.placed", "order.placed.twice", "order..", "order.a\nb"], ["order.", "order", "reorder.x"]),
        ("*", ["x", "prefect.log.write"], [""]),
        ("*.placed", ["order.placed"], [".placed"]),
        ("a*b*c", ["a1b2c", "abbbcc"], ["abc", "a1bc", "a1b2c3"]),
        ("fo*", ["foo"], ["fo"]),
        ("order.?", ["order.?"], ["order.x"]),
        ("[ab]", ["[ab]"], ["a"]),
        ("!order", ["!order"], ["other"]),
        ("", [""], ["x"]),
    ],
)
def test_in_names_only_the_star_is_special_and_stands_for_something(pattern, fits, fits_not):
    assert [name_matches(pattern, name) for name in fits] == [True] * len(fits)
    assert [name_matches(pattern, name) for name in fits_not] == [False] * len(fits_not)


@pytest.mark.parametrize("pattern", ["*", "a*", "**"])
def test_a_name_that_is_empty_fits_no_star(pattern):
    assert not NamePatterns([pattern]).fit("")
    assert not name_matches(pattern, "")


def test_one_name_of_many_is_enough():
    assert any_name_matches(["a.*", "b.*"], "b.x")
    assert not any_name_matches(["a.*", "b.*"], "c.x")


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "a*" * 30 + "b", "[a-z]*" * 20 + "!"])
def test_a_pattern_of_many_stars_is_no_burden(pattern):
    assert not value_matches(pattern, "a" * 5_000)
    assert not name_matches(pattern, "a" * 5_000)
