"""Events over HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import MAX_LIMIT, answer, body_of, limit_of, object_of
from whenflow.api.page_keys import PageKey
from whenflow.api.services import Services
from whenflow.errors import Fault, Forbidden, NotFound, Rejected, TooLarge
from whenflow.events import Event, event_from_outside
from whenflow.events.counting import Countable, count, request_from_document
from whenflow.events.feed import DEFAULT_LIMIT, FeedPage, Listing, first_page, next_page
from whenflow.events.filters import EventFilter, Occurred, filter_from_document
from whenflow.events.tail import KEPT, SETTLED, SOON, Cursor, Look, look, new_cursor
from whenflow.events.tokens import make_token, read_token

MAX_BATCH = 500
MAX_WAIT = 20
LOOK_SECONDS = 1.0
MAX_CURSOR_CHARS = 400_000
LIST, TAIL = "list", "tail"
EVER = EventFilter(occurred=Occurred(since=datetime.min.replace(tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC)))


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/events`, and the one of firings."""
    _add_emitting(app, services)
    feed = Feed(services)
    _add_lists(app, feed)

    @app.post("/events/count-by/<by>")
    def count_by(by: str) -> Response[Any]:
        if by not in list(Countable):
            raise NotFound(f"Events are counted by {', '.join(Countable)}, and not by {by}.")
        request = request_from_document(by, object_of(app), services.clock.now())
        return answer(200, [one.as_document() for one in count(services.events, request)])

    @app.post("/events/tail")
    def tail() -> Response[Any]:
        return answer(200, feed.tail(object_of(app)))

    @app.get("/events/<event_id>")
    def one(event_id: str) -> Response[Any]:
        event = services.events.get(known_id(event_id, "event"))
        if event is None:
            raise NotFound(f"There is no event {event_id}.")
        return answer(200, event.as_document())

    @app.get("/firings/<firing_id>")
    def firing(firing_id: str) -> Response[Any]:
        found = services.firings.get(known_id(firing_id, "firing"))
        if found is None:
            raise NotFound(f"There is no firing {firing_id}.")
        return answer(200, found.as_stored() | {"event_id": found.event.id if found.event else None})


def _add_emitting(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/events")
    def emit() -> Response[Any]:
        documents = body_of(app)
        if isinstance(documents, list):
            store_batch(documents, services)
        else:
            store_one(documents, services)
        return answer(204)


def _add_lists(app: APIGatewayHttpResolver, feed: "Feed") -> None:
    @app.get("/events")
    def newest() -> Response[Any]:
        token = app.current_event.get_query_string_value("page_token")
        limit = limit_of(app, DEFAULT_LIMIT)
        page, following = feed.following(token, limit) if token else feed.first(EVER, limit)
        return answer(200, page | {"next_page": following})

    @app.post("/events/filter")
    def first() -> Response[Any]:
        asked = object_of(app)
        page, following = feed.first(filter_from_document(asked.get("filter")), _limit(asked))
        return answer(200, page | {"next_page": _address(app, following)})

    @app.get("/events/filter/next")
    def following_page() -> Response[Any]:
        token = app.current_event.get_query_string_value("page-token")
        if not token:
            raise Rejected("No page token.", [Fault(("query", "page-token"), "Field required", "missing")])
        page, following = feed.following(token)
        return answer(200, page | {"next_page": _address(app, following)})


class Feed:
    """Lists and the tail, with their tokens."""

    def __init__(self, services: Services) -> None:
        """List the events of these services."""
        self._services = services
        self._key = PageKey(services.config, services.ids)

    def first(self, given: EventFilter, limit: int) -> tuple[dict[str, Any], str | None]:
        """Return the first page of a list, and the token of the next one."""
        return self._shown(first_page(self._services.events, given, limit, self._services.clock.now()))

    def following(self, token: str, limit: int | None = None) -> tuple[dict[str, Any], str | None]:
        """Return the page of a token, and the token of the next one.

        Raises:
            Forbidden: The token is none of this API's, or has expired.
        """
        listing = Listing.from_document(self._read(LIST, token))
        return self._shown(next_page(self._services.events, listing.of(limit) if limit else listing))

    def tail(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what came in since a cursor; wait for it a while if that is asked for.

        Raises:
            Forbidden: The cursor is none of this API's, or is older than an hour.
            Rejected: The filter or the wait is wrong.
        """
        given, wait = filter_from_document(asked.get("filter")), _wait(asked)
        services, text = self._services, asked.get("cursor")
        cursor = Cursor.from_document(self._read(TAIL, str(text))) if text else new_cursor(services.clock.now())
        seen = look(services.events, given, cursor, services.clock.now(), SETTLED)
        waited = 0.0
        while not seen.events and waited < wait:
            services.pause(LOOK_SECONDS)
            waited += LOOK_SECONDS
            seen = look(services.events, given, seen.cursor, services.clock.now(), SOON)
        return self._seen(seen)

    def _seen(self, seen: Look) -> dict[str, Any]:
        content = {"of": TAIL, **seen.cursor.as_document()}
        token = make_token(self._key.get(), content, self._services.clock.now(), KEPT, MAX_CURSOR_CHARS)
        return {"events": _documents(seen.events), "cursor": token, "has_more": seen.has_more}

    def _read(self, of: str, token: str) -> dict[str, Any]:
        document = read_token(self._key.get(), token, self._services.clock.now())
        if document.pop("of") != of:
            raise Forbidden("This token is of another kind of list.")
        return document

    def _shown(self, page: FeedPage) -> tuple[dict[str, Any], str | None]:
        token = None
        if page.next:
            content = {"of": LIST, **page.next.as_document()}
            token = make_token(self._key.get(), content, self._services.clock.now())
        document = {
            "events": _documents(page.events),
            "total": page.total,
            "total_is_exact": page.is_exact,
            "stopped_early": page.stopped_early,
        }
        return document, token


def store_one(document: Any, services: Services) -> None:
    """Store one event.

    Raises:
        TooLarge: It is over the limit.
        Rejected: With its faults.
    """
    try:
        event = event_from_outside(document, services.clock.now())
        services.events.put(event)
    except TooLarge:
        raise
    except Rejected as error:
        raise Rejected(error.reason, _placed(error, ("body",))) from None
    _record(event, services)


def store_batch(documents: list[Any], services: Services) -> None:
    """Store a batch; a bad event is refused by its index, and costs its neighbours nothing.

    Raises:
        Rejected: With the faults of the events that were not stored; all others are.
        Transient: Some could not be stored now: send the batch again, what is stored stays as it is.
    """
    if len(documents) > MAX_BATCH:
        raise Rejected(f"A batch has at most {MAX_BATCH} events; this one has {len(documents)}. None was stored.")
    faults: list[Fault] = []
    events: list[Event] = []
    places: list[int] = []
    for index, document in enumerate(documents):
        try:
            events.append(event_from_outside(document, services.clock.now()))
            places.append(index)
        except Rejected as error:
            faults += _placed(error, ("body", index))
    for index, event, stored in zip(places, events, services.events.put_many(events), strict=True):
        if isinstance(stored, Rejected):
            faults += _placed(stored, ("body", index))
        elif isinstance(stored, Exception):
            raise stored
        else:
            _record(event, services)
    if faults:
        raise Rejected("Some events were refused; all others are stored.", sorted(faults, key=_index_of))


def _record(event: Event, services: Services) -> None:
    """Keep what an event tells of a task run, also when it is told again: the first time may have ended half-way."""
    if services.task_runs:
        services.task_runs.record(event)


def known_id(given: str, kind: str) -> str:
    """Return an id of a path in its usual form.

    Raises:
        NotFound: It is no UUID, so there is nothing under it.
    """
    try:
        return str(UUID(given))
    except ValueError:
        raise NotFound(f"There is no {kind} {given}: ids are UUIDs.") from None


def _placed(error: Rejected, place: tuple[str | int, ...]) -> list[Fault]:
    own = error.faults or (Fault((), error.reason, "too_large" if isinstance(error, TooLarge) else "value_error"),)
    return [Fault((*place, *fault.loc), fault.msg, fault.type) for fault in own]


def _index_of(fault: Fault) -> int:
    return int(fault.loc[1])


def _documents(events: Any) -> list[dict[str, Any]]:
    return [event.as_document() for event in events]


def _limit(asked: Mapping[str, Any]) -> int:
    limit = asked.get("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        reason = f"Invalid limit: must be 1 to {MAX_LIMIT}"
        raise Rejected("Invalid limit.", [Fault(("body", "limit"), reason)])
    return limit


def _wait(asked: Mapping[str, Any]) -> float:
    wait = asked.get("wait") or 0
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait <= MAX_WAIT:
        reason = f"must be a number of seconds, 0 to {MAX_WAIT}"
        raise Rejected("Invalid wait.", [Fault(("body", "wait"), reason)])
    return wait


def _address(app: APIGatewayHttpResolver, token: str | None) -> str | None:
    """Return the address of the next page, as the caller reached this one."""
    if token is None:
        return None
    headers = app.current_event.headers
    scheme, host = headers.get("x-forwarded-proto") or "https", headers.get("host") or ""
    return f"{scheme}://{host}/api/events/filter/next?page-token={quote(token)}"
