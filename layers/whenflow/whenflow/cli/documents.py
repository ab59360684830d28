"""Documents given by hand: text or `@file`, JSON; and where exactly they are wrong."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from whenflow.cli.errors import UsageError, did_you_mean

STDIN = "-"
MAX_CHARACTERS = 8_000_000
CONTEXT = 70


def text_or_file(value: str) -> tuple[str, str]:
    """Return the text an argument stands for, and where it came from: itself, `@file`, or `@-` for standard input."""
    if not value.startswith("@"):
        return value, ""
    return read_file(value[1:]), value[1:]


def read_file(name: str) -> str:
    """Read a text file, `-` being standard input.

    Raises:
        UsageError: There is no such file, or it holds no text.
    """
    try:
        text = sys.stdin.read() if name == STDIN else Path(name).expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not a text file in UTF-8.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"Cannot read the file {name or '(no name)'}: {reason}.", hint=_neighbours(name)) from error
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{name} is too large: more than {MAX_CHARACTERS:,} characters.")
    return text


def parse_json(text: str, source: str) -> Any:
    """Read JSON.

    Args:
        text: The JSON.
        source: What it is, for the error: an option or a file name.

    Raises:
        UsageError: It is not JSON; says where.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        hint = "In a shell, put JSON between single quotes." if source.startswith("-") else ""
        raise UsageError(
            f"{source} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            details=pointer(text, error.lineno, error.colno),
            hint=hint,
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not valid JSON: {error}.") from error


def check_json_object(document: Any, source: str) -> dict[str, Any]:
    """Return the document if it is an object.

    Raises:
        UsageError: It is something else.
    """
    if not isinstance(document, dict):
        raise UsageError(f'{source} must be a JSON object such as \'{{"key": "value"}}\', and is {_kind(document)}.')
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def pointer(text: str, line: int, column: int) -> tuple[str, ...]:
    """Return the faulty line and an arrow under the place.

    Args:
        text: The whole text.
        line: The number of the line, from 1.
        column: The number of the character in it, from 1.
    """
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return ()
    start = max(0, column - 1 - CONTEXT // 2)
    return (lines[line - 1][start : start + CONTEXT].replace("\t", " "), " " * (column - 1 - start) + "^")


def _neighbours(name: str) -> str:
    """Return a hint at a file with a similar name, if there is one beside."""
    path = Path(name).expanduser()
    try:
        names = [other.name for other in path.parent.iterdir() if other.is_file()]
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, names)


def _kind(document: Any) -> str:
    names = {
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(document), "something else")
