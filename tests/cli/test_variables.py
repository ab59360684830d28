"""`whenflow variable`, against the product's own API."""

import pytest


@pytest.fixture(autouse=True)
def _here(product):
    """The product is there, without a variable."""


def test_a_variable_is_set_read_listed_and_removed(cli, alone):
    assert cli("variable", "ls").out.startswith("No variables yet.")
    assert cli("variable", "set", "greeting", "hello", "--tag", "team").out == "Made the variable greeting.\n"
    assert cli("variable", "get", "greeting").out == "hello\n"
    assert "greeting" in cli("variable", "ls").out
    assert "  tags      team\n" in cli("variable", "inspect", "greeting").out
    assert cli("variable", "unset", "greeting").code == 2
    assert cli("variable", "delete", "greeting", "--yes").out.startswith("Removed the variable greeting (")
    assert cli("variable", "ls", "--json").document == []


@pytest.mark.parametrize(
    ("given", "value"),
    [("5", 5), ("-3", -3), ("true", True), ('{"a": [1]}', {"a": [1]}), ('"5"', "5"), ("5 cups", "5 cups")],
)
def test_a_value_is_json_where_it_can_be(cli, given, value):
    cli("variable", "set", "x", given)

    assert cli("variable", "get", "x", "--json").document == value


def test_a_value_may_be_meant_as_text_or_stand_in_a_file(cli, tmp_path):
    (tmp_path / "value.txt").write_text("line one\nline two\n")
    cli("variable", "set", "number", "5", "--text")
    cli("variable", "set", "lines", "@value.txt")

    assert cli("variable", "get", "number", "--json").document == "5"
    assert cli("variable", "get", "lines").out == "line one\nline two\n"


def test_one_that_is_there_is_changed_only_if_asked(cli):
    cli("variable", "set", "x", "1")

    assert cli("variable", "set", "x", "1").out == "x has that value already.\n"
    refused = cli("variable", "set", "x", "2")
    assert refused.code == 1
    assert "Give --overwrite to change it." in refused.err
    assert cli("variable", "set", "x", "2", "--overwrite").out == "Changed the variable x.\n"
    assert cli("variable", "get", "x").out == "2\n"


def test_true_is_not_one(cli):
    cli("variable", "set", "x", "1")

    assert cli("variable", "set", "x", "true", "--overwrite").out == "Changed the variable x.\n"


def test_an_unknown_one_is_named_with_the_closest(cli):
    cli("variable", "set", "greeting", "hello")

    told = cli("variable", "get", "greting")

    assert told.code == 1
    assert "Did you mean greeting?" in told.err
