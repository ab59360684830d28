"""What files say there shall be: automations and variables of a project."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whenflow.automations.fixtures import without_tests
from whenflow.automations.names import with_ids
from whenflow.automations.plan import GIVEN_BY_THE_API, Wanted
from whenflow.automations.strict import check_strictly
from whenflow.cli.drafts import FILE_KEYS, SCHEMA_KEY, SUFFIXES, fault_lines, read_document
from whenflow.cli.errors import CliError, NotAuthorized, NotConnected, ServerFault, UsageError
from whenflow.cli.lookup import Names
from whenflow.cli.values import VARIABLE_NAME
from whenflow.errors import Rejected

DEFAULT_PROJECT = "default"
PROJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEYS = FILE_KEYS - {"deployments"}


@dataclass(slots=True)
class Project:
    """What the files of a project say.

    Attributes:
        name: Of the project.
        automations: With ids where names were written.
        variables: By name.
        left_out: Files that hold nothing of this kind.
    """

    name: str = ""
    automations: list[Wanted] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_project(path: str, names: Names) -> Project:
    """Read a file, or all YAML and JSON files of a directory and those below it.

    Args:
        path: Where; - is standard input.
        names: Knows the ids of what is named.

    Raises:
        CliError: Something is not valid: all that is wrong is told at once.
    """
    project, faults, said = Project(), _Faults(), dict[str, str]()
    place = Path(path).expanduser()
    if path != "-" and not place.exists():
        raise UsageError(f"There is no file or directory {path}.")
    is_directory = path != "-" and place.is_dir()
    for file in _files(place) if is_directory else [path]:
        try:
            document = read_document(file)
        except CliError as error:
            faults.add(file, (error.message, *error.details))
            continue
        if is_directory and not _is_ours(document):
            project.left_out.append(file)
            continue
        _read(file, document, project, said, names, faults)
    if len(said) > 1:
        faults.add(path, tuple(f"{file} says project: {name}" for name, file in said.items()))
    faults.raise_if_any(path)
    if not project.automations and not project.variables:
        raise CliError(f"{path} holds no automation and no variable.")
    project.name = next(iter(said), DEFAULT_PROJECT)
    return project


class _Faults:
    """Collects what is wrong, so that all of it can be told at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._count = 0

    def add(self, where: str, lines: tuple[str, ...]) -> None:
        self._count += 1
        self._lines += [where, *(f"  {line}" for line in lines)]

    def raise_if_any(self, path: str) -> None:
        if self._count:
            things = "one thing" if self._count == 1 else f"{self._count} things"
            raise CliError(f"{things.capitalize()} in {path} cannot be taken:", details=tuple(self._lines))


def _read(file: str, document: Any, project: Project, said: dict[str, str], names: Names, faults: _Faults) -> None:
    """Take in one file."""
    automations: Any = document if isinstance(document, list) else [document]
    if isinstance(document, dict) and "trigger" not in document and FILE_KEYS & document.keys():
        if unknown := sorted(map(str, document.keys() - FILE_KEYS - {SCHEMA_KEY})):
            faults.add(file, tuple(f"{name}: there is no such key" for name in unknown))
        automations = document.get("automations") or []
        _read_header(file, document, project, said, faults)
    if not isinstance(automations, list):
        faults.add(file, ("automations: must be a list",))
        return
    for place, automation in enumerate(automations):
        name = automation.get("name") if isinstance(automation, dict) else None
        where = f"{file}: {name}" if name else f"{file}: automation {place + 1} of {len(automations)}"
        try:
            project.automations.append(_wanted(automation, names))
        except Rejected as error:
            faults.add(where, fault_lines(error))
        except (NotConnected, NotAuthorized, ServerFault):
            raise
        except CliError as error:
            faults.add(where, (error.message, *error.details, *([error.hint] if error.hint else [])))


def _read_header(
    file: str, document: Mapping[str, Any], project: Project, said: dict[str, str], faults: _Faults
) -> None:
    name, variables = document.get("project"), document.get("variables") or {}
    if name is not None:
        if isinstance(name, str) and PROJECT.fullmatch(name):
            said.setdefault(name, file)
        else:
            faults.add(file, ("project: must be 1 to 64 letters, digits, - or _",))
    if not isinstance(variables, dict):
        faults.add(file, ("variables: must be names with their values",))
        return
    for variable, value in variables.items():
        if not (isinstance(variable, str) and VARIABLE_NAME.fullmatch(variable)):
            faults.add(file, (f"variables.{variable}: a name has 1 to 255 letters, digits, - or _",))
        if variable in project.variables:
            faults.add(file, (f"variables.{variable}: there is another value for it in another file",))
        project.variables[str(variable)] = value


def _wanted(document: Any, names: Names) -> Wanted:
    if not isinstance(document, dict):
        raise CliError("An automation is an object with name, trigger and actions.")
    said = {name: value for name, value in without_tests(document).items() if name not in GIVEN_BY_THE_API}
    said = with_ids(said, names.id_of)
    check_strictly(said)
    key = document.get("key", said["name"])
    if not isinstance(key, str) or not key:
        raise CliError("key: must be a text")
    return Wanted(key, said, "enabled" in said)


def _files(place: Path) -> list[str]:
    return sorted(str(file) for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def _is_ours(document: Any) -> bool:
    """Tell whether a file of a directory is meant; other YAML may lie there too."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and bool("trigger" in first or KEYS & first.keys())
