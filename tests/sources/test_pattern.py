"""EventBridge's event patterns."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from whenflow.sources.pattern import check_pattern, matches

ORDER = {
    "source": "shop",
    "detail": {
        "state": "placed",
        "total": 12.5,
        "express": True,
        "note": None,
        "tags": ["new", "gift"],
        "lines": [{"sku": "tea", "count": 1}, {"sku": "cup", "count": 6}],
        "address": {"ip": "10.0.0.7", "city": "Zürich"},
        "empty": [],
    },
}


def detail(**pattern: Any) -> bool:
    whole = {"detail": pattern}
    assert check_pattern(whole) == []
    return matches(whole, ORDER)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"state": ["placed"]}, True),
        ({"state": ["paid", "placed"]}, True),
        ({"state": ["paid"]}, False),
        ({"state": ["Placed"]}, False),
        ({"total": [12.5]}, True),
        ({"total": ["12.5"]}, False),
        ({"express": [True]}, True),
        ({"express": [1]}, False),
        ({"note": [None]}, True),
        ({"missing": [None]}, False),
        ({"tags": ["gift"]}, True),
        ({"tags": ["old"]}, False),
        ({"state": ["placed"], "total": [1]}, False),
    ],
)
def test_a_value_is_one_of_those_named(pattern: dict[str, Any], expected: bool) -> None:
    assert detail(**pattern) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"state": [{"prefix": "pl"}]}, True),
        ({"state": [{"prefix": "PL"}]}, False),
        ({"state": [{"prefix": {"equals-ignore-case": "PL"}}]}, True),
        ({"state": [{"suffix": "ed"}]}, True),
        ({"state": [{"suffix": {"equals-ignore-case": "ED"}}]}, True),
        ({"state": [{"suffix": "x"}]}, False),
        ({"total": [{"prefix": "1"}]}, False),
        ({"state": [{"equals-ignore-case": "PLACED"}]}, True),
        ({"address": {"city": [{"equals-ignore-case": "ZÜRICH"}]}}, True),
        ({"state": [{"wildcard": "p*c*d"}]}, True),
        ({"state": [{"wildcard": "p*c"}]}, False),
        ({"state": [{"wildcard": "placed"}]}, True),
        ({"state": [{"wildcard": "*"}]}, True),
        ({"tags": [{"wildcard": "g*t"}]}, True),
        ({"total": [{"numeric": [">", 12, "<=", 12.5]}]}, True),
        ({"total": [{"numeric": ["=", 12.5]}]}, True),
        ({"total": [{"numeric": ["<", 12.5]}]}, False),
        ({"express": [{"numeric": [">", 0]}]}, False),
        ({"state": [{"numeric": [">", 0]}]}, False),
        ({"address": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"address": {"ip": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"state": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"state": [{"anything-but": "paid"}]}, True),
        ({"state": [{"anything-but": ["paid", "placed"]}]}, False),
        ({"state": [{"anything-but": {"prefix": "pl"}}]}, False),
        ({"state": [{"anything-but": {"suffix": ["x", "y"]}}]}, True),
        ({"state": [{"anything-but": {"equals-ignore-case": "PLACED"}}]}, False),
        ({"state": [{"anything-but": {"wildcard": "p*"}}]}, False),
        ({"missing": [{"anything-but": "paid"}]}, False),
        ({"tags": [{"anything-but": "gift"}]}, True),
        ({"state": [{"exists": True}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
        ({"state": [{"exists": False}]}, False),
        ({"note": [{"exists": True}]}, True),
        ({"empty": [{"exists": True}]}, False),
        ({"address": [{"exists": True}]}, False),
        ({"state": ["paid", {"prefix": "pl"}]}, True),
    ],
)
def test_a_value_compares(pattern: dict[str, Any], expected: bool) -> None:
    assert detail(**pattern) is expected


def test_what_is_said_of_an_object_in_a_list_is_about_one_object() -> None:
    assert detail(lines={"sku": ["tea"], "count": [1]})
    assert detail(lines={"sku": ["cup"], "count": [6]})
    assert not detail(lines={"sku": ["tea"], "count": [6]})


def test_one_of_several_patterns_is_enough() -> None:
    assert detail(**{"$or": [{"state": ["paid"]}, {"total": [{"numeric": [">", 10]}]}]})
    assert not detail(**{"$or": [{"state": ["paid"]}, {"total": [{"numeric": [">", 20]}]}]})
    assert not detail(**{"express": [False], "$or": [{"state": ["placed"]}, {"total": [1]}]})


def test_a_field_may_be_named_or() -> None:
    assert matches({"$or": ["yes"]}, {"$or": "yes"})


def test_a_wildcard_takes_no_longer_for_a_text_made_to_be_slow() -> None:
    assert not matches({"key": [{"wildcard": "*a*a*a*a*a*a*a*a*b"}]}, {"key": "a" * 200_000})


@pytest.mark.parametrize(
    ("wildcard", "text", "expected"),
    [
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        (r"a\\*", r"a\x", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*.csv", "Zoë/😀.csv", True),
        ("x*aa*aa*", "xaaa", False),
        ("x*aa*aa*", "xaaaa", True),
        ("a*b*c", "a\nb\nc", True),
    ],
)
def test_a_wildcard_stands_for_any_characters(wildcard: str, text: str, expected: bool) -> None:
    pattern = {"key": [{"wildcard": wildcard}]}

    assert check_pattern(pattern) == []
    assert matches(pattern, {"key": text}) is expected


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ({}, ()),
        ({"detail": {}}, ("detail",)),
        ({"source": "shop"}, ("source",)),
        ({"source": []}, ("source",)),
        ({"source": [["shop"]]}, ("source", 0)),
        ({"source": [{}]}, ("source", 0)),
        ({"source": [{"prefix": "a", "suffix": "b"}]}, ("source", 0)),
        ({"source": [{"starts": "a"}]}, ("source", 0)),
        ({"source": [{"prefix": 1}]}, ("source", 0, "prefix")),
        ({"source": [{"prefix": {"lower": "a"}}]}, ("source", 0, "prefix")),
        ({"source": [{"exists": "yes"}]}, ("source", 0, "exists")),
        ({"source": [{"wildcard": "a**"}]}, ("source", 0, "wildcard")),
        ({"source": [{"wildcard": "a\\b"}]}, ("source", 0, "wildcard")),
        ({"source": [{"wildcard": "*a" * 11}]}, ("source", 0, "wildcard")),
        ({"detail": {"n": [{"numeric": [">"]}]}}, ("detail", "n", 0, "numeric")),
        ({"detail": {"n": [{"numeric": ["!", 1]}]}}, ("detail", "n", 0, "numeric", 0)),
        ({"detail": {"n": [{"numeric": [">", "1"]}]}}, ("detail", "n", 0, "numeric", 1)),
        ({"detail": {"n": [{"numeric": [">", True]}]}}, ("detail", "n", 0, "numeric", 1)),
        ({"detail": {"ip": [{"cidr": "home"}]}}, ("detail", "ip", 0, "cidr")),
        ({"source": [{"anything-but": []}]}, ("source", 0, "anything-but")),
        ({"source": [{"anything-but": {"numeric": [">", 1]}}]}, ("source", 0, "anything-but")),
        ({"source": [{"anything-but": {"prefix": 1}}]}, ("source", 0, "anything-but", "prefix")),
        ({"source": [{"anything-but": [{"prefix": "a"}]}]}, ("source", 0, "anything-but")),
        ({"$or": [{"source": ["a"]}, {"source": "b"}]}, ("$or", 1, "source")),
        ({"source": [{"equals-ignore-case": 1}]}, ("source", 0, "equals-ignore-case")),
    ],
)
def test_a_pattern_that_is_wrong_is_told_with_its_place(pattern: dict[str, Any], place: tuple[Any, ...]) -> None:
    assert [fault.loc for fault in check_pattern(pattern)] == [place]


def test_a_pattern_is_bounded() -> None:
    deep: dict[str, Any] = {"a": ["x"]}
    for _ in range(30):
        deep = {"a": deep}

    assert [fault.type for fault in check_pattern(deep)] == ["too_deep"]
    assert [fault.type for fault in check_pattern({f"f{n}": ["x"] for n in range(501)})] == ["too_long"]


WORDS = st.sampled_from(["a", "ab", "abc", "b", "A", ""])
LEAVES = st.one_of(WORDS, st.integers(-2, 2), st.booleans())
TESTS = st.one_of(
    WORDS,
    st.booleans(),
    WORDS.filter(bool).map(lambda word: {"prefix": word}),
    st.booleans().map(lambda there: {"exists": there}),
    st.tuples(st.sampled_from(["<", "<=", "=", ">=", ">"]), st.integers(-2, 2)).map(lambda two: {"numeric": list(two)}),
)
NAMES = st.sampled_from(["x", "y"])
DOCUMENTS = st.dictionaries(NAMES, st.one_of(LEAVES.filter(lambda leaf: not isinstance(leaf, bool)), WORDS), max_size=2)
PATTERNS = st.dictionaries(NAMES, st.lists(TESTS, min_size=1, max_size=2), min_size=1, max_size=2)


@given(PATTERNS, DOCUMENTS)
def test_motos_matcher_says_the_same(pattern: dict[str, Any], document: dict[str, Any]) -> None:
    whole, event = {"detail": pattern}, {"detail": document}

    assert matches(whole, event) == EventPattern(None, whole).matches_event(event)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=8))
def test_any_document_can_be_asked(document: Any) -> None:
    pattern = {
        "x": {"y": [{"anything-but": "a"}, {"wildcard": "a*"}]},
        "$or": [{"x": ["a"]}, {"y": [{"exists": False}]}],
    }

    assert matches(pattern, document) in (True, False)
