"""NAME=VALUE on the command line."""

import json
import re
from collections.abc import Iterable
from typing import Any

from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError

VARIABLE_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def read_pair(text: str, option: str) -> tuple[str, str]:
    """Return the two sides of NAME=VALUE.

    Args:
        text: What was given.
        option: By which option.

    Raises:
        UsageError: There is no name, or no equals sign.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{option} must be NAME=VALUE, and is {text!r}.")
    return name.strip(), value


def shown(value: Any) -> str:
    """Return a value as `read_value` reads it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_value(text: str) -> Any:
    """Return the JSON value of a text, or the text itself where it is no JSON: `5`, `true`, `[1]`, `"5"`, `Ann`."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_parameters(pairs: Iterable[str] | None, document: str | None) -> dict[str, Any]:
    """Return the parameters that `--param NAME=VALUE` and `--params JSON` give together; the single ones win.

    Args:
        pairs: NAME=VALUE; the value is JSON where it can be, else text.
        document: A JSON object, or @FILE with one.

    Raises:
        UsageError: One of them is not written like that.
    """
    given: dict[str, Any] = {}
    if document is not None:
        text, file = text_or_file(document)
        given = dict(check_json_object(parse_json(text, file or "--params"), file or "--params"))
    for pair in pairs or ():
        name, value = read_pair(pair, "--param")
        given[name] = read_value(value)
    return given
