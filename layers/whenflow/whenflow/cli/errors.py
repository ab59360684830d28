"""What can go wrong at the terminal: one sentence on what happened, and hints on what to do."""

import difflib
from collections.abc import Sequence

FAILED = 1
USAGE = 2
INTERRUPTED = 130


class CliError(Exception):
    """It did not work. The message goes to a person."""

    exit_code = FAILED

    def __init__(self, message: str, *, details: tuple[str, ...] = (), hint: str = "") -> None:
        """Keep the sentence, the particulars one per line, and what to do next."""
        super().__init__(message)
        self.message = message
        self.details = details
        self.hint = hint


class UsageError(CliError):
    """The command line, or a file it names, is at fault: nothing was sent."""

    exit_code = USAGE


class NotConnected(CliError):
    """There is no API to talk to: none is known, or nothing answers."""


class NotAuthorized(CliError):
    """The API does not accept the key."""


class NotFound(CliError):
    """What was asked for is not there."""


class Refused(CliError):
    """The API understood and said no: the input is at fault, or clashes with what is there."""


class ServerFault(CliError):
    """The API failed, or what answered is no Whenflow API."""


def did_you_mean(wanted: str, known: Sequence[str]) -> str:
    """Return `Did you mean …? `, or nothing where no known name is close.

    Args:
        wanted: What was given.
        known: What there is.
    """
    close = difflib.get_close_matches(wanted, known, n=1)
    return f"Did you mean {close[0]}? " if close else ""
