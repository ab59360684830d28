"""Automations and events as people write them in files: automations with tests beside them, events in short form.

The format is described in docs/automation-tests.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from whenflow.automations.model import Automation, automation_from_document, with_identity
from whenflow.automations.names import with_ids
from whenflow.errors import Fault, Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event, Labels, named_id, parse_iso

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
GIVEN_BY_THE_API = ("id", "created", "updated", "warnings")
OF_THE_FILE = ("tests", "key")
TEST_KEYS = frozenset({"name", "start", "given", "until", "expect"})
EVENT_KEYS = frozenset({"at", "received", "event", "resource", "related", "payload", "id", "follows"})
EXPECTED_KEYS = frozenset({"at", "labels", "event", "parameters"})
NOTHING = "nothing"
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """An event of a test, and what the test calls it."""

    name: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class Expected:
    """A firing that a test expects; what it says nothing of may be anything.

    Attributes:
        says: Which of the fields below count.
        at: The moment of event time that the firing belongs to.
        event: The id of the event that closes it; None where time does.
        parameters: Those of the run-deployment action; a list where there are several.
    """

    says: frozenset[str]
    at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    event: str | None = None
    parameters: Any = None


@dataclass(frozen=True, slots=True)
class AutomationTest:
    """Given these events, expect these firings."""

    name: str
    start: datetime
    given: tuple[GivenEvent, ...]
    until: datetime | None
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An automation of a file.

    Attributes:
        deployments: The names of the deployments that its actions name, by the ids that stand for them here.
        tests: As written.
    """

    automation: Automation
    deployments: Mapping[str, str]
    tests: Sequence[Any]


def draft_from_document(document: Any) -> Draft:
    """Read an automation as a file has it: with tests, with names for deployments, perhaps as the API showed it.

    Raises:
        Rejected: With every fault and its place.
    """
    if not isinstance(document, dict):
        raise _rejected((), "an automation is an object with name, trigger and actions")
    tests = document.get("tests", [])
    if not isinstance(tests, list):
        raise _rejected(("tests",), "must be a list of tests")
    deployments: dict[str, str] = {}
    given = {name: value for name, value in document.items() if name not in (*GIVEN_BY_THE_API, *OF_THE_FILE)}

    def stand_in(kind: str, name: str) -> str:
        id_ = named_id(kind, name)
        if kind == "deployment":
            deployments[id_] = name
        return id_

    automation = automation_from_document(with_ids(given, stand_in))
    id_ = str(document.get("id") or named_id("draft", automation.name))
    return Draft(with_identity(automation, id_, EPOCH, EPOCH), deployments, tests)


def without_tests(document: Any) -> Any:
    """Return an automation's document as the API takes it: tests and key are for the one who writes it."""
    if not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if name not in OF_THE_FILE}


def read_test(document: Any, path: tuple[str | int, ...] = ()) -> AutomationTest:
    """Read a test.

    Args:
        document: As written.
        path: The way to it in the file, for the faults.

    Raises:
        Rejected: It is not written as docs/automation-tests.md says.
    """
    _check_keys(document, TEST_KEYS, path, "a test")
    given = _list(document.get("given", []), (*path, "given"))
    start = _start(document, given, path)
    events = _events(given, start, (*path, "given"))
    until = document.get("until")
    return AutomationTest(
        name=str(document.get("name") or "without a name"),
        start=start,
        given=events,
        until=None if until is None else moment_from(until, start, (*path, "until")),
        expected=_expected(document, events, start, path),
    )


def moment_from(value: Any, start: datetime, path: tuple[str | int, ...]) -> datetime:
    """Read a moment: `+5s`, `+1h30m` or seconds, counted from the start; or an ISO 8601 time.

    Raises:
        Rejected: It is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return start + timedelta(seconds=value)
    if isinstance(value, str):
        text = value.strip().replace(" ", "")
        if text[:1] in {"+", "-"}:
            seconds = _seconds(text[1:])
            if seconds is not None:
                return start + timedelta(seconds=seconds if text[0] == "+" else -seconds)
        else:
            try:
                return parse_iso(value.strip())
            except ValueError:
                pass
    raise _rejected(path, f"must be a time such as +5s, +1h30m or 2026-01-01T12:00:00Z, and is {value!r}")


def _seconds(text: str) -> float | None:
    """Return the seconds of `1h30m`."""
    found = _OFFSET.findall(text)
    if not found or "".join(amount + unit for amount, unit in found) != text:
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in found)


def _start(document: Mapping[str, Any], given: Sequence[Any], path: tuple[str | int, ...]) -> datetime:
    """Return the moment from which a test counts: as it says, else its first event's if that has a date."""
    if "start" in document:
        return moment_from(document["start"], DEFAULT_START, (*path, "start"))
    first = given[0].get("at") if given and isinstance(given[0], dict) else None
    try:
        return parse_iso(first) if isinstance(first, str) else DEFAULT_START
    except ValueError:
        return DEFAULT_START


def _events(given: Sequence[Any], start: datetime, path: tuple[str | int, ...]) -> tuple[GivenEvent, ...]:
    events: list[GivenEvent] = []
    at = start
    for index, document in enumerate(given):
        here = (*path, index)
        _check_keys(document, EVENT_KEYS, here, "an event")
        at = moment_from(document["at"], start, (*here, "at")) if "at" in document else at
        name = document.get("id")
        follows = document.get("follows")
        if not isinstance(document.get("event"), str):
            raise _rejected((*here, "event"), "must be the name of the event")
        payload = document.get("payload", {})
        if not isinstance(payload, dict):
            raise _rejected((*here, "payload"), "must be an object")
        event = Event(
            id=_event_id(f"#{index + 1}" if name is None else name),
            occurred=at,
            event=document["event"],
            resource=_resource(document.get("resource"), (*here, "resource")),
            received=moment_from(document["received"], start, (*here, "received")) if "received" in document else at,
            related=_related(document.get("related", []), (*here, "related")),
            payload=payload,
            follows=None if follows is None else _leader(follows, events),
        )
        events.append(GivenEvent(None if name is None else str(name), event))
    return tuple(events)


def _event_id(name: Any) -> str:
    """Return the id that stands for a name in a test; a UUID stands for itself."""
    try:
        return str(UUID(str(name)))
    except ValueError:
        return named_id("fixture", str(name))


def _leader(value: Any, events: Sequence[GivenEvent]) -> str:
    """Return the id of the event that is followed: by its number, or by its name, which may be that of none given."""
    if isinstance(value, int) and 1 <= value <= len(events):
        return events[value - 1].event.id
    return _event_id(value)


def _resource(value: Any, path: tuple[str | int, ...]) -> Labels:
    if isinstance(value, str) and value:
        return {RESOURCE_ID: value}
    if isinstance(value, dict):
        labels = {str(name): text for name, text in value.items()}
        if "id" in labels and RESOURCE_ID not in labels:
            labels[RESOURCE_ID] = labels.pop("id")
        if labels.get(RESOURCE_ID) and all(isinstance(text, str) for text in labels.values()):
            return labels
    raise _rejected(path, f"must be the id of a resource, or labels as texts with {RESOURCE_ID} among them")


def _related(value: Any, path: tuple[str | int, ...]) -> tuple[Labels, ...]:
    """Read related resources: a list of labels, or by role the id or the labels of one."""
    if isinstance(value, dict):
        return tuple(_resource(one, (*path, role)) | {RESOURCE_ROLE: str(role)} for role, one in value.items())
    found = []
    for index, one in enumerate(_list(value, path)):
        labels = _resource(one, (*path, index))
        if "role" in labels and RESOURCE_ROLE not in labels:
            labels[RESOURCE_ROLE] = labels.pop("role")
        if not labels.get(RESOURCE_ROLE):
            raise _rejected((*path, index), f"a related resource needs its {RESOURCE_ROLE}")
        found.append(labels)
    return tuple(found)


def _expected(
    document: Mapping[str, Any], events: Sequence[GivenEvent], start: datetime, path: tuple[str | int, ...]
) -> tuple[Expected, ...]:
    if "expect" not in document:
        raise _rejected((*path, "expect"), f"is missing; `expect: {NOTHING}` says that nothing fires")
    value = document["expect"]
    if value == NOTHING:
        return ()
    here = (*path, "expect")
    return tuple(_expected_one(one, events, start, (*here, i)) for i, one in enumerate(_list(value, here)))


def _expected_one(
    document: Any, events: Sequence[GivenEvent], start: datetime, path: tuple[str | int, ...]
) -> Expected:
    _check_keys(document, EXPECTED_KEYS, path, "an expected firing")
    labels = document.get("labels", {})
    if not isinstance(labels, dict):
        raise _rejected((*path, "labels"), "must be an object")
    return Expected(
        says=frozenset(document),
        at=moment_from(document["at"], start, (*path, "at")) if "at" in document else None,
        labels={str(name): str(value) for name, value in labels.items()},
        event=_closing_event(document.get("event"), events, (*path, "event")),
        parameters=document.get("parameters"),
    )


def _closing_event(value: Any, events: Sequence[GivenEvent], path: tuple[str | int, ...]) -> str | None:
    """Return the id of the event that is meant: by its number, counted from 1, or by its name."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        if 1 <= value <= len(events):
            return events[value - 1].event.id
        raise _rejected(path, f"events are counted from 1, and {len(events)} are given; there is no {value}")
    named = [one.event.id for one in events if one.name == str(value)]
    named = named or [one.event.id for one in events if one.event.event == value]
    if len(named) != 1:
        found = "none" if not named else f"{len(named)}"
        raise _rejected(path, f"must be the number or the id of one event given; {found} is called {value!r}")
    return named[0]


def _list(value: Any, path: tuple[str | int, ...]) -> list[Any]:
    if not isinstance(value, list):
        raise _rejected(path, "must be a list")
    return value


def _check_keys(document: Any, known: frozenset[str], path: tuple[str | int, ...], what: str) -> None:
    if not isinstance(document, dict):
        raise _rejected(path, f"{what} is an object")
    for name in document:
        if name not in known:
            raise _rejected((*path, str(name)), f"{what} has no such field; it has {', '.join(sorted(known))}")


def _rejected(path: tuple[str | int, ...], message: str) -> Rejected:
    return Rejected(message, [Fault(path, message)])
