"""`whenflow local`: the whole of Whenflow on this machine."""

import contextlib
import importlib
import os
import sys
from pathlib import Path

from whenflow.cli.config import find_local_file, read_local
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.errors import CliError
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import print_json

app = group("local", "Whenflow on this machine: start, show, stop.")

SHOWN = ("api_url", "ui_url", "hooks_url", "endpoint_url", "region", "bucket", "pid")


@app.command
def up(*, options: Options = DEFAULTS) -> int:
    """Start Whenflow here: the real template in an embedded AWS. Ctrl-C stops it and keeps the data."""
    return _run("up", options)


@app.command
def demo(*, options: Options = DEFAULTS) -> int:
    """Play the two stories of the README from end to end, and show what caused what."""
    return _run("demo", options)


@app.command
def down(*, options: Options = DEFAULTS) -> int:
    """Stop Whenflow here; the data stays."""
    return _run("down", options)


@app.command
def clean(*, yes: Yes = False, options: Options = DEFAULTS) -> int:
    """Stop Whenflow here and delete its data.

    Args:
        yes: Do not ask.
        options: Common to all commands.
    """
    confirm("Stop the local stack and delete all that is in it?", yes)
    return _run("clean", options)


@app.command
def status(*, options: Options = DEFAULTS) -> int:
    """Show what runs here, and where."""
    if not options.json:
        return _run("status", options)
    path = find_local_file(Path.cwd())
    local = read_local(path) if path else {}
    running = _is_alive(local.get("pid"))
    print_json({"running": running, **({name: local[name] for name in SHOWN if name in local} if running else {})})
    return 0 if running else 1


def _is_alive(pid: object) -> bool:
    """Say whether a process lives: one that was killed leaves its `local.json` behind."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is somebody else's
        return True
    return True


def _run(name: str, options: Options) -> int:
    """Call `whenflow.local`; with --json its prose goes to standard error, and its outcome out."""
    try:
        function = getattr(importlib.import_module("whenflow.local.main"), name)
    except ModuleNotFoundError as error:
        raise CliError(
            f"The local stack needs more than is installed here: {error.name} is missing.",
            hint="In a clone, `make up` installs what it needs; elsewhere: pip install 'whenflow[local]'",
        ) from error
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        code = int(function())
    if options.json:
        print_json({"exit_code": code})
    return code
