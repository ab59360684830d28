"""What takes a while shows how far it is, where somebody can see it."""

import io

import pytest
from rich.console import Console

from whenflow.cli import progress


@pytest.fixture
def terminal(monkeypatch):
    """Standard error, as a terminal."""
    screen = io.StringIO()
    monkeypatch.setattr(
        progress, "Console", lambda **_: Console(file=screen, force_terminal=True, width=80, _environ={})
    )
    return screen


def test_a_terminal_shows_how_much_is_done(terminal):
    with progress.progress("Playing", 1000) as told:
        told(500)

    assert "Playing" in terminal.getvalue()
    assert "50%" in terminal.getvalue()


def test_a_size_that_is_not_known_is_no_error(terminal):
    with progress.progress("Playing", None) as told:
        told(500)

    assert "Playing" in terminal.getvalue()


def test_elsewhere_nothing_is_written(capsys):
    with progress.progress("Playing", 1000) as told:
        told(500)

    assert capsys.readouterr() == ("", "")
