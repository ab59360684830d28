"""`whenflow explain`, as a person calls it."""

import json
from uuid import UUID

import pytest
from tests.backtest.worlds import event

AUTOMATION = """
name: thrice
trigger: {type: event, posture: Reactive, expect: [a.happened], threshold: 3, within: 60}
actions: []
"""
ID, EVENT_ID = str(UUID(int=1)), str(UUID(int=2))
ANSWER = {"explanation": {"fired": False, "verdict": "not-fired"}, "text": "Did not fire: so.\n  name     yes  ..."}


@pytest.fixture
def files(tmp_path):
    """An automation, three events, and the last of them alone."""
    events = [event("a.happened", second) for second in range(3)]
    (tmp_path / "thrice.yaml").write_text(AUTOMATION)
    (tmp_path / "history.jsonl").write_text("\n".join(json.dumps(one.as_document()) for one in events))
    (tmp_path / "event.json").write_text(json.dumps(events[2].as_document()))
    return events


def test_a_file_and_an_event_need_no_server(cli, files):
    outcome = cli("explain", "--automation", "thrice.yaml", "--event-file", "event.json")

    assert outcome.code == 0
    assert outcome.out.startswith("Did not fire: it has counted 1 of 3 `a.happened` since 12:00:02;")
    assert "name     yes  `a.happened` fits `a.happened`" in outcome.out


def test_events_before_it_come_from_a_history(cli, files):
    words = ["explain", "--automation", "thrice.yaml", "--history", "history.jsonl"]

    by_file = cli(*words, "--event-file", "event.json")
    by_id = cli(*words, "--event", files[2].id.upper())

    assert by_file.out.startswith("Fired: this is number 3 of 3 `a.happened` since 12:00:00;")
    assert by_id.out == by_file.out
    assert cli(*words, "--event", files[1].id).out.startswith("Did not fire: it has counted 2 of 3")


def test_json_is_the_data_behind_the_text(cli, files):
    document = cli("explain", "-a", "thrice.yaml", "--event-file", "event.json", "--json").document

    assert (document["verdict"], document["trigger"]["counted"]) == ("not-fired", 1)


def test_a_file_with_several_automations_explains_each(cli, files, tmp_path):
    (tmp_path / "two.yaml").write_text(json.dumps([_automation("one"), _automation("two")]))

    outcome = cli("explain", "-a", "two.yaml", "--event-file", "event.json")

    assert outcome.out.count("Fired: this is `a.happened`") == 2
    assert len(cli("explain", "-a", "two.yaml", "--event-file", "event.json", "--json").document) == 2


def _automation(name):
    return {"name": name, "trigger": {"type": "event", "posture": "Reactive", "expect": ["a.happened"]}, "actions": []}


def test_with_an_id_whenflow_is_asked(cli, at_server):
    asked = {"automation": ID, "event": EVENT_ID}
    at_server.expect_request("/api/explain", method="GET", query_string=asked).respond_with_json(ANSWER)

    words = ["explain", "--automation", ID, "--event", EVENT_ID]

    assert cli(*words).out == "Did not fire: so.\n  name     yes  ...\n"
    assert cli(*words, "--json").document == ANSWER["explanation"]


def test_an_automation_may_be_called_by_its_name(cli, at_server):
    known = [{"id": ID, "name": "thrice"}, {"id": EVENT_ID, "name": "other"}]
    at_server.expect_request("/api/automations/filter", method="POST").respond_with_json(known)
    asked = {"automation": ID, "event": EVENT_ID}
    at_server.expect_request("/api/explain", method="GET", query_string=asked).respond_with_json(ANSWER)

    assert cli("explain", "--automation", "thrice", "--event", EVENT_ID).code == 0
    unknown = cli("explain", "--automation", "trice", "--event", EVENT_ID)
    assert unknown.code == 1
    assert "There is no automation trice." in unknown.err
    assert "Did you mean thrice?" in unknown.err


def test_two_automations_of_one_name_are_told_apart_by_id(cli, at_server):
    known = [{"id": ID, "name": "thrice"}, {"id": EVENT_ID, "name": "thrice"}]
    at_server.expect_request("/api/automations/filter", method="POST").respond_with_json(known)

    outcome = cli("explain", "--automation", "thrice", "--event", EVENT_ID)

    assert outcome.code == 2
    assert "thrice may mean 2 automations." in outcome.err
    assert ID in outcome.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["thrice.yaml"], 2, "Give the event: --event-file FILE"),
        (["thrice.yaml", "--event", EVENT_ID], 2, "Give the event"),
        (["thrice.yaml", "--event", EVENT_ID, "--history", "history.jsonl"], 1, "There is no event"),
        (["thrice.yaml", "--event-file", "nope.json"], 1, "Cannot read the file nope.json"),
        (["thrice.yaml", "--event-file", "thrice.yaml"], 1, "not valid JSON"),
        (
            ["thrice.yaml", "--event-file", "empty.json"],
            1,
            "empty.json holds no event: occurred: Field required; event: Field required",
        ),
        (["thrice.yaml", "--event-file", "event.json", "--history", "nope.jsonl"], 1, "Cannot read the file"),
        (["nope.yaml", "--event-file", "event.json"], 1, "Cannot read the file nope.yaml"),
        ([ID], 2, "Give --event with the id of a stored event."),
        ([ID, "--event", EVENT_ID, "--history", "history.jsonl"], 2, "Give --event"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(cli, files, tmp_path, words, code, said):
    (tmp_path / "empty.json").write_text("{}")

    outcome = cli("explain", "--automation", *words)

    assert outcome.code == code
    assert said in outcome.err
    assert "Traceback" not in outcome.err
