"""Exactly one ministack is accepted, and it runs only while somebody wants it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.local.emulator.cloud import eventually

from whenflow.local import process
from whenflow.local.emulator.engine import ACCEPTED_VERSION, WrongEngine, check_version


def test_the_pinned_ministack_is_accepted() -> None:
    check_version()
    assert f"ministack=={ACCEPTED_VERSION}" in Path("requirements/local.in").read_text()


@pytest.mark.parametrize("other", ["1.5.34", "2.0.0", ""])
def test_another_ministack_is_refused_with_what_to_do(other: str) -> None:
    with pytest.raises(WrongEngine, match=rf"needs ministack {ACCEPTED_VERSION} exactly.*pip install"):
        check_version(other)


def test_it_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    program = f"""
import os, pathlib
from whenflow.local import process
emulator = process.start(pathlib.Path({str(tmp_path)!r}), process.listen(0))
print(emulator.port, flush=True)
os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    environment = {**os.environ, "PYTHONPATH": "layers/whenflow"}

    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False, capture_output=True)
    port = int(done.stdout)

    assert eventually(lambda: not process.is_healthy(port), seconds=10)
    assert eventually(lambda: any((tmp_path / "state").iterdir()))  # it ended in order, and saved


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    emulator = process.start(tmp_path, process.listen(0))
    hex_port = f"{emulator.port:04X}"

    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {parts[1] for parts in sockets if parts[3] == "0A" and parts[1].endswith(f":{hex_port}")}
    emulator.stop()

    assert listening == {f"0100007F:{hex_port}"}
