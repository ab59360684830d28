"""Run a command beside the embedded AWS of the local stack, started empty for it.

python scripts/beside_emulator.py COMMAND…   the address is in the command's WHENFLOW_TEST_DYNAMODB
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from whenflow.local import process


def main(command: list[str]) -> int:
    """Run the command; return its exit code."""
    with tempfile.TemporaryDirectory() as home:
        emulator = process.start(Path(home), process.listen(0))
        try:
            environment = {**os.environ, "WHENFLOW_TEST_DYNAMODB": process.endpoint(emulator.port)}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            emulator.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
