"""How a plan is shown: each step with the fields that differ."""

import json
from typing import Any

from rich.text import Text

from whenflow.automations.plan import NONE, FieldChange, Plan, Step
from whenflow.cli.render import clean
from whenflow.cli.tables import console

SIGNS = {"add": ("+", "green"), "change": ("~", "yellow"), "remove": ("-", "red")}
ROOM = 60


def print_plan(plan: Plan) -> None:
    """Write what will change, field by field.

    Args:
        plan: What was found.
    """
    out = console()
    for step in plan.changes:
        sign, style = SIGNS[step.kind]
        key = f"  (key {clean(step.key)})" if step.key != step.name else ""
        out.print(Text(f"{sign} {step.what} {clean(step.name)}{key}", style=style), soft_wrap=True)
        for line in _fields(step):
            out.print(line, soft_wrap=True)


def summary(plan: Plan) -> str:
    """Return how much there is to do, in a sentence."""
    counts = plan.summary
    told = [f"{counts[kind]} to {kind}" for kind in ("add", "change", "remove") if counts[kind]]
    same = f"{counts['same']} the same" if counts["same"] else ""
    if not told:
        return f"There is nothing to do: {same}." if same else "There is nothing to do."
    return f"{', '.join([*told, *([same] if same else [])])}."


def difference(field: FieldChange) -> str:
    """Return in a line how a field was and how it is."""
    return f"{clean(field.path)}: {_text(field.before)} → {_text(field.after)}"


def _fields(step: Step) -> list[Text]:
    return [line for field in step.fields for line in _field(field, step.kind)]


def _field(field: FieldChange, kind: str) -> list[Text]:
    path, before, after = f"    {clean(field.path)}: ", _text(field.before), _text(field.after)
    if kind == "add":
        return [Text.assemble(path, (after, "green"))]
    if kind == "remove":
        return [Text.assemble(path, (before, "red"))]
    if len(path) + len(before) + len(after) <= ROOM + len("    "):
        return [Text.assemble(path, (before, "red"), " → ", (after, "green"))]
    return [Text(path.rstrip()), Text(f"      - {before}", style="red"), Text(f"      + {after}", style="green")]


def _text(value: Any) -> str:
    if value is NONE:
        return "(nothing)"
    return clean(json.dumps(_whole(value), ensure_ascii=False))


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
