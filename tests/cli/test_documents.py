"""Text, JSON and YAML given by hand, and where they are wrong."""

import io

import pytest

from whenflow.cli.documents import parse_json, text_or_file
from whenflow.cli.errors import UsageError
from whenflow.cli.yaml_documents import parse_yaml


def test_text_stands_for_itself_and_an_at_sign_for_a_file(tmp_path, monkeypatch):
    (tmp_path / "template.json").write_text("{{ body }}\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))

    assert text_or_file("{{ body }}") == ("{{ body }}", "")
    assert text_or_file("@template.json") == ("{{ body }}\n", "template.json")
    assert text_or_file("@-") == ("from a pipe", "-")


def test_an_unknown_file_is_named_and_a_similar_one_proposed(tmp_path):
    (tmp_path / "template.json").write_text("{}")

    with pytest.raises(UsageError, match=r"Cannot read the file templte\.json: No such file") as caught:
        text_or_file("@templte.json")

    assert "template.json" in caught.value.hint


@pytest.mark.parametrize("name", ["@", "@.", "@a\0b"])
def test_what_is_no_file_is_refused_in_a_sentence(name):
    with pytest.raises(UsageError, match="Cannot read the file"):
        text_or_file(name)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")

    with pytest.raises(UsageError, match="not a text file"):
        text_or_file("@picture.png")


def test_bad_json_is_shown_with_line_column_and_an_arrow():
    with pytest.raises(UsageError, match="line 2, column 8") as caught:
        parse_json('{\n  "a": nope\n}', "payload.json")

    line, arrow = caught.value.details
    assert line[arrow.index("^") :].startswith("nope")


def test_json_on_the_command_line_comes_with_the_usual_advice():
    with pytest.raises(UsageError) as caught:
        parse_json("{name: x}", "--payload")

    assert "single quotes" in caught.value.hint


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[" * 100_000, ""])
def test_what_json_does_not_know_is_refused(text):
    with pytest.raises(UsageError, match="is not valid JSON"):
        parse_json(text, "--payload")


def test_bad_yaml_is_shown_with_line_column_and_an_arrow():
    with pytest.raises(UsageError, match=r"a\.yaml is not valid YAML: .* at line 2, column 10") as caught:
        parse_yaml("name: x\ntrigger: : y\n", "a.yaml")

    assert caught.value.details[0] == "trigger: : y"


@pytest.mark.parametrize(
    "text", ["a: !!python/object:os.system x", "a: [", "a: 1\n---\nb: 2", "\tx", "a: \x01", "&a [*b]"]
)
def test_yaml_that_cannot_be_read_is_refused(text):
    with pytest.raises(UsageError, match="is not valid YAML"):
        parse_yaml(text, "a.yaml")


def test_a_key_given_twice_is_an_error_rather_than_a_lost_line():
    with pytest.raises(UsageError, match="the key 'expect' is there twice at line 2"):
        parse_yaml("expect: [a]\nexpect: [b]\n", "a.yaml")


def test_times_in_yaml_stay_text_because_json_has_none():
    assert parse_yaml("day: 2026-11-20\nat: 2026-11-20T21:00:00Z\nn: 5\n", "a.yaml") == {
        "day": "2026-11-20",
        "at": "2026-11-20T21:00:00Z",
        "n": 5,
    }
