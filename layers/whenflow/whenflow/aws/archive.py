"""All events as files in S3: one JSON object per line, compressed, by hour; for Athena and for `whenflow backtest`.

The name of an object says hour and shard, so that an hour that is archived again replaces its objects. What an earlier
object holds and the table no longer has stays in it.
"""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from whenflow.aws.calendar import Period
from whenflow.aws.overflow import call
from whenflow.events import Event
from whenflow.events.exports import event_from_export

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class EventArchive:
    """The archive."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str, prefix: str) -> None:
        """Work on this bucket; all names begin with the prefix and a slash."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def keep(self, period: Period, shard: int, events: Iterator[Event]) -> None:
        """Keep the events of one shard of an hour; kept again, they are kept once.

        Raises:
            Transient: Try again.
        """
        name = self.name_of(period.name, shard)
        with TemporaryFile() as file:
            written = set()
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as lines:
                for event in events:
                    written.add(event.id)
                    lines.write(_line(event))
                for event in self._kept_before(name) if period.was_closed else ():
                    if event.id not in written:
                        lines.write(_line(event))
            file.seek(0)
            self._put(name, file)

    def name_of(self, hour: str, shard: int) -> str:
        """Return the name of an object: partitions as Athena knows them."""
        day, _, hour_of_day = hour.partition("T")
        return f"{self._prefix}/day={day}/hour={hour_of_day}/events-{shard}.jsonl.gz"

    def _put(self, name: str, file: IO[bytes]) -> None:
        call(
            lambda: self._client().put_object(
                Bucket=self._bucket, Key=name, Body=file, ContentType="application/x-ndjson", ContentEncoding="gzip"
            )
        )

    def _kept_before(self, name: str) -> Iterator[Event]:
        client = self._client()
        try:
            stream = call(lambda: client.get_object(Bucket=self._bucket, Key=name))["Body"]
        except client.exceptions.NoSuchKey:
            return
        with gzip.GzipFile(fileobj=io.BytesIO(call(stream.read))) as lines:
            yield from (event_from_export(json.loads(line)) for line in lines)


def _line(event: Event) -> bytes:
    text = json.dumps(event.as_document(), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"
