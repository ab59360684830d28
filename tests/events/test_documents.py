"""JSON documents: read strictly, kept small."""

import pytest

from whenflow.documents import pack, parse_json, unpack
from whenflow.errors import Rejected


def reason(text, **options) -> str:
    with pytest.raises(Rejected) as refusal:
        parse_json(text, **options)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [("{}", {}), (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}), ('"\\ud83d"', "\ud83d"), ("7", 7)],
)
def test_json_is_read(text, value):
    assert parse_json(text) == value


def test_a_fault_is_told_with_its_place():
    assert reason('{"a": 1,\n "b": }') == "The body is not valid JSON: Expecting value at line 2 column 7."


def test_a_fault_names_what_was_read():
    assert reason("", what="The template's result").startswith("The template's result is not valid JSON")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "[NaN]"])
def test_numbers_that_json_does_not_have_are_refused(number):
    assert "is no JSON number" in reason(number)


@pytest.mark.parametrize("number", ["1e999", "-1e999", '{"a": [1.5e400]}'])
def test_a_number_without_a_finite_value_is_refused(number):
    assert "is too large a number" in reason(number)


@pytest.mark.parametrize("data", [b"\xff\xfe\xfd", b'{"a": "\xc3"}'])
def test_bytes_that_are_no_utf_8_are_refused(data):
    assert "is not valid JSON" in reason(data)


@pytest.mark.parametrize("levels", [600, 5_000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_endless_nesting_is_refused(brackets, levels):
    opening, closing = brackets[:-1], brackets[-1]

    assert "nested too deeply" in reason(opening * levels + "1" + closing * levels)


def test_many_brackets_beside_each_other_are_no_nesting():
    assert len(parse_json("[" + ",".join(["[{}]"] * 10_000) + "]")) == 10_000


def test_brackets_in_text_are_no_nesting():
    assert parse_json('"' + "[{" * 10_000 + '"') == "[{" * 10_000


def test_a_number_too_long_to_be_read_is_refused():
    assert "is not valid JSON" in reason("9" * 10_000)


@pytest.mark.parametrize("document", [{}, {"a": ["ä", "\ud83d", None, 1.5]}, {"text": "again " * 1_000}])
def test_a_document_that_was_packed_is_unpacked_as_it_was(document):
    assert unpack(pack(document)) == document


def test_packing_makes_repetition_small():
    assert len(pack({"text": "again " * 1_000})) < 100
