"""Carries out a plan: shows it, asks, does it step by step, and tells what became of each."""

from collections.abc import Callable
from typing import Any

from whenflow.automations.plan import Plan, Step
from whenflow.cli.client import Api
from whenflow.cli.confirm import confirm
from whenflow.cli.errors import CliError, NotAuthorized, NotConnected, ServerFault, UsageError
from whenflow.cli.meanwhile import seen
from whenflow.cli.options import Options
from whenflow.cli.plan_text import print_plan, summary
from whenflow.cli.progress import progress
from whenflow.cli.render import complain, print_json, say


def show(plan: Plan, options: Options) -> None:
    """Write what a plan would change.

    Args:
        plan: What was found.
        options: Whether to write JSON.
    """
    if options.json:
        print_json(plan.as_document())
    else:
        print_plan(plan)
        say(summary(plan))


def check_can_ask(yes: bool, options: Options) -> None:
    """Refuse to ask where nobody would see it.

    Raises:
        UsageError: The answer goes to a program, and --yes is missing.
    """
    if options.json and not yes:
        raise UsageError("--json needs --yes: there would be nobody to see what is asked.")


def carry_out(plan: Callable[[], Plan], do: Callable[[int, Step], None], *, yes: bool, options: Options) -> None:
    """Show a plan, ask, and do it. One step that is refused keeps no other from being done, a failing API does.

    Args:
        plan: Finds what there is to do; asked again after the answer, for that may take a while.
        do: Does the step at this place among the changes.
        yes: Do not ask.
        options: Whether to write JSON.

    Raises:
        CliError: Somebody changed something meanwhile, or not all could be done; says what was.
    """
    found = plan()
    if not options.json:
        show(found, options)
    if found.changes and not yes:
        confirm("Do it?", yes)
        if plan().steps != found.steps:
            raise CliError("Meanwhile somebody changed something; nothing was done.", hint="Plan again.")
    outcomes = _Outcomes(found)
    try:
        outcomes.do_all(do)
    finally:
        if outcomes.interrupted and not options.json:
            complain("Interrupted.", *(f"  {line}" for line in outcomes.lines()))
    if options.json:
        print_json(outcomes.as_document())
    if outcomes.errors:
        hint = "Do it again: what is done stays."
        raise CliError(
            f"{len(outcomes.errors)} of {len(found.changes)} were not done.", details=outcomes.lines(), hint=hint
        )
    if found.changes and not options.json:
        say(f"Done: {len(found.changes)} {'change' if len(found.changes) == 1 else 'changes'}.")


def do_automation(api: Api, step: Step) -> None:
    """Do a step that makes, changes or removes an automation.

    Raises:
        CliError: It cannot be done, or somebody else has changed the automation meanwhile.
    """
    if step.kind == "add":
        api.create("automations", step.document)
        return
    path = f"/automations/{step.id}"
    tag = seen(api, path, step)
    if step.kind == "change":
        api.put(path, step.document, tag)
    else:
        api.delete(path, tag)


class _Outcomes:
    """What became of each step.

    Attributes:
        errors: By the place of the step.
        interrupted: Whether somebody pressed Ctrl-C before the end.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._done: set[int] = set()
        self.errors: dict[int, CliError] = {}
        self.interrupted = False

    def do_all(self, do: Callable[[int, Step], None]) -> None:
        """Do each step."""
        steps = self._plan.changes
        self.interrupted = True
        with progress("Applying", len(steps)) as told:
            for place, step in enumerate(steps):
                try:
                    do(place, step)
                    self._done.add(place)
                except (NotConnected, NotAuthorized, ServerFault) as error:
                    self.errors[place] = error
                    break
                except CliError as error:
                    self.errors[place] = error
                told(place + 1)
        self.interrupted = False
        for place in range(len(steps)):
            if place not in self._done and place not in self.errors:
                self.errors[place] = CliError("not tried")

    def lines(self) -> tuple[str, ...]:
        """Return a line or more for each step."""
        lines: list[str] = []
        for place, step in enumerate(self._plan.changes):
            error = self.errors.get(place)
            state = "done" if place in self._done else "NOT done"
            lines.append(f"{state}: {step.kind} {step.what} {step.name}{f': {error.message}' if error else ''}")
            lines += [f"    {line}" for line in (error.details if error else ())]
        return tuple(lines)

    def as_document(self) -> dict[str, Any]:
        """Return the plan as JSON, with what became of each step."""
        document = self._plan.as_document()
        for place, change in enumerate(document["changes"]):
            change["outcome"] = "done" if place in self._done else "not done"
            if error := self.errors.get(place):
                change["error"] = " ".join((error.message, *error.details))
        return document
