"""Log lines of flow runs and of tasks, over HTTP."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, TypeAdapter, ValidationError

from whenflow.api.answers import answer, body_of, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.filters import Moment
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import iso, named_id
from whenflow.events.validation import Instant, faults_of
from whenflow.ports import LogLine

NOT_GIVEN = "give the flow run, {'logs': {'flow_run_id': {'any_': ['<id>']}}}, or likewise task runs by task_run_id"
MAX_LINES = 1_000
MAX_LINE_CHARS = 10_000
MAX_TASK_RUNS = 20
OLDEST, NEWEST = "TIMESTAMP_ASC", "TIMESTAMP_DESC"
COLUMNS = ("timestamp", "level", "flow_run_id", "task_run_id", "message")
Level = Annotated[StrictInt, Field(ge=0, le=1_000)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[StrictStr, Field(max_length=500)]
    level: Level
    message: StrictStr
    timestamp: Instant
    flow_run_id: StrictStr | None = None
    task_run_id: StrictStr | None = None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Levels(_Part):
    ge_: StrictInt | None = None
    le_: StrictInt | None = None


class _Times(_Part):
    before_: Moment | None = None
    after_: Moment | None = None


class _Runs(_Part):
    any_: Annotated[list[StrictStr], Field(min_length=1, max_length=1)] | None = None


class _Tasks(_Part):
    any_: Annotated[list[StrictStr], Field(min_length=1, max_length=MAX_TASK_RUNS)] | None = None
    is_null_: StrictBool | None = None


class _Names(_Part):
    any_: list[StrictStr] | None = None


class _Text(_Part):
    query: Annotated[StrictStr, Field(max_length=200)]


class LogFilter(_Part):
    """Which lines are asked for; all parts must hold."""

    level: _Levels | None = None
    timestamp: _Times | None = None
    flow_run_id: _Runs | None = None
    task_run_id: _Tasks | None = None
    name: _Names | None = None
    text: _Text | None = None

    def fits(self, line: LogLine) -> bool:
        """Tell whether a line is what is asked for, whosever it is."""
        level, times, tasks = self.level or _Levels(), self.timestamp or _Times(), self.task_run_id or _Tasks()
        checks = (
            (level.ge_, lambda wanted: line.level >= wanted),
            (level.le_, lambda wanted: line.level <= wanted),
            (times.after_, lambda wanted: line.timestamp >= wanted),
            (times.before_, lambda wanted: line.timestamp <= wanted),
            (tasks.any_, lambda wanted: line.task_run_id in wanted),
            (tasks.is_null_, lambda wanted: (line.task_run_id is None) == wanted),
            (self.name and self.name.any_, lambda wanted: line.name in wanted),
            (self.text and self.text.query, lambda wanted: wanted.lower() in line.message.lower()),
        )
        return all(holds(wanted) for wanted, holds in checks if wanted is not None)


class _Query(_Part):
    logs: LogFilter | None = None
    sort: Annotated[StrictStr, Field(pattern=f"^({OLDEST}|{NEWEST})$")] | None = None


_lines: TypeAdapter[list[_Line]] = TypeAdapter(Annotated[list[_Line], Field(max_length=MAX_LINES)])


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes of logs."""

    @app.post("/logs")
    def keep() -> Response[Any]:
        by_run: dict[str, list[LogLine]] = defaultdict(list)
        for line in _checked(body_of(app)):
            task = known_id(line.task_run_id, "task run") if line.task_run_id else None
            run_id = known_id(line.flow_run_id, "flow run") if line.flow_run_id else task
            if run_id:  # a line of no run and no task has no place to be shown
                kept = LogLine(line.timestamp, line.level, line.name, line.message[:MAX_LINE_CHARS], task)
                by_run[run_id].append(kept)
        for run_id, lines in by_run.items():
            services.runs.add_logs(run_id, lines)
        return answer(201)

    @app.post("/logs/filter")
    def logs() -> Response[Any]:
        limit, offset = page_of(document := object_of(app))
        query = _query(document)
        found = _found(services, query.logs or LogFilter())[:: -1 if query.sort == NEWEST else 1]
        return answer(200, found[offset : offset + limit])

    @app.get("/flow_runs/<run_id>/logs/download")
    def download(run_id: str) -> Response[Any]:
        run = services.runs.get(known_id(run_id, "flow run"))
        if run is None:
            raise NotFound(f"There is no flow run {run_id}.")
        text = _as_csv(shown_lines(run.id, services.runs.logs(run.id)))
        name = quote(f"{run.name}-logs.csv", safe="")
        return Response(200, "text/csv", text, {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def shown_lines(run_id: str, lines: Sequence[LogLine]) -> list[dict[str, Any]]:
    """Return the lines of a run as the API shows them. Each has the id that it always has."""
    alike: Counter[LogLine] = Counter()
    shown = []
    for line in lines:
        alike[line] += 1
        moment = iso(line.timestamp)
        id_ = named_id("log", run_id, moment, str(line.level), line.name, line.message, str(alike[line]))
        shown.append(
            {
                "id": id_,
                "created": moment,
                "updated": moment,
                "timestamp": moment,
                "level": line.level,
                "name": line.name,
                "message": line.message,
                "flow_run_id": None if run_id == line.task_run_id else run_id,
                "task_run_id": line.task_run_id,
            }
        )
    return shown


def _found(services: Services, wanted: LogFilter) -> list[dict[str, Any]]:
    """Return the lines that are asked for: of one run as they were kept, of several by time."""
    found, run_ids = [], _runs_asked_for(services, wanted)
    for run_id in run_ids:
        lines = services.runs.logs(run_id)
        found += [shown for shown, line in zip(shown_lines(run_id, lines), lines, strict=True) if wanted.fits(line)]
    return found if len(run_ids) == 1 else sorted(found, key=lambda one: str(one["timestamp"]))


def _runs_asked_for(services: Services, wanted: LogFilter) -> list[str]:
    if wanted.flow_run_id and wanted.flow_run_id.any_:
        return [known_id(one, "flow run") for one in wanted.flow_run_id.any_]
    if not (wanted.task_run_id and wanted.task_run_id.any_):
        raise Rejected("No flow run given.", [Fault(("body", "logs", "flow_run_id"), NOT_GIVEN)])
    runs = []
    for one in wanted.task_run_id.any_:
        task = services.task_runs.get(known_id(one, "task run")) if services.task_runs else None
        runs.append(task.flow_run_id if task and task.flow_run_id else known_id(one, "task run"))
    return list(dict.fromkeys(runs))


def _as_csv(lines: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _query(document: Any) -> _Query:
    try:
        return _Query.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid filter.", faults_of(error, ("body",))) from None


def _checked(document: Any) -> list[_Line]:
    try:
        return _lines.validate_python(document)
    except ValidationError as error:
        raise Rejected("These are no log lines.", faults_of(error, ("body",))) from None
