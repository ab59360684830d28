"""What is shown, and what never is."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from whenflow.cli.render import ago, clock_time, print_json, say, seconds_between
from whenflow.cli.tables import Column, print_table, state

NOW = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
ESCAPE = "\x1b[2Jgone \x9b31m \u202e \ud800"


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (timedelta(milliseconds=200), "now"),
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(minutes=5, seconds=50), "5 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_a_near_time_is_told_as_seen_from_now(distance, shown):
    assert ago((NOW - distance).isoformat(), NOW) == shown


def test_a_far_time_is_told_as_local_time():
    instant = NOW - timedelta(days=3)

    assert ago(instant.isoformat(), NOW) == f"{instant.astimezone():%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("text", [None, "", "yesterday", 7])
def test_a_time_that_is_none_is_a_dash(text):
    assert (ago(text), clock_time(text), seconds_between(text, text)) == ("-", "-", "")


def test_times_apart_are_told_to_the_millisecond():
    assert seconds_between("2026-11-20T21:00:00.000000Z", "2026-11-20T21:00:00.412345Z") == "+0.412 s"


def test_text_from_outside_cannot_steer_the_terminal(capsys):
    say(ESCAPE)
    print_table([Column("EVENT")], [(ESCAPE + "\nfake row",)])
    print_json({"event": ESCAPE})

    out = capsys.readouterr().out
    assert not set("\x1b\x9b\u202e\ud800") & set(out)
    assert "\\x1b[2Jgone" in out
    assert "\\nfake row" in out


def test_on_a_terminal_sentences_break_between_words_and_things_to_copy_do_not(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")

    say("A sentence that is long-ish.", "", "  curl http://127.0.0.1:4566/hooks/x")

    assert capsys.readouterr().out == "A sentence that is\nlong-ish.\n\n  curl http://127.0.0.1:4566/hooks/x\n"


def test_json_is_the_same_document_whatever_is_in_it(capsys):
    document = {"event": ESCAPE, "umlaut": "ü", "n": 1.5, "none": None}

    print_json(document)

    out = capsys.readouterr().out
    assert json.loads(out) == document
    assert "ü" in out


def test_markup_in_data_is_shown_and_not_obeyed(capsys):
    print_table([Column("EVENT")], [("[red]x[/red] :smile:",)])

    assert "[red]x[/red] :smile:" in capsys.readouterr().out


def test_a_table_fits_80_columns_and_drops_what_needs_more(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    columns = [
        Column("OCCURRED"),
        Column("EVENT", elastic=True),
        Column("RESOURCE", elastic=True),
        Column("ID", wide=True),
    ]
    print_table(columns, [("59 min ago", "e" * 20, "r" * 60, "the-id")])

    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) == 80
    assert "the-id" not in out
    assert "59 min ago  " + "e" * 20 + "  rrr" in out
    assert "r…" in out


def test_on_a_terminal_too_narrow_for_a_table_nothing_fails(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")

    print_table([Column("OCCURRED"), Column("EVENT", elastic=True)], [("59 min ago", "e" * 20)])

    assert capsys.readouterr().out


def test_output_into_a_pipe_is_never_shortened(capsys):
    print_table([Column("EVENT"), Column("ID", wide=True)], [("e" * 500, "the-id")])

    assert f"{'e' * 500}  the-id" in capsys.readouterr().out


def test_a_state_is_shown_by_its_name_and_coloured_by_its_type():
    shown = state({"state_type": "FAILED", "state_name": "TimedOut"})

    assert (shown.plain, shown.style) == ("TimedOut", "red")
