"""Events over HTTP."""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, body_of, limit_of
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import event_from_document

MAX_BATCH = 500
DEFAULT_PAGE = 50


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/events`, and the one of firings."""

    @app.post("/events")
    def emit() -> Response[Any]:
        documents = body_of(app)
        store_batch(documents if isinstance(documents, list) else [documents], services)
        return answer(204)

    @app.get("/events")
    def newest() -> Response[Any]:
        cursor = app.current_event.get_query_string_value("page_token")
        page = services.events.newest(limit_of(app, DEFAULT_PAGE), cursor)
        return answer(200, {"events": [event.as_document() for event in page.events], "next_page": page.cursor})

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


def store_batch(documents: list[Any], services: Services) -> None:
    """Store a batch; a bad event is refused by its index, and costs its neighbours nothing.

    Raises:
        Rejected: With the faults of the events that were not stored.
    """
    if len(documents) > MAX_BATCH:
        raise Rejected(f"A batch has at most {MAX_BATCH} events; this one has {len(documents)}. None was stored.")
    faults: list[Fault] = []
    for index, document in enumerate(documents):
        try:
            event = event_from_document(document, services.clock.now())
            services.events.put(event)
            if services.task_runs:
                services.task_runs.record(event)
        except Rejected as error:
            own = error.faults or (Fault((), error.reason, "too_large"),)
            faults.extend(Fault(("body", index, *fault.loc), fault.msg, fault.type) for fault in own)
    if faults:
        raise Rejected("Some events were refused; all others are stored.", faults)


def known_id(given: str, kind: str) -> str:
    """Return an id of a path in its usual form.

    Raises:
        NotFound: It is no UUID, so there is nothing under it.
    """
    try:
        return str(UUID(given))
    except ValueError:
        raise NotFound(f"There is no {kind} {given}: ids are UUIDs.") from None
