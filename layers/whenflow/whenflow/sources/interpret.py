"""From notice and source to event."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from whenflow.documents import is_deeper
from whenflow.errors import Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, event_from_outside, iso, named_id
from whenflow.events.limits import MAX_DEPTH, MAX_RELATED
from whenflow.ports import Ids
from whenflow.sources.eventbridge import default_document
from whenflow.sources.model import RESOURCE_PREFIX, Source
from whenflow.sources.notice import Notice, template_context
from whenflow.sources.pattern import matches
from whenflow.templating.drafts import NotRendered, render_draft

FAILED = "whenflow.source.failed"
NO_SOURCE = "default"
SHOWN_CHARS, KEPT_CHARS = 10_000, 100_000


class Misread(Exception):
    """A notification gives no event.

    Attributes:
        reason: Why, for people.
        rendered: What the template made of it, as far as it came.
    """

    def __init__(self, reason: str, rendered: str | None = None) -> None:
        """Keep the reason and what was rendered."""
        super().__init__(reason)
        self.reason = reason
        self.rendered = rendered


def source_for(notice: Notice, sources: Sequence[Source]) -> Source | None:
    """Return the first source that is switched on and is about this notice.

    Args:
        notice: What came.
        sources: In their order.
    """
    if notice.fault:
        return None
    return next((one for one in sources if one.enabled and matches(one.pattern, notice.notification)), None)


def interpret(notice: Notice, source: Source | None, now: datetime) -> Event:
    """Make the event that a source says, or the one that the notification becomes by itself.

    Raises:
        Misread: The notification, the template or what it renders to is at fault, or too large.
    """
    if notice.fault:
        raise Misread(notice.fault)
    document = default_document(notice)
    if source is not None and source.template is not None:
        try:
            document = {"payload": document["payload"], **render_draft(source.template, template_context(notice))}
        except NotRendered as error:
            raise Misread(error.reason, error.rendered) from None
    document = {"id": notice.id, "occurred": notice.notification.get("time") or iso(now), **document}
    if source is not None:
        _relate(document, source)
    try:
        return event_from_outside(document, now)
    except Rejected as error:
        found = "; ".join(f"{'.'.join(map(str, one.loc)) or 'the event'}: {one.msg}" for one in error.faults[:5])
        reason = f"This gives no event: {found}." if found else error.reason
        shown = {name: value for name, value in document.items() if name != "payload"}
        raise Misread(reason, _text(shown)) from None


def addressed(event: Event, notice: Notice, ids: Ids) -> Event:
    """Return an event of EventBridge's under an id that says where it is stored, which saves a write unit.

    Delivered again, the notification has the same id and the same time, and so the event has the same id. Its own id
    stands among the related resources. All others keep the id they have: what happens to an object in S3, or comes
    without a time, may be told with another one the next time.

    Args:
        event: As it was made of the notice.
        notice: What came.
        ids: Makes ids.
    """
    given = notice.notification
    if event.id != notice.id or str(given.get("id")).lower() != notice.id or not given.get("time"):
        return event
    labels = {RESOURCE_ID: f"aws.event.{notice.id}", RESOURCE_ROLE: "aws-event"}
    related = event.related if len(event.related) >= MAX_RELATED else (*event.related, labels)
    id_ = ids.event_id_for(event.occurred, event.resource_id, "eventbridge", notice.id)
    return replace(event, id=id_, related=related)


def failed_event(notice: Notice, source: Source | None, reason: str, rendered: str | None, now: datetime) -> Event:
    """Return the event that tells of a notification without one; delivered again, the notification gives the same.

    Args:
        notice: What gives no event.
        source: That decided.
        reason: Why there is none.
        rendered: What the template gave, as far as it came.
        now: The present.
    """
    resource = {RESOURCE_ID: RESOURCE_PREFIX + NO_SOURCE}
    if source is not None:
        resource = {RESOURCE_ID: source.resource_id, RESOURCE_NAME: source.name}
    return Event(
        id=named_id(FAILED, notice.id, resource[RESOURCE_ID]),
        occurred=now,
        event=FAILED,
        resource=resource,
        payload={
            "reason": reason[:SHOWN_CHARS],
            "rendered": rendered[:SHOWN_CHARS] if rendered is not None else None,
            "notification": _kept(notice.notification),
        },
        received=now,
    )


def _relate(document: dict[str, Any], source: Source) -> None:
    related = document.get("related", [])
    if isinstance(related, list):
        labels = {RESOURCE_ID: source.resource_id, RESOURCE_ROLE: "source", RESOURCE_NAME: source.name}
        document["related"] = [*related, labels]


def _kept(notification: Mapping[str, Any]) -> Any:
    """Return a notification whole, so that it can be tried again; of one that is very large, its beginning as text."""
    text = _text(notification)
    return text[:SHOWN_CHARS] if len(text) > KEPT_CHARS or is_deeper(notification, MAX_DEPTH - 2) else notification


def _text(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
