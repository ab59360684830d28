"""The command as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import whenflow

PACKAGE = Path(whenflow.__file__).parents[1]
# Without these `whenflow --help` takes an eighth of a second, and a command a quarter.
UNNEEDED = frozenset({"pydantic", "jinja2", "boto3", "ministack", "aws_lambda_powertools"})


def run(*words: str, program: tuple[str, ...] = ("-m", "whenflow.cli")) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *program, *words], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


def test_the_module_runs_as_a_program():
    ended = run("version", "--json")

    assert ended.returncode == 0
    assert json.loads(ended.stdout)["whenflow"] == whenflow.__version__
    assert ended.stderr == ""


def test_an_error_ends_the_process_with_its_code_and_no_stack_trace():
    ended = run("event", "emit", "x.happened", "--resource-id", "r", "--payload", "{")

    assert ended.returncode == 2
    assert "--payload is not valid JSON" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("words", [["--help"], []])
def test_help_names_every_group(words):
    ended = run(*words)

    assert ended.returncode == 0
    for group in ("local", "webhook", "automation", "deployment", "event", "flow-run", "version"):
        assert group in ended.stdout


def modules_loaded_by(*words: str) -> set[str]:
    program = (
        "-c",
        "import sys; from whenflow.cli.app import main; main(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules))",
    )
    return set(run(*words, program=program).stderr.split())


def test_help_loads_nothing_heavy():
    assert not modules_loaded_by("--help") & {"httpx2", "yaml", *UNNEEDED}


@pytest.mark.parametrize(
    "words",
    [
        ["event", "ls"],
        ["event", "emit", "x", "--resource-id", "r"],
        ["flow-run", "ls"],
        ["deployment", "run", "f/d"],
        ["automation", "ls"],
        ["variable", "ls"],
        ["target", "ls"],
    ],
)
def test_a_command_loads_an_http_client_but_nothing_of_the_product(words):
    loaded = modules_loaded_by(*words, "--api-url", "http://127.0.0.1:9/api", "--api-key", "k")

    assert "httpx2" in loaded
    assert not loaded & {"yaml", *UNNEEDED}


def test_a_reader_that_has_enough_causes_no_complaint():
    program = (
        "-c",
        "import sys; from whenflow.cli import app, version; "
        "version.say = lambda *_: [print('x' * 9999, flush=True) for _ in range(999)]; sys.exit(app.main(['version']))",
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    with subprocess.Popen(
        [sys.executable, *program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


def test_options_of_every_command_may_stand_before_it():
    assert json.loads(run("--json", "version").stdout) == json.loads(run("version", "--json").stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deploy"], "where it says nothing of triggers, or of schedules, they stay as they are"),
        (["automation", "plan"], "with --check with 3 if there is something to do"),
        (["flow-run", "watch"], "3 if it failed, 4 if it crashed, 5 if it was cancelled"),
        (["event", "ls"], "List events, newest first."),
    ],
)
def test_a_command_that_is_asked_for_help_says_all_there_is_to_say(cli, words, said):
    for asked in ([*words, "--help"], [*words, "-h"], ["--json", *words, "--help"]):
        outcome = cli(*asked)

        assert outcome.code == 0
        assert said in outcome.text


def test_in_the_list_of_its_group_a_command_has_a_line(cli):
    assert "Ends with 0" not in cli("automation", "--help").text
