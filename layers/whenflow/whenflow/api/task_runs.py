"""Task runs over HTTP, in the shapes of SPEC 6.7."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.new_task_runs import book_of
from whenflow.api.run_figures import History, figures_of_task, history_of
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.errors import NotFound
from whenflow.events.validation import Instant
from whenflow.runs.task_run_book import TaskRunBook
from whenflow.runs.task_runs import TaskRun

RUNS_LOOKED_AT = 100


class _OneOf(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    any_: list[StrictStr] | None = None
    is_null_: StrictBool | None = None


class _Names(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    any_: list[StrictStr] | None = None
    like_: StrictStr | None = None


class _States(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: _OneOf | None = None
    name: _OneOf | None = None


class _Times(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    before_: Instant | None = None
    after_: Instant | None = None


class _TaskRuns(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: _OneOf | None = None
    flow_run_id: _OneOf | None = None
    name: _Names | None = None
    state: _States | None = None
    start_time: _Times | None = None


class _FlowRuns(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: _OneOf | None = None


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    task_runs: _TaskRuns | None = None
    flow_runs: _FlowRuns | None = None
    sort: StrictStr | None = None


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes that read task runs and their states."""

    @app.post("/task_runs/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        found = islice(_found(book_of(services), services, document), offset, offset + limit)
        return answer(200, [one.as_document() for one in found])

    @app.post("/task_runs/count")
    def count() -> Response[Any]:
        return answer(200, sum(1 for _ in _found(book_of(services), services, object_of(app))))

    @app.post("/task_runs/history")
    def history() -> Response[Any]:
        document = object_of(app)
        asked = checked(History, document, "history")
        return answer(200, history_of(asked, map(figures_of_task, _found(book_of(services), services, document))))

    @app.get("/task_runs/<task_run_id>")
    def one(task_run_id: str) -> Response[Any]:
        return answer(200, _one(services, task_run_id).as_document())

    @app.get("/task_run_states")
    def states() -> Response[Any]:
        id_ = app.current_event.get_query_string_value("task_run_id") or ""
        return answer(200, [state.as_document() for state in _one(services, id_).states])


def _one(services: Services, task_run_id: str) -> TaskRun:
    found = book_of(services).get(known_id(task_run_id, "task run"))
    if found is None:
        raise NotFound(f"There is no task run {task_run_id}.")
    return found


def _found(book: TaskRunBook, services: Services, document: dict[str, Any]) -> Iterator[TaskRun]:
    """Yield the task runs that are asked for, newest first unless another order is asked for.

    They are looked for by their ids, or in the flow runs that are named; else in the newest flow runs, and among those
    of the last days that stand alone.
    """
    query = checked(_Query, document, "filter")
    wanted = query.task_runs or _TaskRuns()
    rows = [one for one in _candidates(book, services, query, wanted) if _is_wanted(one, wanted)]
    rows.sort(key=lambda row: (row.states[0].timestamp, row.id), reverse=not (query.sort or "").endswith("_ASC"))
    yield from rows


def _candidates(book: TaskRunBook, services: Services, query: _Query, wanted: _TaskRuns) -> Iterator[TaskRun]:
    if wanted.id and wanted.id.any_ is not None:
        ids = dict.fromkeys(known_id(one, "task run") for one in wanted.id.any_)
        yield from (row for id_ in ids if (row := book.get(id_)))
        return
    given = wanted.flow_run_id.any_ if wanted.flow_run_id else None
    named = query.flow_runs.id.any_ if query.flow_runs and query.flow_runs.id else None
    if given is not None or named is not None:
        chosen = dict.fromkeys(known_id(one, "flow run") for one in given or named or ())
        for run_id in chosen:
            if named is None or run_id in named:
                yield from book.of_flow_run(run_id)
        return
    alone_only = wanted.flow_run_id.is_null_ if wanted.flow_run_id else None
    if not alone_only:
        for run in services.runs.newest(RUNS_LOOKED_AT):
            yield from book.of_flow_run(run.id)
    if alone_only is not False:
        yield from book.alone(services.clock.now())


def _is_wanted(row: TaskRun, wanted: _TaskRuns) -> bool:
    state = wanted.state or _States()
    times = wanted.start_time or _Times()
    names = wanted.name or _Names()
    return (
        _is_one_of(str(row.state.type), state.type)
        and _is_one_of(row.state.name, state.name)
        and _is_one_of(row.flow_run_id, wanted.flow_run_id)
        and (names.any_ is None or row.name in names.any_)
        and (names.like_ is None or names.like_.lower() in row.name.lower())
        and _is_within(row.start_time, times)
    )


def _is_one_of(value: str | None, wanted: _OneOf | None) -> bool:
    if wanted is None:
        return True
    if wanted.is_null_ is not None and wanted.is_null_ != (value is None):
        return False
    return wanted.any_ is None or value in wanted.any_


def _is_within(moment: datetime | None, wanted: _Times) -> bool:
    if wanted.before_ is None and wanted.after_ is None:
        return True
    if moment is None:
        return False
    return (wanted.before_ is None or moment <= wanted.before_) and (wanted.after_ is None or moment >= wanted.after_)
