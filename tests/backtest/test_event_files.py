"""Events in files: read at little cost, refused in the same words as those that a client sends."""

import gzip
import json

import pytest
from tests.backtest.worlds import event

from whenflow.cli.errors import CliError
from whenflow.cli.event_files import EventBuffer, EventFile
from whenflow.errors import Rejected
from whenflow.events.exports import event_from_export

PLAIN = {"occurred": "2026-11-20T12:00:00Z", "event": "a.happened", "resource": {"prefect.resource.id": "r.1"}}


def read(path, **options):
    with EventFile(str(path), **options) as file:
        return list(file), file


def written(path, *lines):
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_an_event_is_read_as_the_api_shows_it():
    given = event("a.happened", 0, {"prefect.resource.id": "r.1", "room": "attic"}, received=3, payload={"n": [1]})
    related = {"prefect.resource.id": "k", "prefect.resource.role": "keeper"}

    assert event_from_export(given.as_document()) == given
    assert event_from_export(given.as_document() | {"related": [related]}).related == (related,)


def test_what_is_left_out_is_filled_in():
    made = event_from_export(PLAIN, "line", 7)

    assert made.received == made.occurred
    assert (made.related, made.payload, made.follows) == ((), {}, None)
    assert made.id == event_from_export(PLAIN, "line", 7).id != event_from_export(PLAIN, "line", 8).id


def test_times_may_have_any_zone_and_ids_any_case():
    made = event_from_export(
        PLAIN | {"occurred": "2026-11-20T14:00:00+02:00", "id": "AAAAAAAA-1111-7222-8333-444455556666"}
    )

    assert made.occurred == event_from_export(PLAIN).occurred
    assert made.id == "aaaaaaaa-1111-7222-8333-444455556666"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "an event is a JSON object"),
        ({"occurred": "2026-11-20T12:00:00Z"}, "event: Field required; resource: Field required"),
        (
            PLAIN | {"resource": {"prefect.resource.id": 7}},
            "resource.prefect.resource.id: Input should be a valid string",
        ),
        (PLAIN | {"resource": {"room": "attic"}}, "prefect.resource.id"),
        (PLAIN | {"resource": {"prefect.resource.id": "r", "n": 5}}, "resource.n"),
        (PLAIN | {"related": [{"prefect.resource.id": 3}]}, "related.0"),
        (PLAIN | {"related": [7]}, "related.0"),
        (PLAIN | {"payload": [1]}, "payload: Input should be a valid dictionary"),
        (PLAIN | {"event": 7}, "event: Input should be a valid string"),
        (PLAIN | {"occurred": "soon"}, "occurred"),
        (PLAIN | {"received": "soon"}, "received: not a time"),
        (PLAIN | {"id": 7}, "id: "),
    ],
)
def test_what_is_no_event_is_refused_with_the_place(document, said):
    with pytest.raises(Rejected) as refused:
        event_from_export(document)

    assert said in refused.value.reason


def test_what_validation_would_take_is_taken():
    assert event_from_export(PLAIN | {"occurred": 1_795_176_000}).occurred.year == 2026


def test_bad_lines_are_left_out_and_told_of_by_number(tmp_path):
    events, file = read(written(tmp_path / "e.jsonl", PLAIN, "{oops", "", PLAIN | {"event": 1}, PLAIN))

    assert len(events) == 2
    assert file.bad == 2
    assert [number for number, _ in file.told] == [2, 4]
    assert "not valid JSON" in file.told[0][1]


def test_a_strict_file_fails_at_its_first_bad_line(tmp_path):
    with pytest.raises(CliError, match="line 2: not valid JSON: Expecting"):
        read(written(tmp_path / "e.jsonl", PLAIN, "{oops"), strict=True)


@pytest.mark.parametrize("line", ['{"a": 1} {"b": 2}', '"text"', "1e999999x", "[" * 100_000, "\x00", '{"a": NaN'])
def test_no_line_is_bad_enough_to_break_the_reading(tmp_path, line):
    events, file = read(written(tmp_path / "e.jsonl", PLAIN, line, PLAIN))

    assert (len(events), file.bad) == (2, 1)


def test_a_compressed_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "e.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(PLAIN) + "\n").encode() * 3))

    events, file = read(path)

    assert len(events) == 3
    assert file.size == path.stat().st_size


def test_a_compressed_file_that_ends_too_early_is_an_error(tmp_path):
    path = tmp_path / "e.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(PLAIN) + "\n").encode() * 3)[:-9])

    with pytest.raises(CliError, match="cannot be read on after line"):
        read(path)


def test_a_list_as_the_command_writes_it_is_read_oldest_first(tmp_path):
    later = PLAIN | {"occurred": "2026-11-20T12:00:09Z"}
    path = tmp_path / "events.json"
    path.write_text(json.dumps([later, PLAIN], indent=2))

    assert [one.occurred.second for one in read(path)[0]] == [0, 9]


def test_a_byte_order_mark_is_no_part_of_the_first_event(tmp_path):
    path = tmp_path / "e.jsonl"
    path.write_text("\ufeff" + json.dumps(PLAIN))

    assert len(read(path)[0]) == 1


def test_how_far_the_file_has_been_read_is_known(tmp_path):
    path = written(tmp_path / "e.jsonl", *[PLAIN] * 50_000)

    with EventFile(str(path)) as file:
        places = [file.position for _ in file]

    assert places == sorted(places)
    assert 0 < places[0] < places[-1] <= (file.size or 0)


def test_events_can_be_taken_as_received_when_they_occurred(tmp_path):
    path = written(tmp_path / "e.jsonl", PLAIN | {"received": "2026-12-24T12:00:00Z"})

    assert read(path)[0][0].received.month == 12
    assert read(path, by_occurred=True)[0][0].received.month == 11


def test_events_put_aside_come_back_in_the_order_in_which_they_were_received():
    given = [event("a.happened", 0, received=9), event("b.happened", 5), event("c.happened", 9)]
    with EventBuffer() as buffer:
        for one in given:
            buffer.add(one)

        assert list(buffer) == [given[1], given[0], given[2]]


def test_of_events_put_aside_newest_first_those_of_one_moment_are_turned_round():
    given = [event("c.happened", 2, received=9), event("b.happened", 1, received=9), event("a.happened", 0, received=9)]
    with EventBuffer(newest_first=True) as buffer:
        for one in given:
            buffer.add(one)

        assert list(buffer) == given[::-1]
