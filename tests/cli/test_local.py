"""`whenflow local`: the command only calls the local room and passes its answer on."""

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest


@pytest.fixture
def local_room(monkeypatch):
    """A local room that only says what it was asked to do."""
    room = ModuleType("whenflow.local.main")

    def speaking(name: str, code: int):
        def function() -> int:
            print(f"{name} was called")
            return code

        return function

    for code, name in enumerate(("up", "demo", "down", "clean", "status")):
        setattr(room, name, speaking(name, code))
    monkeypatch.setitem(sys.modules, "whenflow.local.main", room)
    return room


@pytest.mark.parametrize(("name", "code"), [("up", 0), ("demo", 1), ("down", 2), ("clean", 3), ("status", 4)])
def test_each_command_calls_the_local_room_and_ends_with_its_code(cli, local_room, name, code):
    outcome = cli("local", name, *(["--yes"] if name == "clean" else []))

    assert (outcome.code, outcome.out, outcome.err) == (code, f"{name} was called\n", "")


def test_with_json_the_prose_goes_to_standard_error(cli, local_room):
    outcome = cli("local", "demo", "--json")

    assert outcome.document == {"exit_code": 1}
    assert outcome.err == "demo was called\n"


@pytest.fixture
def local_file(tmp_path):
    """What a stack writes about itself, as if it ran in this process."""
    path = tmp_path / ".whenflow" / "local.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"api_url": "http://127.0.0.1:1/api", "api_key": "secret", "pid": os.getpid()}))
    return path


def test_status_as_json_tells_where_things_are_and_keeps_the_key_to_itself(cli, local_file):
    outcome = cli("local", "status", "--json")

    assert outcome.code == 0
    assert outcome.document == {"running": True, "api_url": "http://127.0.0.1:1/api", "pid": os.getpid()}


def test_a_stack_that_was_killed_counts_as_not_running(cli, local_file):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    local_file.write_text(json.dumps({"api_url": "http://127.0.0.1:1/api", "pid": ended.pid}))

    outcome = cli("local", "status", "--json")

    assert (outcome.code, outcome.document) == (1, {"running": False})


def test_status_as_json_says_when_nothing_runs(cli):
    outcome = cli("local", "status", "--json")

    assert (outcome.code, outcome.document) == (1, {"running": False})


def test_without_the_libraries_of_the_local_room_the_error_says_what_to_install(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "whenflow.local.main", None)

    outcome = cli("local", "up")

    assert outcome.code == 1
    assert "whenflow[local]" in outcome.err
