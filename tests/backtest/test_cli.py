"""`whenflow backtest`, as a person calls it."""

import gzip
import io
import json
import sys
from urllib.parse import parse_qs

import pytest
from tests.backtest.worlds import at, event
from werkzeug import Request, Response

AUTOMATION = """
name: three in a minute
trigger: {type: event, posture: Reactive, expect: [a.happened], for_each: [room], threshold: 3, within: 60}
actions:
  - {type: run-deployment, deployment: alarms/ring, parameters: {room: "{{ labels.room }}", n: "{{ event.payload.n }}"}}
"""
ONE = "name: one\ntrigger: {type: event, posture: Reactive, expect: [a.happened]}\nactions: []\n"


def in_room(room: str, seconds: float, n: int = 0, **more):
    return event("a.happened", seconds, {"prefect.resource.id": f"{room}.door", "room": room}, payload={"n": n}, **more)


@pytest.fixture
def files(tmp_path):
    """An automation, and events of two rooms: the attic fires twice, the cellar once."""
    events = [in_room("attic", second, second) for second in (0, 1, 2, 70, 71, 72)]
    events += [in_room("cellar", second, second) for second in (100, 101, 102)]
    (tmp_path / "three.yaml").write_text(AUTOMATION)
    (tmp_path / "one.yaml").write_text(ONE)
    lines = [json.dumps(one.as_document()) for one in events]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    return lines


def test_firings_are_listed_with_their_key_event_and_parameters(cli, files):
    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl")

    assert outcome.code == 0
    rows = outcome.out.splitlines()
    assert rows[0].split()[:4] == ["TIME", "KEY", "EVENT", "RUNS"]
    assert "room=attic" in rows[1]
    assert "a.happened on attic.door" in rows[1]
    assert 'alarms/ring {"room": "attic", "n": 2}' in rows[1]
    assert "3 firings from 9 events" in outcome.text
    assert "2 room=attic 1 room=cellar" in outcome.text


def test_json_has_every_firing_and_a_summary(cli, files):
    document = cli("backtest", "three.yaml", "--events", "events.jsonl", "--json").document

    assert [one["labels"]["room"] for one in document["firings"]] == ["attic", "attic", "cellar"]
    assert document["firings"][0]["runs"][0]["parameters"] == {"room": "attic", "n": 2}
    assert (document["summary"]["events"], document["summary"]["firings"]) == (9, 3)
    (told,) = document["summary"]["automations"]
    assert told["top_keys"] == [{"key": "room=attic", "firings": 2}, {"key": "room=cellar", "firings": 1}]


def test_json_without_firings_is_json_too(cli, files):
    document = cli("backtest", "three.yaml", "--events", "events.jsonl", "--until", "2000-01-01", "--json").document

    assert document["firings"] == []
    assert document["summary"]["after_the_end"] == 9


def test_the_table_is_short_and_says_how_much_more_there_is(cli, files):
    outcome = cli("backtest", "one.yaml", "--events", "events.jsonl", "--limit", "2")

    assert outcome.out.count("a.happened on") == 2
    assert "... and 7 more; --limit shows more, --json all." in outcome.out


def test_several_automations_are_told_apart(cli, files):
    outcome = cli("backtest", "three.yaml", "one.yaml", "--events", "events.jsonl")

    assert "AUTOMATION" in outcome.out
    assert "three in a minute: 3 firings" in outcome.out
    assert "one: 9 firings" in outcome.out


def test_without_firings_it_says_what_came_closest(cli, files, tmp_path):
    (tmp_path / "strict.yaml").write_text(ONE.replace("[a.happened]", "[a.happened], match: {room: ballroom}"))

    outcome = cli("backtest", "strict.yaml", "--events", "events.jsonl")

    assert outcome.code == 0
    assert "0 firings from 9 events" in outcome.out
    assert "9 events matched the name, 0 the resource" in outcome.out


def test_bad_lines_are_counted_and_named(cli, files, tmp_path):
    (tmp_path / "events.jsonl").write_text("\n".join([files[0], "{oops", *files[1:], "[]"]))

    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl")

    assert outcome.code == 0
    assert "3 firings" in outcome.out
    assert "Left out 2 lines without an event:" in outcome.err
    assert "line 2: not valid JSON" in outcome.err
    assert "line 11: an event is a JSON object" in outcome.err


def test_a_strict_reader_fails_at_the_first_bad_line(cli, files, tmp_path):
    (tmp_path / "events.jsonl").write_text("\n".join([files[0], "{oops"]))

    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl", "--strict")

    assert outcome.code == 1
    assert "events.jsonl, line 2: not valid JSON" in outcome.err


def test_a_file_without_a_single_event_is_bad_input(cli, files, tmp_path):
    (tmp_path / "events.jsonl").write_text("a,b,c\n1,2,3\n")

    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl", "--json")

    assert outcome.code == 1
    assert "holds no event at all; line 1: not valid JSON" in outcome.err
    assert outcome.out == ""


def test_an_empty_file_is_no_error(cli, files, tmp_path):
    (tmp_path / "events.jsonl").write_text("")

    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl")

    assert outcome.code == 0
    assert "0 firings from 0 events." in outcome.out


def test_events_may_be_compressed_or_come_from_standard_input(cli, files, tmp_path, monkeypatch):
    data = ("\n".join(files) + "\n").encode()
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(data))

    assert "3 firings" in cli("backtest", "three.yaml", "--events", "events.jsonl.gz").out

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert "3 firings" in cli("backtest", "three.yaml", "--events", "-").out


def test_events_out_of_order_are_sorted_on_demand_and_complained_of_otherwise(cli, files, tmp_path):
    (tmp_path / "events.jsonl").write_text("\n".join(reversed(files)))

    assert "--sort puts them in order" in cli("backtest", "three.yaml", "--events", "events.jsonl").err
    outcome = cli("backtest", "three.yaml", "--events", "events.jsonl", "--sort")
    assert "3 firings" in outcome.out
    assert outcome.err == ""


def test_events_that_came_in_all_at_once_can_be_played_as_they_occurred(cli, tmp_path):
    late = [event("a.happened", n * 60, received=90_000) for n in range(5)]
    (tmp_path / "e.jsonl").write_text("\n".join(json.dumps(one.as_document()) for one in late))
    (tmp_path / "silence.yaml").write_text(
        "name: s\nactions: []\ntrigger: {type: event, posture: Proactive, expect: [b.happened], within: 60}\n"
    )

    outcome = cli("backtest", "silence.yaml", "--events", "e.jsonl")
    assert "0 firings" in outcome.out
    assert "--clock occurred" in outcome.err
    assert "4 firings" in cli("backtest", "silence.yaml", "--events", "e.jsonl", "--clock", "occurred").out


def test_time_goes_on_to_the_end_that_is_named(cli, files, tmp_path):
    (tmp_path / "silence.yaml").write_text(
        "name: s\nactions: []\n"
        "trigger: {type: event, posture: Proactive, after: [a.happened], expect: [b], within: 60}\n"
    )

    words = ["backtest", "silence.yaml", "--events", "events.jsonl"]
    assert "1 firing " in cli(*words).out
    assert "2 firings" in cli(*words, "--until", "2026-11-20T13:00:00Z").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["three.yaml"], 2, "Give either --events FILE or --since 30d."),
        (["three.yaml", "--events", "events.jsonl", "--since", "1d"], 2, "Give either"),
        (["three.yaml", "--events", "nope.jsonl"], 1, "Cannot read the file nope.jsonl"),
        (["nope.yaml", "--events", "events.jsonl"], 1, "Cannot read the file nope.yaml"),
        (["events.jsonl", "--events", "events.jsonl"], 1, "not valid YAML"),
        (["bad.yaml", "--events", "events.jsonl"], 1, "trigger.posture"),
        (["empty.yaml", "--events", "events.jsonl"], 1, "holds no automation"),
        (["three.yaml", "--events", "events.jsonl", "--until", "soon"], 2, "--until must be a time"),
        (["three.yaml", "--since", "soon"], 2, "--since must be a time"),
        (["three.yaml", "--since", "1d", "--until", "2d"], 2, "--since must lie before --until."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(cli, files, tmp_path, words, code, said):
    (tmp_path / "bad.yaml").write_text(ONE.replace("Reactive", "Reluctant"))
    (tmp_path / "empty.yaml").write_text("")

    outcome = cli("backtest", *words)

    assert outcome.code == code
    assert said in outcome.err
    assert "Traceback" not in outcome.err


class Stored:
    """Stored events, which the API gives page by page, the newest first."""

    def __init__(self, server, events, page):
        self.events, self.page = sorted(events, key=lambda one: one.occurred, reverse=True), page
        self.asked = 0
        server.expect_request("/api/events", method="GET").respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked += 1
        start = int(parse_qs(request.query_string.decode()).get("page_token", ["0"])[0])
        end = start + self.page
        found = [one.as_document() for one in self.events[start:end]]
        more = str(end) if end < len(self.events) else None
        return Response(json.dumps({"events": found, "next_page": more}), content_type="application/json")


def test_stored_events_are_fetched_and_replayed_in_the_order_in_which_they_came(cli, files, at_server):
    events = [in_room("attic", second, second, received=second + (50 if second == 3 else 0)) for second in range(6)]
    Stored(at_server, events, page=2)

    document = cli(
        *["backtest", "three.yaml", "--since", "2026-11-20T12:00:00Z", "--until", "2026-11-20T13:00:00Z", "--json"]
    ).document

    assert [one["event"]["occurred"][17:19] for one in document["firings"]] == ["02"]
    assert document["summary"]["events"] == 6


def test_what_parameters_mention_is_looked_up_once_where_the_events_are_stored(cli, at_server, tmp_path):
    flow_id = "00000000-0000-4000-8000-000000000001"
    related = [{"prefect.resource.id": f"prefect.flow.{flow_id}", "prefect.resource.role": "flow"}]
    Stored(at_server, [event("a.happened", second, related=related) for second in range(3)], page=10)
    at_server.expect_oneshot_request(f"/api/flows/{flow_id}").respond_with_json({"id": flow_id, "name": "etl"})
    variables = [{"name": "city", "value": {"name": "Oslo"}}]
    at_server.expect_oneshot_request("/api/variables/filter", method="POST").respond_with_json(variables)
    parameters = '{flow: "{{ flow.name }}", city: "{{ variables.city.name }}", by: "{{ automation.name }}"}'
    (tmp_path / "looks.yaml").write_text(
        "name: looks\ntrigger: {type: event, posture: Reactive, expect: [a.happened]}\n"
        f"actions: [{{type: run-deployment, deployment: a/b, parameters: {parameters}}}]\n"
    )

    words = ["backtest", "looks.yaml", "--since", at(0).isoformat(), "--until", at(9).isoformat(), "--json"]
    firings = cli(*words).document["firings"]

    assert [one["runs"][0]["parameters"] for one in firings] == [{"flow": "etl", "city": "Oslo", "by": "looks"}] * 3


def test_no_more_pages_are_fetched_than_the_time_asks_for(cli, files, at_server):
    stored = Stored(at_server, [in_room("attic", second, second) for second in range(100)], page=10)

    document = cli(
        *["backtest", "one.yaml", "--since", at(75).isoformat(), "--until", at(95).isoformat(), "--json"]
    ).document

    assert (document["summary"]["events"], document["summary"]["firings"]) == (20, 20)
    assert stored.asked == 3


def test_absence_is_watched_for_from_the_beginning_of_the_time_asked_for(cli, files, tmp_path, at_server):
    Stored(at_server, [in_room("attic", 100)], page=10)
    (tmp_path / "silence.yaml").write_text(
        "name: s\nactions: []\ntrigger: {type: event, posture: Proactive, expect: [a.happened], within: 60}\n"
    )

    outcome = cli("backtest", "silence.yaml", "--since", at(0).isoformat(), "--until", at(180).isoformat(), "--json")

    assert [one["time"][14:19] for one in outcome.document["firings"]] == ["01:00", "03:00"]
