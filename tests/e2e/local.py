"""The stack on this machine, in a room of its own: it can be stopped and started, and its functions killed.

It enforces IAM, as AWS does: what the template's roles do not grant, no test gets.
"""

import contextlib
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.e2e.stacks import Stack, eventually

from whenflow.local import main, process
from whenflow.local.room import Room
from whenflow.local.stack import STACK, aws_client

ROOT = Path(__file__).parents[2]


@dataclass
class LocalStack:
    """A stack that this process runs, and the room that keeps its data."""

    home: Path
    _running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _live: main.Live | None = None

    def __post_init__(self) -> None:
        self._room = Room(ROOT, self.home)
        with process.listen(0) as free:
            self._room.remember(port=free.getsockname()[1])

    def start(self) -> Stack:
        """Start with what the room holds, and return the stack."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUTH", "true")
            self._live = live = self._running.enter_context(main.started(self._room))
        port, running = live.emulator.port, live.running
        stack = Stack(STACK, running.api_url, running.api_key, live.outputs, lambda service: aws_client(service, port))
        self._running.callback(stack.close)
        return stack

    def stop(self) -> None:
        """Stop and keep all data."""
        self._live = None
        self._running.close()

    def restart(self, stack: Stack) -> None:
        """Stop, and start again with what the room holds."""
        self.stop()
        stack.move_to(self.start())

    def remove_all_but_logs(self) -> None:
        """Remove what is large; what is left tells why a test failed."""
        for path in self.home.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def function_processes(self, function: str = "") -> dict[int, str]:
        """Return the processes that run functions now, each with its command line; of one function, or of all."""
        assert self._live is not None
        return {
            child: command
            for child, parent, command in _processes()
            if parent == self._live.emulator.process.pid and f"ministack-lambda-{STACK}-{function}" in command
        }

    def kill(self, function: str = "") -> list[str]:
        """Kill all processes of one function, or of all, at once; return the names of the functions they ran."""
        found = self.function_processes(function)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return sorted({command.split(f"ministack-lambda-{STACK}-")[1].split("-")[0] for command in found.values()})

    def await_processes_of(self, *functions: str) -> None:
        """Wait until each of these functions has a process."""
        eventually(lambda: all(map(self.function_processes, functions)) or None, f"processes of {functions}")


def _processes() -> list[tuple[int, int, str]]:
    """Return id, parent and command line of every process that can be seen."""
    if Path("/proc/self/stat").exists():
        return [seen for path in Path("/proc").iterdir() if path.name.isdigit() and (seen := _seen(path))]
    import subprocess

    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True)
    rows = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[2]) for row in rows if len(row) == 3]


def _seen(path: Path) -> tuple[int, int, str] | None:
    with contextlib.suppress(OSError):
        parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        return int(path.name), parent, (path / "cmdline").read_text().replace("\0", " ")
    return None
