"""The case files at hand: the project's own, and those that lie beside the repository, where they do."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "conformance" / "cases"
BESIDE = ROOT.parent / "shared" / "conformance" / "dev"
SETS = ("event_schema", "matching", "targets", "templating", "triggers_hand", "triggers_random", "validation")


def case_files(*sets: str) -> list[Path]:
    """Return the files of these sets, or of all that are asked for here."""
    wanted = [f"{one}.json" for one in sets or SETS]
    return [folder / name for folder in (OWN, BESIDE) for name in wanted if (folder / name).is_file()]


def called(path: Path) -> str:
    """Return what a file is called in the name of a test."""
    return f"{path.parent.name}-{path.stem}"


def cases_in(path: Path) -> list[dict[str, Any]]:
    """Return the binding cases of a file."""
    return [case for case in json.loads(path.read_text(encoding="utf-8"))["cases"] if case.get("binding", True)]
