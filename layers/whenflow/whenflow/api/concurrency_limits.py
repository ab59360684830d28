"""Concurrency limits over HTTP, in the shapes of Prefect's `/v2/concurrency_limits`.

Slots that are not free now: 423 with `Retry-After`.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.limits import Holder, Limit, LimitBook, LimitFacts, LimitRegistry, Mode
from whenflow.limits.inputs import LimitInput, LimitPatch

PREFIX = "/v2/concurrency_limits"
GONE = 410
LEASE_SECONDS = 300.0


def _or(default: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: default if value is None else value)


Names = Annotated[list[StrictStr], Field(min_length=1, max_length=100)]
Slots = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(ge=60, le=86_400, strict=True), _or(LEASE_SECONDS)]


class HolderInput(BaseModel):
    """Who takes slots."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["flow_run", "task_run", "deployment"]
    id: UUID


class SlotsInput(BaseModel):
    """A request for slots of some limits, of each as many."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    names: Names
    slots: Slots
    mode: Annotated[Mode, _or(Mode.CONCURRENCY)] = Mode.CONCURRENCY


class LeasedSlotsInput(SlotsInput):
    """A request for slots with a lease, of a minute to a day."""

    lease_duration: Seconds = LEASE_SECONDS
    holder: HolderInput | None = None


class ReturnedSlotsInput(BaseModel):
    """Slots that were taken without a lease and are given back."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    names: Names
    slots: Slots


class LeaseInput(BaseModel):
    """A lease that is given back."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lease_id: UUID


class RenewalInput(BaseModel):
    """For how long a lease is to go on, from now."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lease_duration: Seconds = LEASE_SECONDS


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/v2/concurrency_limits`."""
    desk = services.limits
    _add_reads(app, desk.registry, desk.book)
    _add_changes(app, desk.registry)
    _add_slots(app, desk.book)
    _add_leases(app, desk.book)


def _add_reads(app: APIGatewayHttpResolver, registry: LimitRegistry, book: LimitBook) -> None:
    @app.post(f"{PREFIX}/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        return answer(200, _shown(registry.all()[offset : offset + limit], book))

    @app.get(f"{PREFIX}/<id_or_name>")
    def one(id_or_name: str) -> Response[Any]:
        return answer(200, _shown([registry.find(unquote(id_or_name))], book)[0])


def _add_changes(app: APIGatewayHttpResolver, registry: LimitRegistry) -> None:
    @app.post(PREFIX)
    def create() -> Response[Any]:
        given = checked(LimitInput, object_of(app), "concurrency limit")
        return answer(201, shown(registry.create(given), given.active_slots))

    @app.patch(f"{PREFIX}/<id_or_name>")
    def patch(id_or_name: str) -> Response[Any]:
        given = checked(LimitPatch, object_of(app), "change of a concurrency limit")
        registry.change(registry.find(unquote(id_or_name)), given)
        return answer(204)

    @app.delete(f"{PREFIX}/<id_or_name>")
    def delete(id_or_name: str) -> Response[Any]:
        registry.delete(registry.find(unquote(id_or_name)))
        return answer(204)


def _add_slots(app: APIGatewayHttpResolver, book: LimitBook) -> None:
    @app.post(f"{PREFIX}/increment")
    def increment() -> Response[Any]:
        given = checked(SlotsInput, object_of(app), "request for slots")
        return answer(200, minimal(book.take(given.names, given.slots, given.mode).limits))

    @app.post(f"{PREFIX}/decrement")
    def decrement() -> Response[Any]:
        given = checked(ReturnedSlotsInput, object_of(app), "return of slots")
        return answer(200, minimal(book.give_back_loose(given.names, given.slots)))


def _add_leases(app: APIGatewayHttpResolver, book: LimitBook) -> None:
    @app.post(f"{PREFIX}/increment-with-lease")
    def increment() -> Response[Any]:
        given = checked(LeasedSlotsInput, object_of(app), "request for slots")
        holder = Holder(given.holder.type, str(given.holder.id)) if given.holder else None
        lease = timedelta(seconds=given.lease_duration)
        taken = book.take(given.names, given.slots, given.mode, lease, holder)
        return answer(200, {"lease_id": taken.lease_id, "limits": minimal(taken.limits)})

    @app.post(f"{PREFIX}/decrement-with-lease")
    def decrement() -> Response[Any]:
        book.give_back(str(checked(LeaseInput, object_of(app), "return of slots").lease_id))
        return answer(204)

    @app.post(f"{PREFIX}/leases/<lease_id>/renew")
    def renew(lease_id: str) -> Response[Any]:
        seconds = checked(RenewalInput, object_of(app), "renewal of a lease").lease_duration
        if book.renew(known_id(lease_id, "lease"), timedelta(seconds=seconds)):
            return answer(204)
        return answer(GONE, {"detail": "There is no such lease: it has run out, or was given back."})


def shown(limit: Limit, active_slots: int) -> dict[str, Any]:
    """Return a limit as the API shows it."""
    return limit.as_stored() | {"active_slots": active_slots}


def minimal(limits: Iterable[LimitFacts]) -> list[dict[str, Any]]:
    """Return what somebody who takes slots is told of the limits."""
    return [{"id": one.id, "name": one.name, "limit": one.limit} for one in limits]


def _shown(limits: Sequence[Limit], book: LimitBook) -> list[dict[str, Any]]:
    holders = book.holders(limits)
    return [shown(limit, holders[limit.id][0]) for limit in limits]
