"""A handler is a doorway: short, and without AWS (house style)."""

import ast

import pytest
from tests.functions.stack import functions
from tests.tables import ROOT

MAX_LINES = 40
EDGE = ("whenflow.aws", "typing")
DOORWAYS = [name for name in functions() if name != "flows"]  # flows are a user's code


def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / "functions" / name / "app.py").read_text())


@pytest.mark.parametrize("name", DOORWAYS)
def test_a_doorway_is_short(name):
    lines = (ROOT / "functions" / name / "app.py").read_text().splitlines()

    assert len(lines) <= MAX_LINES


@pytest.mark.parametrize("name", DOORWAYS)
def test_a_doorway_imports_wiring_and_nothing_of_the_domain(name):
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert all(str(module).startswith(EDGE) for module in imported)


@pytest.mark.parametrize("name", DOORWAYS)
def test_a_doorway_says_what_it_is_for(name):
    assert ast.get_docstring(tree(name))


@pytest.mark.parametrize("name", functions())
def test_a_function_folder_holds_its_code_and_nothing_else(name):
    files = {path.name for path in (ROOT / "functions" / name).iterdir()} - {"__pycache__"}

    assert files == {"app.py"}
