"""`whenflow version`."""

import platform

import whenflow
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json, say


def version(*, options: Options = DEFAULTS) -> None:
    """Show the version of this command and of the Python it runs on."""
    if options.json:
        print_json({"whenflow": whenflow.__version__, "python": platform.python_version()})
    else:
        say(f"whenflow {whenflow.__version__} (Python {platform.python_version()})")
