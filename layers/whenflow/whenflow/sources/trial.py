"""What would become of a notification: for people who write a source. Nothing is stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from whenflow.sources.interpret import Misread, interpret, source_for
from whenflow.sources.invocation import notices_of
from whenflow.sources.model import Source
from whenflow.sources.notice import Notice


def try_out(invocation: Mapping[str, Any], sources: Sequence[Source], now: datetime) -> list[dict[str, Any]]:
    """Return what each notification of an invocation would become.

    Args:
        invocation: In any form in which AWS tells something.
        sources: In their order; the first that matches decides.
        now: The present.

    Returns:
        For each: `source` (id and name of the one that decides, or None), `dropped`, `event` as a document or None,
        `error` with the reason why there is none, and `rendered`, what the template gave as far as it came.

    Raises:
        Rejected: It is none of the forms.
    """
    return [_outcome(notice, source_for(notice, sources), now) for notice in notices_of(invocation)]


def _outcome(notice: Notice, source: Source | None, now: datetime) -> dict[str, Any]:
    decided = None if source is None else {"id": source.id, "name": source.name}
    outcome: dict[str, Any] = {"source": decided, "dropped": False, "event": None, "error": None, "rendered": None}
    if source is not None and source.drop:
        return outcome | {"dropped": True}
    try:
        return outcome | {"event": interpret(notice, source, now).as_document()}
    except Misread as error:
        return outcome | {"error": error.reason, "rendered": error.rendered}
