"""The pages of the documentation as scripts: their commands, run as a reader would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEBHOOKS = ROOT / "docs" / "webhooks"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED_URL = re.compile(r"^  (http\S+/hooks/\S+)$", re.MULTILINE)
PRINTED_SECRET = re.compile(r"^  secret: (\S+)$", re.MULTILINE)
TIMEOUT_SECONDS = 60


def commands(page: Path) -> list[str]:
    """Return the blocks of commands of a page."""
    return BLOCK.findall(page.read_text("utf-8"))


class Reader:
    """Somebody who types the commands of a page into one shell, and copies what they print where the page says so."""

    def __init__(self, directory: Path, api_url: str, api_key: str) -> None:
        self._directory = directory
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "layers" / "whenflow"),
            "HOME": str(directory),
            "WHENFLOW_API_URL": api_url,
            "WHENFLOW_API_KEY": api_key,
            "NO_PROXY": "*",
        }
        self._typed = ""
        self.read = ""

    def follow(self, page: Path) -> str:
        """Run the commands of a page block by block and return all that they printed."""
        for block in commands(page):
            self._run(self._filled_in(block))
        return self.read

    def _filled_in(self, block: str) -> str:
        for placeholder, pattern in (
            ("<the URL it printed>", PRINTED_URL),
            ("<the secret it printed>", PRINTED_SECRET),
        ):
            if placeholder in block:
                found = pattern.findall(self.read)
                assert len(found) == 1, f"one {placeholder} in:\n{self.read}"
                block = block.replace(placeholder, found[0])
        return block

    def _run(self, block: str) -> None:
        """Run a block; what earlier blocks set is still set."""
        variables = "\n".join(line for line in self._typed.splitlines() if re.match(r"(export )?\w+='[^']*'$", line))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{variables}\n{block}"],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        self._typed += block
        self.read += done.stdout
