"""Several files read as one: what a pattern such as `archive/**/*.jsonl.gz` names, in order of their names."""

import io
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO

GZIP = b"\x1f\x8b"


def files_of(name: str) -> Sequence[Path]:
    """Return the files that a name stands for: the one of this name, or those that fit it as a pattern.

    Args:
        name: A path, or a pattern with `*`, `?`, `[…]` or `**`.
    """
    path = Path(name).expanduser()
    if path.exists() or not has_magic(name):
        return [path]
    fitting = glob(str(path), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    return sorted(found for one in fitting if (found := Path(one)).is_file())


class Joined(io.RawIOBase):
    """Files one after the other. Compressed files joined are one compressed file; lines of others are kept apart."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open the first file.

        Args:
            paths: The files, at least one.
        """
        self._left = list(paths[1:])
        self._file: BinaryIO = paths[0].open("rb")
        self._between = b"" if self._file.read(2) == GZIP else b"\n"
        self._file.seek(0)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read some bytes; 0 at the end of the last file."""
        while not (data := self._file.read(len(buffer))):
            if not self._left:
                return 0
            self._file.close()
            self._file = self._left.pop(0).open("rb")
            if self._between:
                buffer[: len(self._between)] = self._between
                return len(self._between)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file that is being read."""
        self._file.close()
        super().close()
