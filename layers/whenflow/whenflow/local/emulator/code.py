"""Code and layers are unpacked once, and all processes of all functions share them, read-only as in Lambda.

ministack unpacks every layer for every process: thousands of files to write at each start and to delete at the end.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from whenflow.local.emulator.engine import engine

VARIABLE = "WHENFLOW_LOCAL_CODE"
KEPT = 40  # archives of a few builds: a build has about ten


def apply() -> None:
    """Let processes find unpacked archives where `WHENFLOW_LOCAL_CODE` says."""
    if not (named := os.environ.pop(VARIABLE, None)):
        return
    store = Path(named)
    prune(store)

    class SharedZip(zipfile.ZipFile):
        """An archive that is not unpacked where it is asked to be, but linked to from there."""

        def extractall(self, path: Any = None, *_: Any) -> None:
            """Replace the (empty) target directory by a link to the unpacked archive."""
            place = unpacked(Path(str(self.filename)), store)
            target = Path(path)
            target.rmdir()
            target.symlink_to(place, target_is_directory=True)

    errors = {name: getattr(zipfile, name) for name in ("BadZipFile", "LargeZipFile")}
    engine("core.lambda_runtime").zipfile = SimpleNamespace(
        ZipFile=SharedZip, LargeFileError=zipfile.LargeZipFile, **errors
    )


def unpacked(archive: Path, store: Path) -> Path:
    """Return the directory that holds what is in an archive, unpacking it if nobody did before."""
    place = store / hashlib.sha256(archive.read_bytes()).hexdigest()[:32]
    if place.exists():
        os.utime(place)
        return place
    store.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=store))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(draft)
    try:
        draft.rename(place)
    except OSError:  # another process of the same function was faster
        shutil.rmtree(draft, ignore_errors=True)
    return place


def prune(store: Path, kept: int = KEPT) -> None:
    """Remove what was not used for longest, and what was never finished."""
    if not store.exists():
        return
    places = sorted(store.iterdir(), key=lambda place: place.stat().st_mtime, reverse=True)
    whole = [place for place in places if not place.name.startswith("draft-")]
    for place in {*places} - {*whole[:kept]}:
        shutil.rmtree(place, ignore_errors=True)
