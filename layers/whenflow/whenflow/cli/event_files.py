"""Events in files: one JSON object per line, perhaps compressed; read one at a time, however many there are."""

import gzip
import io
import json
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any, Self

from whenflow.cli.documents import STDIN
from whenflow.cli.errors import CliError
from whenflow.cli.file_sets import Joined, files_of
from whenflow.errors import Rejected
from whenflow.events import Event
from whenflow.events.exports import event_from_export

GZIP = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_TOLD = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BUFFER = 1 << 20
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the stubs forget it


class EventFile:
    """The events of a file, in its order.

    Attributes:
        size: In bytes, as stored; None where it is not known.
        bad: How many lines hold no event.
        told: The first of them: the number of the line, and what is wrong.
    """

    def __init__(self, name: str, *, strict: bool = False, by_occurred: bool = False) -> None:
        """Open a file.

        Args:
            name: Its path; - is standard input; a pattern stands for all files that fit it.
            strict: Fail at the first line that holds no event, instead of leaving it out.
            by_occurred: Take every event as received when it occurred, whatever the file says.

        Raises:
            CliError: There is no such file.
        """
        self._name, self._strict, self._by_occurred = name, strict, by_occurred
        self._raw = _open(name)
        self.size = None if name == STDIN else sum(path.stat().st_size for path in files_of(name))
        self.bad = 0
        self.told: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._name != STDIN:
            self._raw.close()

    @property
    def position(self) -> int:
        """How many bytes have been read, as stored."""
        try:
            return self._raw.tell()
        except OSError:
            return 0

    def __iter__(self) -> Iterator[Event]:
        """Yield the events.

        Raises:
            CliError: The file cannot be read to its end, or it is strict and a line holds no event.
        """
        number = 0
        by_occurred = self._by_occurred
        try:
            for number, line in enumerate(self._lines(), 1):
                try:
                    document = _parse(line)
                    if by_occurred and isinstance(document, dict):
                        document.pop("received", None)
                    event = event_from_export(document, "line", number)
                except (ValueError, RecursionError, Rejected) as error:
                    if not line.isspace():
                        self._note(number, error)
                    continue
                yield event
        except (OSError, EOFError, zlib.error) as error:
            raise CliError(f"{self._name} cannot be read on after line {number}: {error}.") from error

    def _lines(self) -> Iterable[bytes]:
        stream: IO[bytes] = self._raw
        if self._raw.peek(2)[:2] == GZIP:
            stream = io.BufferedReader(gzip.GzipFile(fileobj=self._raw), BUFFER)
        first = stream.readline().removeprefix(BYTE_ORDER_MARK)
        if first.lstrip()[:1] == b"[":
            yield from _items(first + stream.read())
            return
        if first:
            yield first
        yield from stream

    def _note(self, number: int, error: Exception) -> None:
        reason = str(error) if isinstance(error, Rejected) else f"not valid JSON: {_plainly(error)}"
        if self._strict:
            raise CliError(f"{self._name}, line {number}: {reason}.")
        self.bad += 1
        if len(self.told) < MAX_TOLD:
            self.told.append((number, reason))


class EventBuffer:
    """Events put aside on disk, and given back in the order in which they were received."""

    def __init__(self, *, newest_first: bool = False) -> None:
        """Start empty.

        Args:
            newest_first: They come in from the newest to the oldest; matters for those received at one moment.
        """
        self._file = TemporaryFile(buffering=BUFFER)  # noqa: SIM115 - closed when the buffer is left
        self._newest_first = newest_first
        self._received, self._places = array("q"), array("q")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete what was put aside."""
        self._file.close()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)

    def add(self, event: Event) -> None:
        """Put an event aside."""
        elapsed = event.received - EPOCH
        self._received.append((elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds)
        self._places.append(self._file.tell())
        self._file.write(json.dumps(event.as_document(), separators=(",", ":")).encode() + b"\n")

    def __iter__(self) -> Iterator[Event]:
        """Yield the events, first received first."""
        numbers = range(len(self._places))
        for number in sorted(reversed(numbers) if self._newest_first else numbers, key=self._received.__getitem__):
            self._file.seek(self._places[number])
            yield event_from_export(json.loads(self._file.readline()))


def counted(events: Iterable[Event], told: Callable[[int], None], every: int = 2_000) -> Iterator[Event]:
    """Yield events, and tell every now and then how many there were."""
    count = 0
    for count, event in enumerate(events, 1):
        yield event
        if count % every == 0:
            told(count)
    told(count)


def _open(name: str) -> io.BufferedReader:
    if name == STDIN:
        stream: Any = sys.stdin.buffer
        return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, BUFFER)
    try:
        paths = files_of(name)
        if not paths:
            raise CliError(f"No file fits {name}.")
        raw: Any = Joined(paths) if len(paths) > 1 else io.FileIO(paths[0])
        return io.BufferedReader(raw, BUFFER)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CliError(f"Cannot read the file {name or '(no name)'}: {reason}.") from error


def _parse(line: bytes) -> Any:
    """Parse a line of JSON; quicker than `json.loads`, to which anything unusual is left."""
    text = line.strip().decode()
    try:
        document, end = _scan(text, 0)
    except StopIteration:
        return json.loads(text)
    return document if end == len(text) else json.loads(text)


def _plainly(error: Exception) -> str:
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def _items(data: bytes) -> Iterator[bytes]:
    """Yield the items of a JSON list, oldest first: `whenflow event ls --json` writes the newest first."""
    try:
        documents = json.loads(data)
    except (ValueError, RecursionError):
        yield data  # one bad line
        return
    newest_first = (
        len(documents) > 1
        and all(isinstance(one, dict) for one in (documents[0], documents[-1]))
        and str(documents[0].get("occurred")) > str(documents[-1].get("occurred"))
    )
    for document in reversed(documents) if newest_first else documents:
        yield json.dumps(document).encode()
