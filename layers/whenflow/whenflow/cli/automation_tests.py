"""`whenflow automation test`: runs the tests that are kept beside automations. Needs no server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whenflow.automations.fixtures import draft_from_document, read_test
from whenflow.automations.scenarios import SAME, Report, run_test
from whenflow.cli.drafts import SUFFIXES, automation_documents, fault_lines, read_document
from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import complain, print_json, say
from whenflow.errors import Rejected

NOTHING_TO_RUN = 2


@dataclass(frozen=True, slots=True)
class _Result:
    """One test of a file: how it went, or what is wrong with how it is written."""

    file: str
    automation: str
    name: str
    report: Report | None = None
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.report is not None and self.report.passed

    def as_document(self) -> dict[str, Any]:
        shown = {"file": self.file, "automation": self.automation, "name": self.name, "passed": self.passed}
        return shown | (self.report.as_document() if self.report else {"problems": list(self.problems)})


@dataclass(slots=True)
class _Files:
    """What was found in the files."""

    results: list[_Result] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)


def test(path: str, /, *, options: Options = DEFAULTS) -> int:
    """Run the tests of automations: given these events, these firings are expected.

    Ends with 0 if all passed, 1 if one failed, 2 if there was nothing to run.

    Args:
        path: A YAML or JSON file with automations and their tests, or a directory with such files.
        options: Common to all commands.
    """
    found = _Files()
    for file in _files(path):
        found.results += _results(file, found, is_only=str(file) == path)
    passed = sum(result.passed for result in found.results)
    failed = len(found.results) - passed
    if options.json:
        results = [result.as_document() for result in found.results]
        print_json({"passed": passed, "failed": failed, "tests": results, "without_tests": found.untested})
    else:
        _tell(found)
        say(f"{passed} passed, {failed} failed")
    if not found.results:
        complain(f"There is nothing to run: no automation in {path} has `tests`.")
        return NOTHING_TO_RUN
    return 1 if failed else 0


def _files(path: str) -> list[Path]:
    place = Path(path).expanduser()
    if place.is_dir():
        return sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not place.exists():
        raise UsageError(f"There is no file or directory {path}.")
    return [place]


def _results(file: Path, found: _Files, *, is_only: bool) -> Iterator[_Result]:
    name = str(file)
    try:
        documents = automation_documents(read_document(name))
    except CliError as error:
        yield _Result(name, "", "can be read", problems=(error.message, *error.details))
        return
    for document in documents:
        if _is_automation(document) or is_only:
            yield from _results_of(name, document, found)


def _results_of(file: str, document: Any, found: _Files) -> Iterator[_Result]:
    called = str(document.get("name", "")) if isinstance(document, dict) else ""
    try:
        draft = draft_from_document(document)
    except Rejected as error:
        yield _Result(file, called, "is a valid automation", problems=fault_lines(error))
        return
    if not draft.tests:
        found.untested.append(f"{file}: {called}")
    for place, written in enumerate(draft.tests):
        title = str(written.get("name", f"test {place + 1}")) if isinstance(written, dict) else f"test {place + 1}"
        try:
            report = run_test(draft.automation, read_test(written, ("tests", place)))
        except Rejected as error:
            yield _Result(file, called, title, problems=fault_lines(error))
        else:
            yield _Result(file, called, title, report)


def _is_automation(document: Any) -> bool:
    """Tell whether a document of a directory is meant as an automation; other YAML may lie there too."""
    return isinstance(document, dict) and "trigger" in document and ("actions" in document or "tests" in document)


def _tell(found: _Files) -> None:
    said = None
    for result in found.results:
        heading = f"{result.file}: {result.automation}" if result.automation else result.file
        if heading != said:
            say(heading)
            said = heading
        say(f"  {'pass' if result.passed else 'FAIL'}  {result.name}")
        for line in _failure(result):
            say(f"        {line}")
    for one in found.untested:
        say(f"  no tests: {one}")


def _failure(result: _Result) -> Iterator[str]:
    yield from result.problems
    if result.passed or result.report is None:
        return
    for difference in result.report.differences:
        yield f"{difference.sign} {difference.text}"
    if all(one.sign == SAME for one in result.report.differences):
        return
    for why in result.report.why:
        yield ""
        yield from why.splitlines()
