"""Flow runs over HTTP, in the shapes of SPEC 6.4; with `firing_id` and `event_id`, which say why there is a run."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import iso
from whenflow.runs import FlowRun

RUN_NOT_GIVEN = "give the flow run: {'logs': {'flow_run_id': {'any_': ['<id>']}}}"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes of flow runs, their states and their logs."""

    @app.post("/flow_runs/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        runs = services.runs.newest(offset + limit)[offset:]
        return answer(200, [as_document(run) for run in runs])

    @app.get("/flow_runs/<run_id>")
    def one(run_id: str) -> Response[Any]:
        return answer(200, as_document(_run(services, run_id)))

    @app.get("/flow_run_states")
    def states() -> Response[Any]:
        run_id = app.current_event.get_query_string_value("flow_run_id") or ""
        return answer(200, [state.as_document() for state in _run(services, run_id).states])

    @app.post("/logs/filter")
    def logs() -> Response[Any]:
        limit, offset = page_of(document := object_of(app))
        run_id = _run_of_logs(document)
        lines = services.runs.logs(run_id)[offset : offset + limit]
        return answer(
            200,
            [
                {
                    "timestamp": iso(line.timestamp),
                    "level": line.level,
                    "name": line.name,
                    "message": line.message,
                    "flow_run_id": run_id,
                }
                for line in lines
            ],
        )


def as_document(run: FlowRun) -> dict[str, Any]:
    """Return a flow run as the API shows it."""
    document = run.as_stored()
    for own in ("states", "launch"):
        del document[own]
    final = run.end_time or None
    return document | {
        "state": run.state.as_document(),
        "state_id": run.state.id,
        "state_type": str(run.state.type),
        "state_name": run.state.name,
        "expected_start_time": iso(run.expected_start_time),
        "next_scheduled_start_time": _iso(run.next_scheduled_start_time),
        "total_run_time": _seconds(run.start_time, final),
        "updated": iso(run.state.timestamp),
    }


def _iso(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0


def _run(services: Services, run_id: str) -> FlowRun:
    run = services.runs.get(known_id(run_id, "flow run"))
    if run is None:
        raise NotFound(f"There is no flow run {run_id}.")
    return run


def _run_of_logs(document: dict[str, Any]) -> str:
    try:
        (run_id,) = document["logs"]["flow_run_id"]["any_"]
    except (KeyError, TypeError, ValueError):
        raise Rejected("No flow run given.", [Fault(("body", "logs", "flow_run_id"), RUN_NOT_GIVEN)]) from None
    return known_id(str(run_id), "flow run")
