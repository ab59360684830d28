"""Limits of tasks by their tags, in the shapes of Prefect's older `/concurrency_limits`.

The limit of a tag is the concurrency limit that is called `tag:<tag>`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.concurrency_limits import minimal
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.errors import Locked, NotFound
from whenflow.limits import Holder, Limit, LimitRegistry, tag_limit
from whenflow.limits.desk import LimitDesk
from whenflow.limits.inputs import MOST, LimitInput, LimitPatch
from whenflow.limits.model import OF_TAG

PREFIX = "/concurrency_limits"
TASK_RUN = "task_run"
LEASE = timedelta(days=1)
"""Old clients cannot renew: a task that is still at work after a day makes room."""


class TagLimitInput(BaseModel):
    """How many tasks with a tag may run at once."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tag: Annotated[StrictStr, Field(min_length=1, max_length=250, pattern=r"^[^/%&><\x00]+$")]
    concurrency_limit: Annotated[StrictInt, Field(ge=0, le=MOST)]


class TagSlotsInput(BaseModel):
    """A task run that takes a slot of each of its tags, or gives them back."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    names: Annotated[list[StrictStr], Field(max_length=100)]
    task_run_id: UUID


class ResetInput(BaseModel):
    """The task runs that hold slots from now on, and no others."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    slot_override: Annotated[list[UUID], Field(max_length=1_000)] | None = None


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/concurrency_limits`."""
    _add_reads(app, services.limits)
    _add_changes(app, services.limits)
    _add_slots(app, services.limits)


def _add_reads(app: APIGatewayHttpResolver, desk: LimitDesk) -> None:
    @app.post(f"{PREFIX}/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        found = [one for one in desk.registry.all() if one.name.startswith(OF_TAG)]
        return answer(200, _shown(found[offset : offset + limit], desk))

    @app.get(f"{PREFIX}/tag/<tag>")
    def of_tag(tag: str) -> Response[Any]:
        return answer(200, _shown([_of_tag(desk.registry, tag)], desk)[0])

    @app.get(f"{PREFIX}/<limit_id>")
    def one(limit_id: str) -> Response[Any]:
        return answer(200, _shown([_of_id(desk.registry, limit_id)], desk)[0])


def _add_changes(app: APIGatewayHttpResolver, desk: LimitDesk) -> None:
    registry = desk.registry

    @app.post(PREFIX)
    def upsert() -> Response[Any]:
        given = checked(TagLimitInput, object_of(app), "concurrency limit")
        try:
            present = registry.find(tag_limit(given.tag))
        except NotFound:
            made = registry.create(LimitInput(name=tag_limit(given.tag), limit=given.concurrency_limit))
            return answer(201, _shown([made], desk)[0])
        changed = registry.change(present, LimitPatch(limit=given.concurrency_limit))
        return answer(200, _shown([changed], desk)[0])

    @app.post(f"{PREFIX}/tag/<tag>/reset")
    def reset(tag: str) -> Response[Any]:
        holders = checked(ResetInput, object_of(app), "reset").slot_override or ()
        limit = _of_tag(desk.registry, tag)
        registry.set_taken(limit, 0)
        for task_run_id in holders:
            desk.book.take([limit.name], 1, lease=LEASE, holder=Holder(TASK_RUN, str(task_run_id)))
        return answer(200)

    @app.delete(f"{PREFIX}/tag/<tag>")
    def delete_of_tag(tag: str) -> Response[Any]:
        registry.delete(_of_tag(registry, tag))
        return answer(200)

    @app.delete(f"{PREFIX}/<limit_id>")
    def delete(limit_id: str) -> Response[Any]:
        registry.delete(_of_id(registry, limit_id))
        return answer(200)


def _add_slots(app: APIGatewayHttpResolver, desk: LimitDesk) -> None:
    @app.post(f"{PREFIX}/increment")
    def increment() -> Response[Any]:
        given = checked(TagSlotsInput, object_of(app), "request for slots")
        for limit in _there(desk.registry, given.names):
            if not limit.limit:
                raise Locked(f"The limit on tag '{limit.name.removeprefix(OF_TAG)}' is 0: no such task may run.")
        holder = Holder(TASK_RUN, str(given.task_run_id))
        taken = desk.book.take(map(tag_limit, given.names), 1, lease=LEASE, holder=holder)
        return answer(200, minimal(taken.limits))

    @app.post(f"{PREFIX}/decrement")
    def decrement() -> Response[Any]:
        given = checked(TagSlotsInput, object_of(app), "return of slots")
        return answer(200, minimal(desk.book.give_back_of(map(tag_limit, given.names), str(given.task_run_id))))


def _there(registry: LimitRegistry, tags: Sequence[str]) -> list[Limit]:
    wanted = set(map(tag_limit, tags))
    return [one for one in registry.all() if one.name in wanted and one.active] if wanted else []


def _of_tag(registry: LimitRegistry, tag: str) -> Limit:
    return registry.find(tag_limit(unquote(tag)))


def _of_id(registry: LimitRegistry, limit_id: str) -> Limit:
    limit = registry.find(known_id(limit_id, "concurrency limit"))
    if not limit.name.startswith(OF_TAG):
        raise NotFound(f"There is no concurrency limit of a tag {limit_id}.")
    return limit


def _shown(limits: Sequence[Limit], desk: LimitDesk) -> list[dict[str, Any]]:
    holders = desk.book.holders(limits)
    return [
        {
            **{name: value for name, value in limit.as_stored().items() if name in ("id", "created", "updated")},
            "tag": limit.name.removeprefix(OF_TAG),
            "concurrency_limit": limit.limit,
            "active_slots": [one.id for one in holders[limit.id][1] if one.type == TASK_RUN],
        }
        for limit in limits
    ]
