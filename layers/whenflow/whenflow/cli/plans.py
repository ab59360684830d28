"""`whenflow automation plan` and `apply`: automations as code (docs/automations-as-code.md)."""

from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from whenflow.automations.names import with_names
from whenflow.automations.plan import Plan, Present, Step, make_plan
from whenflow.cli.carrying_out import carry_out, check_can_ask, do_automation, show
from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import Yes
from whenflow.cli.drafts import fault_lines
from whenflow.cli.errors import CliError
from whenflow.cli.lookup import MAX_LISTED, Names
from whenflow.cli.meanwhile import seen
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.plan_files import Project, read_project
from whenflow.cli.render import complain
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
        found = _Source(path, prune, options).plan(api)
    show(found, options)
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
    check_can_ask(yes, options)
    source = _Source(path, prune, options)
    with connect(options) as api:
        carry_out(lambda: source.plan(api), lambda _place, step: do_step(api, step), yes=yes, options=options)


class _Source:
    """The files, read once, and compared as often as asked."""

    def __init__(self, path: str, prune: bool, options: Options) -> None:
        self._path = path
        self._prune = prune
        self._is_quiet = options.json
        self._project: Project | None = None

    def plan(self, api: Api) -> Plan:
        """Return what has to be done now.

        Raises:
            CliError: The files are not valid, or the API fails.
        """
        names = Names(api)
        if self._project is None:
            self._project = read_project(self._path, names)
            if self._project.left_out and not self._is_quiet:
                complain(f"Left out, for they hold no automations: {', '.join(self._project.left_out)}")
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
    else:
        do_automation(api, step)


def _do_variable(api: Api, step: Step) -> None:
    if step.kind == "add":
        api.create("variables", {"name": step.name, **(step.document or {})})
    else:
        path = f"/variables/name/{quote(step.name, safe='')}"
        api.patch(path, step.document, seen(api, path, step))
