"""The reference measured beside Whenflow: Prefect's own server, locked, in its own environment under `.cache/`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Missing(Exception):
    """A peer cannot be had here; says why."""


def reference_python() -> Path:
    """Return the Python that has the reference, made ready if need be: Prefect's client and server are one package.

    Raises:
        Missing: It cannot be installed.
    """
    command = [str(ROOT / "scripts" / "environment.sh"), "prefect-client"]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise Missing("it cannot be installed, see above")
    return ROOT / ".cache" / "prefect-client" / "bin" / "python"
