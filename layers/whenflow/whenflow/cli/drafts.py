"""Automations in files, for what needs no server: backtest, explain, test."""

from pathlib import PurePath
from typing import Any

from whenflow.automations.fixtures import Draft, draft_from_document
from whenflow.cli.documents import parse_json, read_file
from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.yaml_documents import parse_yaml
from whenflow.errors import Fault, Rejected

FILE_KEYS = frozenset({"automations", "variables", "project", "deployments"})
SCHEMA_KEY = "$schema"
"""Tells an editor which schema a file follows; it says nothing to anybody else."""
SUFFIXES = frozenset({".json", ".yaml", ".yml"})


def read_drafts(name: str) -> list[Draft]:
    """Read the automations of a file, at least one.

    Args:
        name: A YAML or JSON file; - is standard input, as YAML.

    Raises:
        CliError: There is no such file, or no valid automation in it; says what is wrong where.
    """
    documents = automation_documents(read_document(name))
    if not documents:
        raise CliError(f"{name} holds no automation.")
    return [draft_of(document, name, place, len(documents)) for place, document in enumerate(documents)]


def draft_of(document: Any, name: str, place: int, total: int) -> Draft:
    """Read one automation of a file.

    Args:
        document: The automation.
        name: The file.
        place: Which of the file's automations it is, from 0.
        total: How many there are.

    Raises:
        CliError: It is not valid.
    """
    try:
        return draft_from_document(document)
    except Rejected as error:
        which = f"{name}: automation {place + 1} of {total}" if total > 1 else name
        raise CliError(f"{which} is no valid automation.", details=fault_lines(error)) from error


def read_document(name: str) -> Any:
    """Read a YAML or JSON file.

    Raises:
        CliError: There is no such file, or it is neither.
    """
    try:
        text = read_file(name)
        return parse_json(text, name) if PurePath(name).suffix.lower() == ".json" else parse_yaml(text, name)
    except UsageError as error:  # here the file is the input that is looked at, not a slip of the command line
        raise CliError(error.message, details=error.details, hint=error.hint) from error


def automation_documents(document: Any) -> list[Any]:
    """Return the automations of a file: one, a list, or `automations: [...]` beside other things."""
    if isinstance(document, dict) and "trigger" not in document and FILE_KEYS & document.keys():
        document = document.get("automations")
    if document is None:
        return []
    return document if isinstance(document, list) else [document]


def fault_lines(error: Rejected) -> tuple[str, ...]:
    """Return one line per fault: `trigger.posture: Field required`."""
    return tuple(_line(fault) for fault in error.faults) or (error.reason,)


def _line(fault: Fault) -> str:
    message = fault.msg.removeprefix("Value error, ")
    return ": ".join(text for text in (".".join(map(str, fault.loc)), message) if text)
