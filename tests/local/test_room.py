"""The directory of a local stack."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from whenflow.local.errors import LocalError
from whenflow.local.moving import move
from whenflow.local.room import Room, Running, find_room

HOLD = """
import sys, time
from pathlib import Path
from whenflow.local.room import Room, Running
room = Room(Path(sys.argv[1]))
with room.occupied():
    room.publish(Running.at(4566, api_key="k", region="us-east-1", bucket="b"))
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_the_checkout_is_found_from_within(tmp_path: Path) -> None:
    for mark in ("scripts/build.sh", "layers/whenflow/x", "template.yaml"):
        (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mark).touch()

    assert find_room(tmp_path / "layers" / "whenflow").root == tmp_path


def test_elsewhere_the_checkout_of_the_package_is_taken(tmp_path: Path) -> None:
    assert (find_room(tmp_path).root / "template.yaml").exists()


def test_one_process_holds_the_room_and_others_see_who(room: Room) -> None:
    environment = {**os.environ, "PYTHONPATH": "layers/whenflow"}
    command = [sys.executable, "-c", HOLD, str(room.root)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "held\n"

        with room.occupied() as ours:
            assert not ours
        assert room.owner() == other.pid
        running = room.running()
        assert running and (running.pid, running.api_url) == (other.pid, "http://127.0.0.1:4566/api")
        assert room.local_file.stat().st_mode & 0o777 == 0o600

        other.kill()
        other.wait()
    assert room.running() is None  # whatever the dead process left behind
    assert room.owner() is None
    with room.occupied() as ours:
        assert ours


def test_leaving_the_room_removes_what_others_look_for(room: Room) -> None:
    with room.occupied():
        room.publish(Running.at(4566, api_key="k", region="us-east-1", bucket="b"))
        assert room.local_file.exists()

    assert not room.local_file.exists()
    assert room.running() is None


def test_what_is_remembered_is_private_and_added_to(room: Room) -> None:
    room.remember(port=4566)
    room.remember(api_key="secret")

    assert room.memory() == {"port": 4566, "api_key": "secret"}
    assert (room.home / "room.json").stat().st_mode & 0o777 == 0o600


def test_a_memory_that_is_broken_counts_as_empty(room: Room) -> None:
    room.home.mkdir()
    (room.home / "room.json").write_text("{")

    assert room.memory() == {}


def test_clearing_leaves_nothing(room: Room) -> None:
    room.remember(port=1)

    room.clear()

    assert not room.home.exists()


def test_saved_state_follows_to_another_port(tmp_path: Path) -> None:
    (tmp_path / "sqs.json").write_text('{"http://127.0.0.1:4566/000000000000/q": "http://127.0.0.1:45660/other"}')

    move(tmp_path, 4566, 4567)

    moved = (tmp_path / "sqs.json").read_text()
    assert "http://127.0.0.1:4567/000000000000/q" in moved
    assert "http://127.0.0.1:45660/other" in moved


def test_outside_of_any_checkout_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("whenflow.local.room.__file__", str(tmp_path / "room.py"))

    with pytest.raises(LocalError, match="checkout of Whenflow"):
        find_room(tmp_path)
