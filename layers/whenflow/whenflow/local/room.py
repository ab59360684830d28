"""The directory of a local stack: `.whenflow` in the checkout. Who holds its lock runs the stack."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from whenflow.local.errors import LocalError
from whenflow.local.process import endpoint

MARKS = ("template.yaml", "scripts/build.sh", "layers/whenflow")
OWNER_ONLY = 0o600
LOCK_TRIES = 5


@dataclass(frozen=True)
class Running:
    """What others need to know of a running stack; the contents of `local.json`."""

    api_url: str
    ui_url: str
    hooks_url: str
    api_key: str
    endpoint_url: str
    region: str
    bucket: str
    pid: int

    @property
    def port(self) -> int:
        """Where the embedded AWS listens."""
        return int(self.endpoint_url.rsplit(":", 1)[1])

    @classmethod
    def at(cls, port: int, *, api_key: str, region: str, bucket: str) -> "Running":
        """Describe the stack that this process runs on a port."""
        url = endpoint(port)
        return cls(f"{url}/api", f"{url}/ui", f"{url}/hooks", api_key, url, region, bucket, os.getpid())


@dataclass(frozen=True)
class Room:
    """The checkout that is run, and the directory that holds what the run leaves behind.

    Attributes:
        root: The checkout.
        own_home: Another directory than the checkout's `.whenflow`; for tests.
    """

    root: Path
    own_home: Path | None = None

    @property
    def home(self) -> Path:
        """Where everything of the local stack is."""
        return self.own_home or self.root / ".whenflow"

    @property
    def local_file(self) -> Path:
        """There while the stack runs."""
        return self.home / "local.json"

    @property
    def function_log(self) -> Path:
        """What the functions have said."""
        return self.home / "functions.log"

    def remember(self, **values: Any) -> None:
        """Keep something for the next start."""
        write_private(self.home / "room.json", {**self.memory(), **values})

    def memory(self) -> dict[str, Any]:
        """Return what was kept."""
        return read_json(self.home / "room.json")

    def publish(self, running: Running) -> None:
        """Tell others that the stack runs, and where."""
        write_private(self.local_file, asdict(running))

    def running(self) -> Running | None:
        """Return what is known of the running stack, if there is one."""
        found = read_json(self.local_file)
        return Running(**found) if found and self.is_occupied() else None

    def owner(self) -> int | None:
        """Return the process that holds the lock, if one does."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.home / "lock").read_text()) if self.is_occupied() else None
        return None

    def is_occupied(self) -> bool:
        """Say whether some process holds the lock."""
        with contextlib.suppress(FileNotFoundError), (self.home / "lock").open() as lock:
            return not _try_lock(lock)
        return False

    @contextlib.contextmanager
    def occupied(self) -> Iterator[bool]:
        """Hold the lock; yields whether we got it. It goes with the process, however that ends."""
        self.home.mkdir(exist_ok=True)
        with (self.home / "lock").open("a+") as lock:
            if not _try_hard_to_lock(lock):
                yield False
                return
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield True
            finally:
                self.local_file.unlink(missing_ok=True)
                lock.truncate(0)

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.home, ignore_errors=True)


def find_room(start: Path | None = None) -> Room:
    """Find the checkout: here or above, or where this package lies.

    Raises:
        LocalError: There is none.
    """
    here = (start or Path.cwd()).resolve()
    for candidate in (here, *here.parents, *Path(__file__).resolve().parents):
        if all((candidate / mark).exists() for mark in MARKS):
            return Room(candidate)
    raise LocalError("The local stack is built from a checkout of Whenflow, and there is none here or above.")


def write_private(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file that only its owner can read, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w") as file:
        json.dump(document, file, indent=2)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file; what is not there or not whole counts as empty."""
    with contextlib.suppress(OSError, ValueError):
        document = json.loads(path.read_text(encoding="utf-8"))
        return document if isinstance(document, dict) else {}
    return {}


def _try_hard_to_lock(file: IO[str]) -> bool:
    """Lock, even where somebody is just looking whether it is locked."""
    for _ in range(LOCK_TRIES):
        if _try_lock(file):
            return True
        time.sleep(0.03)
    return False


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
