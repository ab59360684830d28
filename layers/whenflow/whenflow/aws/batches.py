"""Batches of which a part may fail: what failed is reported by name and delivered again, what worked is not.

Powertools' batch processor does the same for 107 ms of import on every cold start; this does it for none
(docs/decisions/0004).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from whenflow.aws.observe import logger

Record: TypeAlias = Mapping[str, Any]
Work: TypeAlias = Callable[[Record], object]
Name: TypeAlias = Callable[[Record], str]
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
