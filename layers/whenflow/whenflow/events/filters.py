"""Filters of the feed (SPEC 7.2): all parts hold together, the items of a list are alternatives."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from whenflow.errors import Rejected
from whenflow.events.labels import RESOURCE_ID, RESOURCE_ROLE, Labels
from whenflow.events.model import Event
from whenflow.events.patterns import satisfies
from whenflow.events.text_query import MAX_QUERY_CHARS, TextQuery, text_query
from whenflow.events.validation import Instant, faults_of

DEFAULT_REACH = timedelta(days=180)
MAX_IDS = 1_000

T = TypeVar("T")


def _no_null(value: Any) -> Any:
    """Take null for what is left out, as every client of Prefect's does."""
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if one is not None}
    return value


def _listed(value: Any) -> Any:
    return [] if value is None else value if isinstance(value, list) else [value]


Texts = list[str]
LabelSpecification = dict[str, str | list[str]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class Occurred(_Part):
    """When; both ends belong to it."""

    since: Instant | None = None
    until: Instant | None = None


class Name(_Part):
    """Which event names."""

    prefix: Texts = []
    exclude_prefix: Texts = []
    name: Texts = []
    exclude_name: Texts = []

    def fits(self, name: str) -> bool:
        """Tell whether a name is one of those."""
        if (self.name and name not in self.name) or (self.prefix and not name.startswith(tuple(self.prefix))):
            return False
        return name not in self.exclude_name and not name.startswith(tuple(self.exclude_prefix))

    @property
    def asks_nothing(self) -> bool:
        """Whether every name fits."""
        return not (self.prefix or self.exclude_prefix or self.name or self.exclude_name)


class AnyResource(_Part):
    """Some resource of an event, primary or related."""

    id: Texts = []
    id_prefix: Texts = []
    labels: LabelSpecification | None = None

    def fits(self, labels: Labels) -> bool:
        """Tell whether a resource is one of those."""
        id_ = labels.get(RESOURCE_ID, "")
        if (self.id and id_ not in self.id) or (self.id_prefix and not id_.startswith(tuple(self.id_prefix))):
            return False
        return self.labels is None or satisfies(labels, self.labels)


class Resource(AnyResource):
    """The primary resource.

    Attributes:
        distinct: Only the newest event of each resource.
    """

    distinct: bool = False


class Related(_Part):
    """Some related resource."""

    id: Texts = []
    role: Texts = []
    resources_in_roles: list[tuple[str, str]] = []
    labels: LabelSpecification | None = None

    def fits(self, labels: Labels) -> bool:
        """Tell whether a resource is one of those."""
        id_, role = labels.get(RESOURCE_ID, ""), labels.get(RESOURCE_ROLE, "")
        if (self.id and id_ not in self.id) or (self.role and role not in self.role):
            return False
        if self.resources_in_roles and (id_, role) not in self.resources_in_roles:
            return False
        return self.labels is None or satisfies(labels, self.labels)


NO_RELATED = Related()


class Ids(_Part):
    """Which ids; none given are all."""

    id: list[UUID] = Field(default=[], max_length=MAX_IDS)


class Text(_Part):
    """Which words."""

    query: str = Field(default="", max_length=MAX_QUERY_CHARS)


Nullable = BeforeValidator(_no_null)


class EventFilter(_Part):
    """A filter as a client sends it."""

    occurred: Annotated[Occurred, Nullable] = Occurred()
    event: Annotated[Name, Nullable] = Name()
    resource: Annotated[Resource, Nullable] = Resource()
    related: Annotated[list[Annotated[Related, Nullable]], BeforeValidator(_listed)] = []
    any_resource: Annotated[list[Annotated[AnyResource, Nullable]], BeforeValidator(_listed)] = []
    id: Annotated[Ids, Nullable] = Ids()
    text: Annotated[Text, Nullable] = Text()
    order: Literal["ASC", "DESC"] = "DESC"


def filter_from_document(document: object) -> EventFilter:
    """Read a filter; null is one that asks nothing.

    Raises:
        Rejected: With every fault and its place; unknown keys are faults.
    """
    try:
        return EventFilter.model_validate(_no_null(document if document is not None else {}))
    except ValidationError as error:
        raise Rejected("This is not a valid filter.", faults_of(error, ("body", "filter"))) from None


class Sieve:
    """A filter, made ready to look at many events."""

    def __init__(self, given: EventFilter) -> None:
        """Take the filter in."""
        self._given = given
        self._ids = frozenset(map(str, given.id.id))
        self._text: TextQuery = text_query(given.text.query)

    def fits(self, event: Event) -> bool:
        """Tell whether an event passes; `distinct` and `order` are the reader's to see to."""
        given = self._given
        since, until = given.occurred.since, given.occurred.until
        if (since and event.occurred < since) or (until and event.occurred > until):
            return False
        if (self._ids and event.id not in self._ids) or not given.event.fits(event.event):
            return False
        return given.resource.fits(event.resource) and self._involves(event) and self._text.fits(event)

    def _involves(self, event: Event) -> bool:
        given = self._given
        if not all(any(map(one.fits, event.related)) for one in given.related if one != NO_RELATED):
            return False
        return all(any(map(one.fits, event.involved())) for one in given.any_resource)


def bounded(given: EventFilter, now: datetime) -> EventFilter:
    """Return the filter with both ends of its time: from 180 days ago, until now, where it does not say."""
    until = given.occurred.until or now
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    since = given.occurred.since or midnight - DEFAULT_REACH
    return given.model_copy(update={"occurred": Occurred(since=since, until=until)})


def ends_of(given: EventFilter) -> tuple[datetime, datetime]:
    """Return both ends of the time of a bounded filter.

    Raises:
        ValueError: It lacks one.
    """
    since, until = given.occurred.since, given.occurred.until
    if since is None or until is None:
        raise ValueError("this filter is not bounded")
    return since, until


def asks_only_names(given: EventFilter) -> bool:
    """Tell whether a filter looks at nothing but the time and the name of an event."""
    return given.model_copy(update={"occurred": Occurred(), "event": Name(), "order": "DESC"}) == EventFilter()


def resources_asked(given: EventFilter, at_most: int) -> tuple[Sequence[str], bool]:
    """Return ids of resources one of which every fitting event involves, and whether as the primary one.

    Nothing where the filter names none, or more of them than `at_most`.
    """
    if 0 < len(given.resource.id) <= at_most:
        return _unique(given.resource.id), True
    others: list[AnyResource | Related] = [*given.any_resource, *given.related]
    for one in others:
        if 0 < len(one.id) <= at_most:
            return _unique(one.id), False
        if isinstance(one, Related) and 0 < len(one.resources_in_roles) <= at_most:
            return _unique(id_ for id_, _ in one.resources_in_roles), False
    return (), False


def _unique(ids: Iterable[T]) -> Sequence[T]:
    return tuple(dict.fromkeys(ids))
