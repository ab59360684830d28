"""The `whenflow` command: its groups, the options common to all, and the edge where each error becomes a sentence."""

import inspect
import os
import re
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

import whenflow
from whenflow.cli.errors import FAILED, INTERRUPTED, USAGE, CliError
from whenflow.cli.render import complain, survive_odd_terminals

DEBUG_VARIABLE = "WHENFLOW_DEBUG"
FLAGS = frozenset({"--json", "--iam"})
HELP = frozenset({"--help", "-h"})
VALUED = frozenset({"--api-url", "--api-key"})

app = App(
    name="whenflow",
    help="When something happens, a flow runs.",
    help_epilogue="Every command takes --json, --api-url, --api-key and --iam.",
    help_format="plaintext",
    version=whenflow.__version__,
    default_parameter=Parameter(negative=()),
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
)
# By path, so that each is imported only when it is used: `whenflow --help` stays quick.
app.command("whenflow.cli.local:app", name="local", help="Whenflow on this machine: start, show, stop.", sort_key=1)
app.command("whenflow.cli.webhooks:app", name="webhook", help="URLs that turn requests into events.", sort_key=2)
app.command("whenflow.cli.sources:app", name="source", help="What becomes of notifications of AWS.", sort_key=2)
app.command("whenflow.cli.automations:app", name="automation", help="What happens when which events occur.", sort_key=3)
app.command("whenflow.cli.deployments:app", name="deployment", help="Flows that can be started.", sort_key=4)
app.command("whenflow.cli.init:init", name="init", help="Write a whenflow.yaml to begin with.", sort_key=1)
app.command("whenflow.cli.deploy:deploy", name="deploy", help="Make the deployments of a file.", sort_key=4)
app.command(
    "whenflow.cli.events:app", name="event", help="What happened: list it, or tell of something new.", sort_key=5
)
app.command("whenflow.cli.flow_runs:app", name="flow-run", help="What ran, how it went, and why.", sort_key=6)
app.command(
    "whenflow.cli.backtest:backtest",
    name="backtest",
    help="What automations would have done with events of the past; nothing is acted on.",
    sort_key=7,
)
app.command("whenflow.cli.explain:explain", name="explain", help="Why an automation fired, or why not.", sort_key=8)
app.command("whenflow.cli.lineage:lineage", name="lineage", help="What caused what, as a tree.", sort_key=8)
app.command(
    "whenflow.cli.replay:replay",
    name="replay",
    help="Have automations act on events of the past, as far as they have not.",
    sort_key=8,
)
app.command("whenflow.cli.keys:app", name="key", help="Who may use the API, and for what.", sort_key=8)
app.command(
    "whenflow.cli.notifications:app",
    name="notification",
    help="Where messages go.",
    sort_key=9,
)
app.command(
    "whenflow.cli.dlq:app", name="dlq", help="Dead letters: what could not be done, and doing it again.", sort_key=10
)
app.command(
    "whenflow.cli.progress_report:progress",
    name="progress",
    help="How far automations are: what is done, failed, open, and waits.",
    sort_key=10,
)
app.command("whenflow.cli.variables:app", name="variable", help="Values that templates and flows read.", sort_key=11)
app.command("whenflow.cli.work_pools:app", name="target", help="Where runs are launched: work pools.", sort_key=12)
app.command(
    "whenflow.cli.concurrency_limits:app",
    name="concurrency-limit",
    help="How many may do something at once, or how often.",
    sort_key=13,
)
app.command("whenflow.cli.version:version", name="version", help="Show the version.", sort_key=14)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrongly called.

    Args:
        arguments: The words after `whenflow`; by default those of the process.
    """
    survive_odd_terminals()
    try:
        words = move_common_options(sys.argv[1:] if arguments is None else arguments)
        if HELP & set(words):
            _let_it_say_all(words)
        result = app(words)
        sys.stdout.flush()
    except CycloptsError as error:
        return _report(CliError(_in_plain_words(error), hint=_help_hint(error)), USAGE)
    except CliError as error:
        return _report(error, error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _report_bug(error)
    return result if isinstance(result, int) else 0


def move_common_options(arguments: Sequence[str]) -> list[str]:
    """Let the options common to all commands also stand before the command: move them behind it.

    Args:
        arguments: The words after `whenflow`.
    """
    rest = list(arguments)
    moved: list[str] = []
    while rest and rest[0].partition("=")[0] in FLAGS | VALUED:
        moved.append(rest.pop(0))
        if moved[-1] in VALUED and rest:
            moved.append(rest.pop(0))
    if not rest:
        return moved
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *moved, *rest[end:]]


def _let_it_say_all(words: Sequence[str]) -> None:
    """Let a command that is asked for help say what its docstring does: the line in the list of its group is short.

    Lines of a paragraph become one, for the terminal has a width of its own; those that begin with a blank stay.
    """
    command = app
    for word in words:
        if word.startswith("-") or word not in command:
            break
        command = command[word]
    about = inspect.getdoc(command.default_command) if command.default_command else None
    if about:
        command.help = re.sub(r"(?<=\S)\n(?=\S)", " ", about.partition("\n\nArgs:")[0])


def _report(error: CliError, exit_code: int) -> int:
    complain(f"Error: {error.message}", *(f"  {line}" for line in error.details))
    if error.hint:
        complain(error.hint)
    return exit_code


def _report_bug(error: Exception) -> int:
    """Report what nobody foresaw, without a stack trace unless one is asked for."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exc()
    hint = f"This is a bug in whenflow. With {DEBUG_VARIABLE}=1 it shows where."
    return _report(CliError(f"Unexpected {type(error).__name__}: {error}", hint=hint), FAILED)


def _in_plain_words(error: CycloptsError) -> str:
    """Say what is wrong with a command line; the parser's own words for what is left over are a programmer's."""
    if not isinstance(error, UnusedCliTokensError) or not error.unused_tokens:
        return str(error)
    several = "s" if len(error.unused_tokens) > 1 else ""
    return f"`{_called(error)}` takes no such argument{several}: {', '.join(error.unused_tokens)}"


def _help_hint(error: CycloptsError) -> str:
    return f"`{_called(error)} --help` shows how it is called."


def _called(error: CycloptsError) -> str:
    return " ".join(["whenflow", *(error.command_chain or ())])
