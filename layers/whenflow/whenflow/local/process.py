"""The embedded AWS as a child process: start it, know when it is ready, stop it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from whenflow.local.emulator.controls import WARM
from whenflow.local.errors import LocalError

HOST = "127.0.0.1"
REGION = "us-east-1"
PREFERRED_PORT = 4566
PORTS_TRIED = 200
BACKLOG = 1024  # connections that may wait: a burst of webhooks arrives at once
START_SECONDS, STOP_SECONDS = 30.0, 20.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_NOT_INHERITED = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)


@dataclass
class Emulator:
    """A running embedded AWS.

    Attributes:
        process: The child.
        port: Where it listens on loopback.
        log: The file with all it says.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def endpoint_url(self) -> str:
        """The URL for AWS calls."""
        return endpoint(self.port)

    @property
    def is_running(self) -> bool:
        """Whether the child is alive."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask it to finish and save; insist if it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def endpoint(port: int) -> str:
    """Return the URL of a port on loopback."""
    return f"http://{HOST}:{port}"


def client_environment(port: int) -> dict[str, str]:
    """Return an environment in which AWS tools talk to the emulator, and to nothing else."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    aws = {
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**inherited, **CREDENTIALS, **aws, "NO_PROXY": HOST, "no_proxy": HOST}


def start(home: Path, listener: socket.socket, extra: dict[str, str] | None = None) -> Emulator:
    """Start the embedded AWS and wait until it answers.

    Args:
        home: Where it keeps its data and its log.
        listener: Where it is to listen; handed over, so that nobody can take the port in between.
        extra: More environment variables.

    Raises:
        LocalError: It did not start; the reason is in the message.
    """
    shutil.rmtree(home / "tmp", ignore_errors=True)  # an emulator that was killed leaves its functions' directories
    for folder in ("state", "s3", "tmp"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    port, log = int(listener.getsockname()[1]), home / "emulator.log"
    with log.open("wb") as output, listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "whenflow.local.emulator"],
            env={**_server_environment(home, port), "WHENFLOW_LOCAL_LISTENER": str(listener.fileno()), **(extra or {})},
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us: we stop it in order
        )
    emulator = Emulator(process, port, log)
    _wait_until_ready(emulator)
    return emulator


def listen(preferred: int = PREFERRED_PORT) -> socket.socket:
    """Return a socket that listens on the preferred port of loopback, or on the next one that nobody uses.

    Args:
        preferred: Where to begin; 0 for any port at all.
    """
    for port in range(preferred, preferred + PORTS_TRIED):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
        else:
            return listener
    raise LocalError(f"No free port between {preferred} and {preferred + PORTS_TRIED}.")


def is_healthy(port: int) -> bool:
    """Say whether the embedded AWS answers on a port."""
    with contextlib.suppress(OSError), _direct().open(f"{endpoint(port)}/_ministack/health", timeout=2):
        return True
    return False


def warm(port: int) -> None:
    """Let the emulator start a process for each function, in the background."""
    request = urllib.request.Request(endpoint(port) + WARM, method="POST")  # noqa: S310 - always http
    with contextlib.suppress(OSError):
        _direct().open(request, timeout=5).close()


def _direct() -> urllib.request.OpenerDirector:
    """Return what opens URLs of this machine: a proxy for the world is no way to it."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _server_environment(home: Path, port: int) -> dict[str, str]:
    package = str(Path(__file__).resolve().parents[2])
    inherited = {name: value for name, value in client_environment(port).items() if not name.startswith("AWS_ENDPOINT")}
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return {
        **inherited,
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "TMPDIR": str(home / "tmp"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",  # never touch containers of the machine
        "WHENFLOW_LOCAL_WATCH_STDIN": "1",
        "WHENFLOW_LOCAL_CODE": str(home / "code"),
        "WHENFLOW_LOCAL_FUNCTION_LOG": str(home / "functions.log"),
        "PYTHONPATH": search,
        "PYTHONUNBUFFERED": "1",
    }


def _wait_until_ready(emulator: Emulator) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not emulator.is_running:
            raise LocalError(f"The embedded AWS did not start:\n{_last_lines(emulator.log)}")
        if is_healthy(emulator.port):
            return
        time.sleep(0.05)
    emulator.stop()
    raise LocalError(
        f"The embedded AWS did not answer within {START_SECONDS:.0f} seconds:\n{_last_lines(emulator.log)}"
    )


def _last_lines(log: Path, count: int = 15) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-count:])
