"""Batches of which a part may fail: what failed is reported by name and delivered again, what worked is not.

Powertools' batch processor does the same for 107 ms of import on every cold start; this does it for none
(docs/decisions/0004).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from whenflow.aws.observe import logger

Record: TypeAlias = Mapping[str, Any]
Work: TypeAlias = Callable[[Record], object]
Name: TypeAlias = Callable[[Record], str]
WORKERS = 10
BatchAnswer: TypeAlias = dict[str, list[dict[str, str]]]


def in_order(records: Iterable[Record], work: Work, name: Name) -> BatchAnswer:
    """Work through a stream's records; at the first that fails, stop and ask for the rest again from there."""
    for record in records:
        try:
            work(record)
        except Exception:  # the edge of one record: it is delivered again, and in the end to the dead letters
            logger.exception("record failed", extra={"record": name(record)})
            return {"batchItemFailures": [{"itemIdentifier": name(record)}]}
    return {"batchItemFailures": []}


def each_alone(records: Iterable[Record], work: Work, name: Name) -> BatchAnswer:
    """Work through a queue's records; ask again for those that failed."""
    failed = []
    for record in records:
        try:
            work(record)
        except Exception:  # as above
            logger.exception("message failed", extra={"record": name(record)})
            failed.append({"itemIdentifier": name(record)})
    return {"batchItemFailures": failed}


def at_once(records: Sequence[Record], work: Work, name: Name, *, ordered: bool = True) -> BatchAnswer:
    """Work through records a few at a time, where they do not depend on each other: most of the time is waiting.

    Args:
        records: Of a stream or a queue.
        work: Done for each record; may be done again.
        name: By which a record is reported.
        ordered: Of a stream: the earliest that failed is reported, and all from there on come again. Of a queue: each
            that failed is.
    """
    if len(records) < 2:  # noqa: PLR2004 - no need of threads
        return in_order(records, work, name)
    with ThreadPoolExecutor(min(WORKERS, len(records))) as pool:
        done = list(pool.map(lambda record: _worked(record, work, name), records))
    failed = [{"itemIdentifier": name(record)} for record, worked in zip(records, done, strict=True) if not worked]
    return {"batchItemFailures": failed[:1] if ordered else failed}


def _worked(record: Record, work: Work, name: Name) -> bool:
    try:
        work(record)
    except Exception:  # the edge of one record, as above
        logger.exception("record failed", extra={"record": name(record)})
        return False
    return True
