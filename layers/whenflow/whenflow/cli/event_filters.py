"""The options of `whenflow event` that say which events are meant."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Group, Parameter

from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError
from whenflow.cli.moments import read_moment

_GROUP = Group("Which events", sort_key=5)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Which:
    """Which events are meant; all that is said must hold."""

    name: Annotated[
        list[str] | None,
        Parameter(group=_GROUP, help="By name; order.* is every name with this beginning. Repeatable."),
    ] = None
    not_name: Annotated[list[str] | None, Parameter(group=_GROUP, help="Not with this name, likewise.")] = None
    resource_id: Annotated[
        list[str] | None, Parameter(group=_GROUP, help="Of this resource; order.* as above. Repeatable.")
    ] = None
    involving: Annotated[
        list[str] | None,
        Parameter(group=_GROUP, help="Of this resource or related to it. Given twice, both must be involved."),
    ] = None
    text: Annotated[
        str | None, Parameter(group=_GROUP, help='Words in it: error -debug, +this +that, "one phrase".')
    ] = None
    since: Annotated[
        str | None, Parameter(group=_GROUP, help="Not before: 2026-11-20T12:00:00Z, or how long ago: 30d, 12h.")
    ] = None
    until: Annotated[str | None, Parameter(group=_GROUP, help="Not after, likewise.")] = None
    filter: Annotated[
        str | None, Parameter(group=_GROUP, help="A whole filter as JSON, or @FILE with one; the others add to it.")
    ] = None

    @property
    def asks_nothing(self) -> bool:
        """Whether all events are meant."""
        return self == ALL


ALL = Which()


def filter_of(which: Which) -> dict[str, Any]:
    """Return the filter that the options ask for, as the API takes it.

    Args:
        which: The options.

    Raises:
        UsageError: One of them means nothing.
    """
    made: dict[str, Any] = {}
    if which.filter is not None:
        text, file = text_or_file(which.filter)
        made |= check_json_object(parse_json(text, file or "--filter"), "--filter")
    now = datetime.now(UTC)
    times = {"since": which.since, "until": which.until}
    _add(made, "occurred", {key: read_moment(one, f"--{key}", now).isoformat() for key, one in times.items() if one})
    for option, given in (("--name", which.name), ("--resource-id", which.resource_id)):
        if given and len({one.endswith("*") for one in given}) > 1:
            raise UsageError(f"{option}: give either whole ones or beginnings such as order.*, not both.")
    _add(made, "event", _split(which.name or (), "name", "prefix"))
    _add(made, "event", _split(which.not_name or (), "exclude_name", "exclude_prefix"))
    _add(made, "resource", _split(which.resource_id or (), "id", "id_prefix"))
    if which.involving:
        given = made.get("any_resource") or []
        made["any_resource"] = [*(given if isinstance(given, list) else [given])]
        made["any_resource"] += [_split([one], "id", "id_prefix") for one in which.involving]
    if which.text:
        made["text"] = {"query": which.text}
    return made


def _add(made: dict[str, Any], part: str, more: dict[str, Any]) -> None:
    if more:
        made[part] = {**(made.get(part) or {}), **more}


def _split(given: Any, exact: str, beginning: str) -> dict[str, list[str]]:
    """Sort `order.placed` and `order.*` into exact ones and beginnings."""
    found: dict[str, list[str]] = {}
    for one in given:
        key, value = (beginning, one[:-1]) if one.endswith("*") else (exact, one)
        found.setdefault(key, []).append(value)
    return found
