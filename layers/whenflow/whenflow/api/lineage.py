"""What caused what, over HTTP."""

from typing import Any, get_args

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.actions.lineage import Direction, Kind, Lineage, Place, Step, steps_from
from whenflow.api.answers import answer, limit_of
from whenflow.api.events import known_id
from whenflow.api.page_keys import PageKey
from whenflow.api.services import Services
from whenflow.errors import Fault, Forbidden, NotFound, Rejected
from whenflow.events.tokens import make_token, read_token

DEFAULT_DEPTH, MAX_DEPTH = 4, 16
DEFAULT_LIMIT, LEAST = 100, 60
MAX_REST = 60
LINEAGE = "lineage"
KINDS: tuple[Kind, ...] = get_args(Kind)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the route of lineages."""
    key = PageKey(services.config, services.ids)

    @app.get("/lineage/<kind>/<id_>")
    def lineage(kind: str, id_: str) -> Response[Any]:
        place = _place(kind, id_)
        token = app.current_event.get_query_string_value("page_token")
        now = services.clock.now()
        steps = _going_on(read_token(key.get(), token, now), place) if token else _asked(app, place)
        graph = Lineage(services.events, services.firings, services.runs, services.ids).trace(
            steps, max(limit_of(app, DEFAULT_LIMIT), LEAST)
        )
        if not token and place not in graph.nodes:
            raise NotFound(f"There is no {kind} {id_}.")
        following = None
        graph.cut.update(step.place for step in graph.rest[MAX_REST:])
        if graph.rest:
            content = {"of": LINEAGE, "root": str(place), "rest": [_packed(step) for step in graph.rest[:MAX_REST]]}
            following = make_token(key.get(), content, now)
        return answer(200, {"root": str(place), **graph.as_document(), "next_page": following})


def _place(kind: str, id_: str) -> Place:
    for known in KINDS:
        if kind == known:
            return Place(known, known_id(id_, kind.replace("-", " ")))
    raise NotFound(f"There is a lineage of each {', '.join(KINDS)}, and of no {kind}.")


def _asked(app: APIGatewayHttpResolver, place: Place) -> list[Step]:
    given = app.current_event.get_query_string_value("depth", str(DEFAULT_DEPTH)) or str(DEFAULT_DEPTH)
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= MAX_DEPTH:
        raise _wrong("depth", f"must be 1 to {MAX_DEPTH}")
    wanted = app.current_event.get_query_string_value("direction")
    directions = [one for one in DIRECTIONS if wanted in (None, "", one)]
    if not directions:
        raise _wrong("direction", f"must be one of {', '.join(DIRECTIONS)}")
    return steps_from(place, directions, int(given))


def _going_on(content: dict[str, Any], place: Place) -> list[Step]:
    if content.get("of") != LINEAGE or content["root"] != str(place):
        raise Forbidden("This token is of another kind of list.")
    return [Step(Place(KINDS[kind], id_), DIRECTIONS[way], depth) for kind, id_, way, depth in content["rest"]]


def _packed(step: Step) -> list[Any]:
    return [KINDS.index(step.place.kind), step.place.id, DIRECTIONS.index(step.direction), step.depth]


def _wrong(name: str, message: str) -> Rejected:
    return Rejected(f"Invalid {name}.", [Fault(("query", name), f"Invalid {name}: {message}")])
