"""Asks before something is done that cannot be undone."""

import sys
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.render import NOT_IN_A_CELL, clean

Yes: TypeAlias = Annotated[bool, Parameter(alias="-y", negative="", show_default=False, help="Do not ask.")]


def confirm(question: str, yes: bool) -> None:
    """Ask a question on standard error; return only if the answer is yes.

    Args:
        question: What is about to be done, as a question.
        yes: Whether `--yes` was given; then nothing is asked.

    Raises:
        UsageError: Nobody is there to answer.
        CliError: The answer is no.
    """
    if yes:
        return
    question = clean(question, NOT_IN_A_CELL)
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to say yes.", hint="Give --yes if that is meant.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CliError("Nothing was changed.")
