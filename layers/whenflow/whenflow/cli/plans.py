"""`whenflow automation plan` and `apply`: automations as code (docs/automations-as-code.md)."""

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from whenflow.automations.names import with_names
from whenflow.automations.plan import Plan, Present, Step, make_plan
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes, confirm
from whenflow.cli.drafts import fault_lines
from whenflow.cli.errors import CliError, NotAuthorized, NotConnected, ServerFault, UsageError
from whenflow.cli.lookup import MAX_LISTED, Names
from whenflow.cli.meanwhile import seen
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.plan_files import Project, read_project
from whenflow.cli.plan_text import print_plan, summary
from whenflow.cli.progress import progress
from whenflow.cli.render import complain, print_json, say
from whenflow.errors import Rejected

DIFFERS = 3
Prune = Annotated[bool, Parameter(negative="", show_default=False)]


def plan(
    path: str,
    /,
    *,
    prune: Prune = False,
    check: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    options: Options = DEFAULTS,
) -> int:
    """Show what `apply` would change, field by field; nothing is changed.

    Ends with 0; with --check with 3 if there is something to do.

    Args:
        path: YAML or JSON file, or a directory with such files; - reads standard input.
        prune: Also remove what was once applied for this project and is in no file any more.
        check: For CI: end with 3 if Whenflow is not as the files say.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = _planned(api, _Source(path, prune), options)
    if options.json:
        print_json(found.as_document())
    else:
        print_plan(found)
        say(summary(found))
    return DIFFERS if check and found.changes else 0


def apply(path: str, /, *, prune: Prune = False, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Make Whenflow have what the files say: shows what changes, asks, does it. Done again, there is nothing to do.

    Ends with 0 if all is as the files say, 1 if something could not be done; the error says what was done.

    Args:
        path: YAML or JSON file, or a directory with such files; - reads standard input.
        prune: Also remove what was once applied for this project and is in no file any more.
        yes: Do not ask.
        options: Common to all commands. --json needs --yes.
    """
    if options.json and not yes:
        raise UsageError("--json needs --yes: there would be nobody to see what is asked.")
    source = _Source(path, prune)
    with connect(options) as api:
        found = _planned(api, source, options)
        if not options.json:
            print_plan(found)
            say(summary(found))
        if found.changes and not yes:
            confirm("Do it?", yes)
            if source.plan(api).steps != found.steps:
                raise CliError("Meanwhile somebody changed something; nothing was done.", hint="Plan again.")
        outcomes = _Outcomes(found)
        try:
            outcomes.do_all(api)
        finally:
            if outcomes.interrupted and not options.json:
                complain("Interrupted.", *(f"  {line}" for line in outcomes.lines()))
    if options.json:
        print_json(outcomes.as_document())
    if outcomes.errors:
        raise CliError(f"{len(outcomes.errors)} of {len(found.changes)} were not done.", details=outcomes.lines())
    if found.changes and not options.json:
        say(f"Done: {len(found.changes)} {'change' if len(found.changes) == 1 else 'changes'}.")


class _Source:
    """The files, read once, and compared as often as asked."""

    def __init__(self, path: str, prune: bool) -> None:
        self._path = path
        self._prune = prune
        self._project: Project | None = None
        self.left_out: list[str] = []

    def plan(self, api: Api) -> Plan:
        """Return what has to be done now.

        Raises:
            CliError: The files are not valid, or the API fails.
        """
        names = Names(api)
        if self._project is None:
            self._project = read_project(self._path, names)
            self.left_out = self._project.left_out
        project = self._project
        present = Present(
            api.newest("automations", MAX_LISTED), api.newest("variables", MAX_LISTED) if project.variables else ()
        )
        try:
            return make_plan(
                project.name,
                project.automations,
                project.variables,
                present,
                prune=self._prune,
                shown=lambda one: with_names(one, names.name_of),
            )
        except Rejected as error:
            raise CliError(f"{self._path} cannot be applied.", details=fault_lines(error)) from error


def _planned(api: Api, source: _Source, options: Options) -> Plan:
    found = source.plan(api)
    if source.left_out and not options.json:
        complain(f"Left out, for they hold no automations: {', '.join(source.left_out)}")
    return found


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

    def do_all(self, api: Api) -> None:
        """Do each step; one that is refused keeps none of the others from being done, a failing API does."""
        steps = self._plan.changes
        self.interrupted = True
        with progress("Applying", len(steps)) as told:
            for place, step in enumerate(steps):
                try:
                    do_step(api, step)
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


def do_step(api: Api, step: Step) -> None:
    """Do one step of a plan.

    Args:
        api: With whom.
        step: Of an automation or a variable.

    Raises:
        CliError: It cannot be done, or somebody else has changed the thing meanwhile.
    """
    if step.what == "variable":
        _do_variable(api, step)
    elif step.kind == "add":
        api.create("automations", step.document)
    else:
        path = f"/automations/{step.id}"
        if step.kind == "change":
            api.put(path, step.document, seen(api, path, step))
        else:
            api.delete(path, seen(api, path, step))


def _do_variable(api: Api, step: Step) -> None:
    if step.kind == "add":
        api.create("variables", {"name": step.name, **(step.document or {})})
    else:
        path = f"/variables/name/{quote(step.name, safe='')}"
        api.patch(path, step.document, seen(api, path, step))
