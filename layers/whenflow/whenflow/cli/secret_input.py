"""Secrets from where nobody else sees them: a question, a file, standard input, the environment."""

import getpass
import os
import sys

from whenflow.cli.documents import read_file
from whenflow.cli.errors import UsageError

ASK = "ask"
ENVIRONMENT = "env:"
REFERENCES = ("ssm:", "secretsmanager:")
WAYS = "Give `ask` to be asked, @FILE, @- for standard input, env:NAME, or a reference: ssm:NAME, secretsmanager:NAME."


def read_secret(given: str, option: str = "--secret") -> str:
    """Return the secret that an argument leads to; a reference to one is returned as it is.

    Args:
        given: `ask`, `@FILE`, `@-`, `env:NAME`, `ssm:…` or `secretsmanager:…`.
        option: Where it was given.

    Raises:
        UsageError: It leads to none, or is the secret itself.
    """
    if given == ASK:
        secret = ask_secret()
    elif given.startswith("@"):
        secret = read_file(given[1:])
    elif given.startswith(ENVIRONMENT):
        name = given.removeprefix(ENVIRONMENT)
        if name not in os.environ:
            raise UsageError(f"{option}: the environment variable {name or '(no name)'} is not set.")
        secret = os.environ[name]
    elif given.startswith(REFERENCES):
        return given
    else:
        raise UsageError(
            f"{option} does not take the secret itself: others can see command lines, and the shell keeps them.",
            hint=WAYS,
        )
    if not (secret := secret.strip("\r\n")):
        raise UsageError(f"{option}: the secret is empty.", hint=WAYS)
    return secret


def ask_secret() -> str:
    """Ask for a secret; what is typed is not shown.

    Raises:
        UsageError: Nobody is there to ask.
    """
    if not can_ask():
        raise UsageError("There is no terminal to ask for the secret.", hint=WAYS)
    try:
        return getpass.getpass("Secret (not shown): ")
    except EOFError as error:
        raise UsageError("No secret was given.", hint=WAYS) from error


def can_ask() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin.isatty()
