"""The commands, where no stack needs to run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whenflow.local import main
from whenflow.local.__main__ import run
from whenflow.local.errors import LocalError
from whenflow.local.room import Room, Running


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    found = Room(tmp_path)
    monkeypatch.setattr(main, "find_room", lambda: found)
    return found


@pytest.fixture
def occupied(room: Room):
    """A room that another process holds, until it is told to stop."""
    program = """
import sys, time
from pathlib import Path
from whenflow.local import main
from whenflow.local.room import Room, Running
room = Room(Path(sys.argv[1]))
with room.occupied(), main._signals():
    room.publish(Running.at(4566, api_key="k", region="us-east-1", bucket="b"))
    print("ready", flush=True)
    time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": "layers/whenflow"}
    command = [sys.executable, "-c", program, str(room.root)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "ready\n"
        yield other
        other.kill()


def test_down_where_nothing_runs_is_no_error(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.down() == 0
    assert capsys.readouterr().out == "Nothing runs here.\n"


def test_status_where_nothing_runs_says_how_to_start(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.status() == 1
    assert "make up" in capsys.readouterr().out


@pytest.mark.parametrize("command", [main.up, main.status])
def test_a_second_up_says_what_runs(occupied, command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 0

    said = capsys.readouterr().out
    assert f"process {occupied.pid}" in said
    assert "http://127.0.0.1:4566/ui" in said


def test_down_stops_what_another_process_runs(occupied, room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.down() == 0

    assert occupied.wait(5) is not None
    assert not room.is_occupied()
    assert not room.local_file.exists()


def test_clean_stops_and_removes_everything(occupied, room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    room.remember(port=4566)

    assert main.clean() == 0

    assert occupied.wait(5) is not None
    assert not room.home.exists()


def test_what_goes_wrong_is_a_sentence_and_an_exit_code(
    room: Room, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Room) -> None:
        raise LocalError("No free port.")

    monkeypatch.setattr(main, "started", fail)

    assert main.up() == 1
    assert capsys.readouterr().err == "✗ No free port.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_up_in_order_and_a_second_one_disturbs_nothing(number: int) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    tidied = False

    with pytest.raises(main._Stopped), main._signals():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            tidied = True

    assert tidied
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_unknown_commands_are_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fly"]) == 2
    assert "up|demo|down|clean|status" in capsys.readouterr().err


def test_where_things_are_ends_with_a_command_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    main._say_where(Running.at(4566, api_key="wfk_x", region="us-east-1", bucket="files"))

    said = capsys.readouterr().out
    assert ".venv/bin/whenflow event emit hello --resource-id me" in said
    assert "wfk_x" in said
    assert "s3://files/" in said
