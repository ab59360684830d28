"""Work pools over HTTP: where runs are launched. Two are in every stack; others add job variables of their own."""

from collections.abc import Mapping
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.filters import query_of
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.deployments.model import MAX_LIMIT, Name, Object, checked
from whenflow.deployments.pools import (
    POOL,
    own_pools,
    pool_id_of,
    queue_id_of,
    read_work_pool,
    store,
)
from whenflow.errors import Conflict, NotFound, Stale, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, iso
from whenflow.ports import Stored, check_seen
from whenflow.runs.targets import TYPES, WORK_POOLS

TRIES = 8
CLEARED_BY_NULL = frozenset({"concurrency_limit"})


def _known(type_: str) -> str:
    if type_ not in TYPES:
        raise ValueError(f"a work pool is of one of the types {', '.join(sorted(TYPES))}")
    return type_


class _Patch(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    description: StrictStr | None = None
    is_paused: StrictBool | None = None
    base_job_template: Object = {}
    concurrency_limit: Annotated[StrictInt, Field(ge=0, le=MAX_LIMIT)] | None = None


class _Pool(_Patch):
    name: Name
    type: Annotated[StrictStr, AfterValidator(_known)]


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/work_pools`."""
    _add_reads(app, services)
    _add_changes(app, services)


def _add_reads(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/work_pools/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        return answer(200, _wanted(services, document)[offset : offset + limit])

    @app.post("/work_pools/count")
    def count() -> Response[Any]:
        return answer(200, len(_wanted(services, object_of(app))))

    @app.get("/work_pools/<name>")
    def one(name: str) -> Response[Any]:
        found = _found(services, name)
        return answer(200, shown(found.document), tagged(found))


def _add_changes(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/work_pools")
    def create() -> Response[Any]:
        given = checked(_Pool, object_of(app), "work pool")
        if given.name in WORK_POOLS:
            raise Conflict(f"There is a work pool {given.name} in every stack.")
        now = iso(services.clock.now())
        pool = given.model_dump(mode="json") | {"id": pool_id_of(given.name), "created": now, "updated": now}
        pool["is_paused"] = bool(given.is_paused)
        services.config.create(POOL, pool["id"], pool)
        _tell(services, "created", pool)
        return answer(201, shown(pool))

    @app.patch("/work_pools/<name>")
    def patch(name: str) -> Response[Any]:
        given = checked(_Patch, object_of(app), "change of a work pool").model_dump(mode="json", exclude_unset=True)
        changes = {field: value for field, value in given.items() if value is not None or field in CLEARED_BY_NULL}
        _change(services, name, changes, if_match(app))
        return answer(204)

    @app.delete("/work_pools/<name>")
    def delete(name: str) -> Response[Any]:
        found, over = _found(services, name), if_match(app)
        check_seen(found, over, f"work pool {name}")
        pool = found.document
        if name in WORK_POOLS:
            raise Conflict(f"The work pool {name} is in every stack.")
        if any(one["work_pool_name"] == name for one in services.config.all("deployment")):
            raise Conflict(f"Deployments use the work pool {name}: move or delete those first.")
        services.config.delete(POOL, pool["id"], over=over)
        _tell(services, "deleted", pool)
        return answer(204)


def shown(pool: dict[str, Any]) -> dict[str, Any]:
    """Return a work pool as the API shows it."""
    return {
        "description": None,
        "base_job_template": {},
        "concurrency_limit": None,
        "default_queue_id": queue_id_of(pool["name"]),
        "status": "PAUSED" if pool["is_paused"] else "READY",
        "created": None,
        "updated": None,
    } | pool


def _change(services: Services, name: str, changes: Mapping[str, Any], over: str | None) -> None:
    """Change a pool as it is now; where somebody else is faster, both changes hold."""
    for _ in range(TRIES):
        found = _found(services, name)
        check_seen(found, over, f"work pool {name}")
        changed = {**found.document, **changes, "updated": iso(services.clock.now())}
        try:
            store(services.config, POOL, found, changed)
        except Stale:
            continue
        _tell_of(services, found.document, changed)
        return
    raise Transient(f"The work pool {name} changed under every one of {TRIES} tries.")


def _tell_of(services: Services, present: dict[str, Any], changed: dict[str, Any]) -> None:
    if present["is_paused"] != changed["is_paused"]:
        _tell(services, "paused" if changed["is_paused"] else "ready", changed)
    elif present | {"updated": None} != changed | {"updated": None}:
        _tell(services, "updated", changed)


def _pool(services: Services, name: str) -> dict[str, Any]:
    return _found(services, name).document


def _found(services: Services, name: str) -> Stored:
    found = read_work_pool(services.config, pool_id_of(name))
    if found is None:
        raise NotFound(f"There is no work pool {name}.")
    return found


def _wanted(services: Services, document: dict[str, Any]) -> list[dict[str, Any]]:
    asked = query_of(document, ()).work_pools
    pools = {one["id"]: one for one in (*own_pools(), *services.config.all(POOL))}
    found = sorted(pools.values(), key=lambda one: str(one["name"]))
    return [shown(one) for one in found if asked is None or asked.fits(one)]


def _tell(services: Services, happened: str, pool: dict[str, Any]) -> None:
    now, resource_id = services.clock.now(), f"prefect.work-pool.{pool['id']}"
    services.events.put(
        Event(
            id=services.ids.event_id(now, resource_id),
            occurred=now,
            event=f"prefect.work-pool.{happened}",
            resource={RESOURCE_ID: resource_id, RESOURCE_NAME: pool["name"], "prefect.work-pool.type": pool["type"]},
            received=now,
        )
    )
