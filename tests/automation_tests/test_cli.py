"""`whenflow automation test`, as a person or a pipeline calls it."""

import json

import pytest

AUTOMATION = """
name: on a
trigger: {type: event, posture: Reactive, expect: [a.happened]}
actions: []
"""
GOOD = "  - {name: it fires, given: [{event: a.happened, resource: r.1}], expect: [{event: 1}]}\n"
BAD = "  - {name: it stays quiet, given: [{event: a.happened, resource: r.1}], expect: nothing}\n"
WRONG = "  - {name: it is misspelt, given: [{event: a.happened, resource: r.1}], expext: nothing}\n"


def write(path, *tests, automation=AUTOMATION):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(automation + ("tests:\n" + "".join(tests) if tests else ""))


def test_all_tests_of_a_directory_are_run(cli, tmp_path):
    write(tmp_path / "some" / "one.yaml", GOOD)
    write(tmp_path / "some" / "deep" / "two.yml", GOOD, GOOD)

    outcome = cli("automation", "test", "some")

    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "some/deep/two.yml: on a",
        "  pass  it fires",
        "  pass  it fires",
        "some/one.yaml: on a",
        "  pass  it fires",
        "3 passed, 0 failed",
    ]


def test_a_failure_shows_the_difference_and_the_reason_and_ends_with_one(cli, tmp_path):
    write(tmp_path / "one.yaml", GOOD, BAD)

    outcome = cli("automation", "test", "one.yaml")

    assert outcome.code == 1
    assert "  FAIL  it stays quiet" in outcome.out
    assert "        + fired at +0 s (00:00:00), by event 1 (`a.happened`)" in outcome.out
    assert "event 1 (`a.happened`): Fired: this is `a.happened`, what it waits for." in outcome.out
    assert outcome.out.splitlines()[-1] == "1 passed, 1 failed"


def test_a_test_that_is_written_wrongly_fails_and_says_where(cli, tmp_path):
    write(tmp_path / "one.yaml", GOOD, WRONG)

    outcome = cli("automation", "test", "one.yaml")

    assert outcome.code == 1
    assert "tests.1.expext: a test has no such field" in outcome.out
    assert "1 passed, 1 failed" in outcome.out


def test_an_automation_that_is_not_valid_fails(cli, tmp_path):
    write(tmp_path / "one.yaml", GOOD, automation=AUTOMATION.replace("Reactive", "Reluctant"))

    outcome = cli("automation", "test", ".")

    assert outcome.code == 1
    assert "FAIL  is a valid automation" in outcome.out
    assert "trigger.posture" in outcome.out


def test_a_file_that_cannot_be_read_fails_and_the_others_have_their_turn(cli, tmp_path):
    (tmp_path / "broken.yaml").write_text("name: [")
    write(tmp_path / "one.yaml", GOOD)

    outcome = cli("automation", "test", ".")

    assert outcome.code == 1
    assert "broken.yaml is not valid YAML" in outcome.out
    assert "1 passed, 1 failed" in outcome.out


def test_other_files_of_a_directory_are_none_of_its_business(cli, tmp_path):
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    (tmp_path / "data.json").write_text("[1, 2]")
    (tmp_path / "notes.txt").write_text("name: [")
    write(tmp_path / "one.yaml", GOOD)

    assert cli("automation", "test", ".").code == 0


@pytest.mark.parametrize("words", [["."], ["one.yaml"]])
def test_with_nothing_to_run_it_ends_with_two(cli, tmp_path, words):
    write(tmp_path / "one.yaml")

    outcome = cli("automation", "test", *words)

    assert outcome.code == 2
    assert "0 passed, 0 failed" in outcome.out
    assert "There is nothing to run" in outcome.err
    assert "no tests: one.yaml: on a" in outcome.out


def test_a_path_that_is_not_there_is_a_slip_of_the_command_line(cli):
    outcome = cli("automation", "test", "nowhere")

    assert outcome.code == 2
    assert "There is no file or directory nowhere." in outcome.err


def test_a_single_file_that_holds_no_automation_fails(cli, tmp_path):
    (tmp_path / "list.yaml").write_text("- 7\n")

    outcome = cli("automation", "test", "list.yaml")

    assert outcome.code == 1
    assert "an automation is an object" in outcome.out


def test_a_file_may_hold_several_automations_each_with_its_tests(cli, tmp_path):
    trigger = {"type": "event", "posture": "Reactive", "expect": ["a.happened"]}
    test = {"name": "t", "given": [{"event": "a.happened", "resource": "r"}], "expect": [{}]}
    both = [{"name": name, "trigger": trigger, "actions": [], "tests": [test]} for name in ("one", "two")]
    (tmp_path / "two.json").write_text(json.dumps({"automations": both}))

    outcome = cli("automation", "test", "two.json")

    assert outcome.out.splitlines() == [
        *("two.json: one", "  pass  t"),
        *("two.json: two", "  pass  t"),
        "2 passed, 0 failed",
    ]


def test_json_has_each_test_with_its_difference(cli, tmp_path):
    write(tmp_path / "one.yaml", GOOD, BAD, WRONG)

    outcome = cli("automation", "test", "one.yaml", "--json")

    assert outcome.code == 1
    assert (outcome.document["passed"], outcome.document["failed"]) == (1, 2)
    good, bad, wrong = outcome.document["tests"]
    assert (good["passed"], bad["passed"], wrong["passed"]) == (True, False, False)
    assert bad["differences"] == ["+ fired at +0 s (00:00:00), by event 1 (`a.happened`)"]
    assert wrong["problems"] == ["tests.2.expext: a test has no such field; it has expect, given, name, start, until"]
