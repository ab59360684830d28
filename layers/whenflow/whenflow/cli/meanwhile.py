"""Doing a step only if what it changes is still as it was when the plan was made."""

from collections.abc import Iterator
from typing import Any

from whenflow.automations.plan import Step, differences, plain
from whenflow.cli.client import Api
from whenflow.cli.errors import NotFound, Refused
from whenflow.cli.plan_text import difference

CHANGED = "Somebody changed it after the plan was made; nothing was done with it."
REMOVED = "Somebody removed it after the plan was made; nothing was done with it."
AGAIN = "Plan again."
NOT_SAID = frozenset({"updated", "status", "last_polled"})


def seen(api: Api, path: str, step: Step) -> str:
    """Return the ETag of what a step works on; sent along, it keeps what changes from now on from being overwritten.

    Args:
        api: With whom.
        path: Where it is.
        step: As it was planned.

    Raises:
        Refused: It has changed since the plan was made; with what is different.
    """
    try:
        present, tag = api.read(path)
    except NotFound:
        raise Refused(REMOVED, hint=AGAIN) from None
    if present.get("updated") == step.updated:
        return tag
    raise Refused(CHANGED, details=tuple(_what_changed(step, present)), hint=AGAIN)


def _what_changed(step: Step, present: dict[str, Any]) -> Iterator[str]:
    if step.before is None:
        return
    told = plain if step.what == "automation" else _said
    for field in differences(told(step.before), told(present)):
        yield difference(field)


def _said(document: Any) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in NOT_SAID}
