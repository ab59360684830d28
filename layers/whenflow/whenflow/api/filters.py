"""Filters of list calls (SPEC 7.5): atoms such as `{"any_": […]}` on fields, all of which must hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from whenflow.errors import Fault, Rejected
from whenflow.events.validation import Instant, faults_of

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
OR = "or_"


def _text(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise ValueError("give a date and time as text, such as 2026-11-20T12:00:00Z")
    return value


Moment = Annotated[Instant, BeforeValidator(_text)]


class Atom(BaseModel):
    """What one field must be; where several are given, all of them.

    Attributes:
        any_: One of these.
        not_any_: None of these.
        like_: Contains this text, in whatever case.
        all_: Has all of these.
        is_null_: Is not set, or is empty; or, if false, is.
        before_: Then or earlier.
        after_: Then or later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operator: Literal["and_", "or_"] | None = None
    any_: list[StrictStr] | None = None
    not_any_: list[StrictStr] | None = None
    like_: StrictStr | None = None
    all_: list[StrictStr] | None = None
    is_null_: StrictBool | None = None
    eq_: StrictBool | None = None
    before_: Moment | None = None
    after_: Moment | None = None

    def fits(self, value: Any) -> bool:
        """Tell whether a field is what this asks for."""
        several = set(value) if isinstance(value, list | tuple | set) else {value} - {None}
        given = [
            (self.any_, lambda: bool(several & set(self.any_ or ()))),
            (self.not_any_, lambda: not several & set(self.not_any_ or ())),
            (self.like_, lambda: (self.like_ or "").lower() in str(value or "").lower()),
            (self.all_, lambda: several >= set(self.all_ or ())),
            (self.is_null_, lambda: (not several) == self.is_null_),
            (self.eq_, lambda: bool(value) == self.eq_),
            (self.before_, lambda: value is not None and value <= self.before_),
            (self.after_, lambda: value is not None and value >= self.after_),
        ]
        return _together(self.operator, [holds for asked, holds in given if asked is not None])


class Filter(BaseModel):
    """Atoms by field. What is asked for and how a thing answers to it are joined by the field's name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operator: Literal["and_", "or_"] | None = None

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a thing with these fields is what this asks for."""
        asked = {name: getattr(self, name) for name in type(self).model_fields if name != "operator"}
        given = [(one, values.get(name)) for name, one in asked.items() if one is not None]
        return _together(self.operator, [_bound(one, value) for one, value in given])


class NamedFilter(Filter):
    """Asks for things by id and name."""

    id: Atom | None = None
    name: Atom | None = None


def _bound(one: Any, value: Any) -> Callable[[], bool]:
    return lambda: bool(one.fits(value))


def _together(operator: str | None, holds: Sequence[Callable[[], bool]]) -> bool:
    if not holds:
        return True
    return any(one() for one in holds) if operator == OR else all(one() for one in holds)


class PoolFilter(NamedFilter):
    """Asks for work pools."""

    type: Atom | None = None


class FlowFilter(NamedFilter):
    """Asks for flows."""

    tags: Atom | None = None


class DeploymentFilter(NamedFilter):
    """Asks for deployments."""

    flow_or_deployment_name: Atom | None = None
    paused: Atom | None = None
    tags: Atom | None = None
    work_queue_name: Atom | None = None
    concurrency_limit: Atom | None = None


class StateFilter(Filter):
    """Asks for states by type and name."""

    type: Atom | None = None
    name: Atom | None = None


class FlowRunFilter(NamedFilter):
    """Asks for flow runs."""

    tags: Atom | None = None
    deployment_id: Atom | None = None
    work_queue_name: Atom | None = None
    state: StateFilter | None = None
    flow_version: Atom | None = None
    start_time: Atom | None = None
    end_time: Atom | None = None
    expected_start_time: Atom | None = None
    next_scheduled_start_time: Atom | None = None
    parent_task_run_id: Atom | None = None
    parent_flow_run_id: Atom | None = None
    idempotency_key: Atom | None = None


class Query(BaseModel):
    """The body of a list call; keys that it does not know are ignored, filters on what is unknown are not."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    flows: FlowFilter | None = None
    flow_runs: FlowRunFilter | None = None
    deployments: DeploymentFilter | None = None
    work_pools: PoolFilter | None = None
    sort: StrictStr | None = None
    limit: Any = Field(default=None)
    offset: Any = Field(default=None)
    page_token: StrictStr | None = None


def query_of(document: Mapping[str, Any], sorts: Iterable[str]) -> Query:
    """Return what a list call asks for.

    Raises:
        Rejected: With every fault and its place.
    """
    try:
        query = Query.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid filter.", faults_of(error, ("body",))) from None
    if query.sort is not None and query.sort not in set(sorts):
        reason = f"sort must be one of {', '.join(sorts)}"
        raise Rejected("This is not a valid filter.", [Fault(("body", "sort"), reason)])
    return query


def sorted_by(found: Iterable[T], key: Callable[[T], Any], *, descending: bool) -> list[T]:
    """Return things in the order of a field; what lacks it comes last."""
    have = [one for one in found if key(one) is not None]
    lack = [one for one in found if key(one) is None]
    return sorted(have, key=key, reverse=descending) + lack
