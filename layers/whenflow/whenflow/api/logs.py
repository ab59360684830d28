"""Log lines of flow runs over HTTP."""

from collections import defaultdict
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, TypeAdapter, ValidationError

from whenflow.api.answers import answer, body_of, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import Fault, Rejected
from whenflow.events import iso
from whenflow.events.validation import Instant, faults_of
from whenflow.ports import LogLine

RUN_NOT_GIVEN = "give the flow run: {'logs': {'flow_run_id': {'any_': ['<id>']}}}"
MAX_LINES = 1_000
MAX_LINE_CHARS = 10_000


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[StrictStr, Field(max_length=500)]
    level: Annotated[StrictInt, Field(ge=0, le=1_000)]
    message: StrictStr
    timestamp: Instant
    flow_run_id: StrictStr | None = None


_lines: TypeAdapter[list[_Line]] = TypeAdapter(Annotated[list[_Line], Field(max_length=MAX_LINES)])


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes of logs."""

    @app.post("/logs")
    def keep() -> Response[Any]:
        by_run: dict[str, list[LogLine]] = defaultdict(list)
        for line in _checked(body_of(app)):
            if line.flow_run_id:  # a line of no run has no place to be shown
                kept = LogLine(line.timestamp, line.level, line.name, line.message[:MAX_LINE_CHARS])
                by_run[known_id(line.flow_run_id, "flow run")].append(kept)
        for run_id, lines in by_run.items():
            services.runs.add_logs(run_id, lines)
        return answer(201)

    @app.post("/logs/filter")
    def logs() -> Response[Any]:
        limit, offset = page_of(document := object_of(app))
        run_id = _run_of_logs(document)
        lines = services.runs.logs(run_id)
        if document.get("sort") == "TIMESTAMP_DESC":
            lines = lines[::-1]
        return answer(200, [_as_document(run_id, line) for line in lines[offset : offset + limit]])


def _as_document(run_id: str, line: LogLine) -> dict[str, Any]:
    return {
        "timestamp": iso(line.timestamp),
        "level": line.level,
        "name": line.name,
        "message": line.message,
        "flow_run_id": run_id,
    }


def _checked(document: Any) -> list[_Line]:
    try:
        return _lines.validate_python(document)
    except ValidationError as error:
        raise Rejected("These are no log lines.", faults_of(error, ("body",))) from None


def _run_of_logs(document: dict[str, Any]) -> str:
    try:
        (run_id,) = document["logs"]["flow_run_id"]["any_"]
    except (KeyError, TypeError, ValueError):
        raise Rejected("No flow run given.", [Fault(("body", "logs", "flow_run_id"), RUN_NOT_GIVEN)]) from None
    return known_id(str(run_id), "flow run")
