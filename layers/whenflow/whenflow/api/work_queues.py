"""Work queues over HTTP: parts of work pools that can be paused on their own."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.flow_runs import as_document
from whenflow.api.services import Services
from whenflow.deployments.model import Name, Tags, checked
from whenflow.deployments.pools import DEFAULT_QUEUE, QUEUE, pool_id_of, pool_named, queue_id_of, store
from whenflow.deployments.queues import all_queues, filled, pool_names, queues_of
from whenflow.errors import Conflict, NotFound, Stale, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, iso
from whenflow.events.validation import Instant
from whenflow.ports import Stored
from whenflow.runs import FlowRun

TRIES = 8
NO_LIMIT = "queues have no limit of their own: give their work pool or their deployments a concurrency_limit"


def _none(value: Any) -> Any:
    if value is not None:
        raise ValueError(NO_LIMIT)
    return value


class QueuePatch(BaseModel):
    """What changes of a queue; what is left out stays. Its priority is kept, and changes nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    description: StrictStr | None = None
    is_paused: StrictBool | None = None
    priority: Annotated[StrictInt, Field(ge=1, le=1_000)] | None = None
    concurrency_limit: Annotated[Any, AfterValidator(_none)] = None


class QueueInput(QueuePatch):
    """A queue as a client sends it."""

    name: Name


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    any_: list[StrictStr] | None = None
    startswith_: list[StrictStr] | None = None


class _Ids(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    any_: list[StrictStr] | None = None


class _Filter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    operator: StrictStr | None = None
    id: _Ids | None = None
    name: _Names | None = None

    def fits(self, queue: dict[str, Any]) -> bool:
        """Tell whether a queue is what is asked for."""
        names, ids = self.name or _Names(), self.id or _Ids()
        return (
            (ids.any_ is None or queue["id"] in ids.any_)
            and (names.any_ is None or queue["name"] in names.any_)
            and (names.startswith_ is None or queue["name"].startswith(tuple(names.startswith_)))
        )


class QueueQuery(BaseModel):
    """A request for queues."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    work_queues: _Filter | None = None


class ComingQuery(BaseModel):
    """A request for the runs that will be launched until then."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    work_queue_names: Tags = []
    scheduled_before: Instant | None = None


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/work_queues` and `/work_pools/<name>/queues`."""
    _add_of_pools(app, services)
    _add_by_name(app, services)
    _add_by_id(app, services)
    _add_previews(app, services)


def _add_of_pools(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/work_pools/<name>/queues/filter")
    def of_pool(name: str) -> Response[Any]:
        pool = _pool(services, unquote(name))
        return _page(object_of(app), queues_of(services.config, pool))

    @app.post("/work_queues/filter")
    def some() -> Response[Any]:
        return _page(object_of(app), all_queues(services.config, pool_names(services.config)))

    @app.post("/work_pools/<name>/queues")
    def create(name: str) -> Response[Any]:
        pool = _pool(services, unquote(name))
        given = checked(QueueInput, object_of(app), "work queue")
        if given.name == DEFAULT_QUEUE:
            raise Conflict(f"Every work pool has a queue {DEFAULT_QUEUE}.")
        now = iso(services.clock.now())
        wanted = given.model_dump(mode="json", exclude_none=True)
        queue = filled({"work_pool_name": pool, "created": now, "updated": now, **wanted})
        services.config.create(QUEUE, queue["id"], queue)
        return answer(201, shown(queue))

    @app.post("/work_queues")
    def create_nowhere() -> Response[Any]:
        given = checked(QueueInput, object_of(app), "work queue")
        raise NotFound(f"In which work pool? POST /work_pools/<name>/queues makes the queue {given.name} in it.")


def _add_by_name(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.get("/work_queues/name/<queue>")
    def named(queue: str) -> Response[Any]:
        every = all_queues(services.config, pool_names(services.config))
        found = [one for one in every if one["name"] == unquote(queue)]
        if len(found) == 1:
            return answer(200, shown(found[0]))
        pools = ", ".join(one["work_pool_name"] for one in found)
        told = f"Several work pools have a queue {queue}: {pools}." if found else f"There is no work queue {queue}."
        raise NotFound(told)

    @app.get("/work_pools/<name>/queues/<queue>")
    def one(name: str, queue: str) -> Response[Any]:
        return answer(200, shown(_queue_of(services, name, queue)))

    @app.patch("/work_pools/<name>/queues/<queue>")
    def patch(name: str, queue: str) -> Response[Any]:
        _change(services, _queue_of(services, name, queue), object_of(app))
        return answer(204)

    @app.delete("/work_pools/<name>/queues/<queue>")
    def delete(name: str, queue: str) -> Response[Any]:
        _delete(services, _queue_of(services, name, queue))
        return answer(204)


def _add_by_id(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.get("/work_queues/<queue_id>")
    def one(queue_id: str) -> Response[Any]:
        return answer(200, shown(_queue(services, queue_id)))

    @app.patch("/work_queues/<queue_id>")
    def patch(queue_id: str) -> Response[Any]:
        _change(services, _queue(services, queue_id), object_of(app))
        return answer(204)

    @app.delete("/work_queues/<queue_id>")
    def delete(queue_id: str) -> Response[Any]:
        _delete(services, _queue(services, queue_id))
        return answer(204)


def _add_previews(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/work_pools/<name>/get_scheduled_flow_runs")
    def of_pool(name: str) -> Response[Any]:
        pool, document = _pool(services, unquote(name)), object_of(app)
        wanted = checked(ComingQuery, document, "request")
        queues = set(wanted.work_queue_names) or None
        found = [run for run in _coming(services, wanted, pool) if queues is None or _queue_name(run) in queues]
        ids = {"work_pool_id": pool_id_of(pool)}
        told = [{**ids, "work_queue_id": _queue_id(run), "flow_run": as_document(run)} for run in found]
        return answer(200, told[: page_of(document)[0]])

    @app.post("/work_queues/<queue_id>/get_runs")
    def of_queue(queue_id: str) -> Response[Any]:
        queue, document = _queue(services, queue_id), object_of(app)
        wanted = checked(ComingQuery, document, "request")
        coming = _coming(services, wanted, queue["work_pool_name"])
        found = [as_document(run) for run in coming if _queue_id(run) == queue["id"]]
        return answer(200, found[: page_of(document)[0]])


def _coming(services: Services, wanted: "ComingQuery", pool_name: str) -> list[FlowRun]:
    """Return the runs of a pool that will be launched by then; not those that are launched within a minute.

    Whenflow launches them. A worker, which asks for what is due now, would launch them a second time.
    """
    soon = services.clock.now() + timedelta(minutes=1)
    due = services.runs.get_all(one.run_id for one in services.runs.due(wanted.scheduled_before or soon))
    found = [run for run in due if run.work_pool_name == pool_name and run.due and run.due > soon]
    return sorted(found, key=lambda run: run.expected_start_time)


def _queue_name(run: FlowRun) -> str:
    return run.work_queue_name or DEFAULT_QUEUE


def _queue_id(run: FlowRun) -> str:
    return queue_id_of(str(run.work_pool_name), _queue_name(run))


def shown(queue: dict[str, Any]) -> dict[str, Any]:
    """Return a queue as the API shows it."""
    return queue | {
        "status": "PAUSED" if queue["is_paused"] else "READY",
        "concurrency_limit": None,
        "last_polled": None,
        "filter": None,
    }


def _page(document: dict[str, Any], queues: list[dict[str, Any]]) -> Response[Any]:
    limit, offset = page_of(document)
    wanted = checked(QueueQuery, document, "filter").work_queues
    found = [shown(one) for one in queues if wanted is None or wanted.fits(one)]
    return answer(200, found[offset : offset + limit])


def _pool(services: Services, name: str) -> str:
    if pool_named(services.config, name) is None:
        raise NotFound(f"There is no work pool {name}.")
    return name


def _queue(services: Services, queue_id: str) -> dict[str, Any]:
    wanted = known_id(queue_id, "work queue")
    every = all_queues(services.config, pool_names(services.config))
    found = next((one for one in every if one["id"] == wanted), None)
    if found is None:
        raise NotFound(f"There is no work queue {queue_id}.")
    return found


def _queue_of(services: Services, pool_name: str, name: str) -> dict[str, Any]:
    pool = _pool(services, unquote(pool_name))
    wanted = queue_id_of(pool, unquote(name))
    found = next((one for one in queues_of(services.config, pool) if one["id"] == wanted), None)
    if found is None:
        raise NotFound(f"The work pool {pool} has no queue {name}.")
    return found


def _change(services: Services, queue: dict[str, Any], document: dict[str, Any]) -> None:
    """Change a queue as it is now; where somebody else is faster, both changes hold."""
    given = checked(QueuePatch, document, "change of a work queue")
    changes = given.model_dump(mode="json", exclude_none=True)
    if not changes:
        return
    for _ in range(TRIES):
        found = _latest(services, queue)
        present = filled(found.document)
        changed = present | changes | {"updated": iso(services.clock.now())}
        try:
            store(services.config, QUEUE, found, changed)
        except Stale:
            continue
        if changed["is_paused"] != present["is_paused"]:
            _tell(services, "paused" if changed["is_paused"] else "ready", changed)
        return
    raise Transient(f"The work queue {queue['name']} changed under every one of {TRIES} tries.")


def _latest(services: Services, queue: dict[str, Any]) -> Stored:
    """Return a queue as it is now, with its revision; one that is in every pool need not be stored."""
    found = services.config.read(QUEUE, queue["id"])
    if found is None and queue["name"] != DEFAULT_QUEUE:
        raise NotFound(f"There is no work queue {queue['name']}.")
    return found or Stored({"name": DEFAULT_QUEUE, "work_pool_name": queue["work_pool_name"]}, None)


def _delete(services: Services, queue: dict[str, Any]) -> None:
    if queue["name"] == DEFAULT_QUEUE:
        raise Conflict(f"Every work pool has a queue {DEFAULT_QUEUE}.")
    place = (queue["work_pool_name"], queue["name"])
    used = (
        one for one in services.config.all("deployment") if (one["work_pool_name"], one["work_queue_name"]) == place
    )
    if any(used):
        raise Conflict(f"Deployments use the work queue {queue['name']}: move or delete those first.")
    services.config.delete(QUEUE, queue["id"])


def _tell(services: Services, happened: str, queue: dict[str, Any]) -> None:
    now, resource_id = services.clock.now(), f"prefect.work-queue.{queue['id']}"
    pool_id = f"prefect.work-pool.{queue['work_pool_id']}"
    services.events.put(
        Event(
            id=services.ids.event_id(now, resource_id),
            occurred=now,
            event=f"prefect.work-queue.{happened}",
            resource={RESOURCE_ID: resource_id, RESOURCE_NAME: queue["name"]},
            related=({RESOURCE_ID: pool_id, RESOURCE_ROLE: "work-pool", RESOURCE_NAME: queue["work_pool_name"]},),
            received=now,
        )
    )
