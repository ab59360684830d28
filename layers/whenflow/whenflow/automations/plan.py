"""What has to change so that what Whenflow has is what the files say. Pure: reads nothing, changes nothing."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from whenflow.automations.model import replacement_from_document
from whenflow.errors import Fault, Rejected

OWNER_PREFIX = "whenflow.project."
"""What the owner of an automation that was made from files begins with; the project and its key follow."""
GIVEN_BY_THE_API = frozenset({"id", "created", "updated", "owner_resource", "warnings", "since"})
GRANTED: Mapping[str, Any] = {"source": "selected", "schedule_after": 0, "enabled": True, "within": 0}
NONE = object()

What: TypeAlias = Literal["automation", "variable", "deployment"]
Kind: TypeAlias = Literal["add", "change", "remove", "same"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs.

    Attributes:
        path: The way to it: `trigger.threshold`, `actions.0.parameters.name`.
        before: What it is; `NONE` where there is no such field.
        after: What it shall be; `NONE` likewise.
    """

    path: str
    before: Any
    after: Any

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON; a side that is not there is left out."""
        sides = {"before": self.before, "after": self.after}
        return {"path": self.path, **{name: value for name, value in sides.items() if value is not NONE}}


@dataclass(frozen=True, slots=True)
class Step:
    """What has to be done with one thing.

    Attributes:
        key: By which the files know it.
        id: By which the API knows it; None where it is new.
        fields: What differs; of what is new all there is.
        document: What to send; None where nothing is sent or it is removed.
        updated: When what is there was last changed, for noticing that it has changed since.
        before: What is there, as the API shows it, for telling what has changed since.
    """

    kind: Kind
    what: What
    key: str
    name: str
    id: str | None = None
    fields: tuple[FieldChange, ...] = ()
    document: Mapping[str, Any] | None = None
    updated: str | None = None
    before: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        shown = {"change": self.kind, "what": self.what, "key": self.key, "name": self.name, "id": self.id}
        return shown | {"fields": [one.as_document() for one in self.fields]}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An automation as the files say it.

    Attributes:
        key: By which it is known from one time to the next.
        document: As the API takes it.
        says_enabled: Whether it says if it is switched on; if not, it stays as it is.
    """

    key: str
    document: Mapping[str, Any]
    says_enabled: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, what is the same included.

    Attributes:
        project: Whose automations these are.
        steps: In the order in which they are done.
    """

    project: str
    steps: tuple[Step, ...]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.kind != "same")

    @property
    def summary(self) -> dict[str, int]:
        """How many steps there are of each kind."""
        counts = Counter(step.kind for step in self.steps)
        return {kind: counts[kind] for kind in ("add", "change", "remove", "same")}

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        changes = [step.as_document() for step in self.changes]
        return {"project": self.project, "summary": self.summary, "changes": changes}


@dataclass(frozen=True, slots=True)
class Present:
    """What there is.

    Attributes:
        automations: As the API shows them.
        variables: Likewise.
    """

    automations: Sequence[Mapping[str, Any]]
    variables: Sequence[Mapping[str, Any]] = field(default=())


def owner_of(project: str, key: str) -> str:
    """Return the owner of the automation that a project knows by a key."""
    return f"{OWNER_PREFIX}{project}.{key}"


def make_plan(
    project: str,
    wanted: Sequence[Wanted],
    variables: Mapping[str, Any],
    present: Present,
    *,
    prune: bool = False,
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> Plan:
    """Compare what the files say with what there is.

    Args:
        project: Whose automations these are.
        wanted: The automations of the files.
        variables: Their variables by name.
        present: What there is.
        prune: Whether automations that were once made for this project, and are in no file any more, are removed.
        shown: Makes an automation readable for the list of fields: names for ids.

    Raises:
        Rejected: A key is there twice, or several automations might be meant by one name.
    """
    _check_keys(wanted)
    steps = [_variable_step(name, value, present.variables) for name, value in variables.items()]
    claimed: set[str] = set()
    keys = {one.key for one in wanted}
    for one in wanted:
        found = _find(project, one, present.automations, keys)
        if found:
            claimed.add(str(found["id"]))
        steps.append(_automation_step(owner_of(project, one.key), one, found, shown))
    if prune:
        steps += _removals(project, present.automations, claimed, shown)
    return Plan(project, tuple(steps))


def plan_owned(
    owner: str,
    wanted: Sequence[Wanted],
    automations: Iterable[Mapping[str, Any]],
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> Iterator[Step]:
    """Yield what makes the automations of an owner those that are wanted, no more and no fewer; each is known by name.

    Args:
        owner: The resource that owns them.
        wanted: The key of each is its name.
        automations: All there are.
        shown: Makes an automation readable for the list of fields.

    Raises:
        Rejected: A name is there twice.
    """
    _check_keys(wanted)
    owned = [one for one in automations if one.get("owner_resource") == owner]
    kept: set[str] = set()
    for one in wanted:
        found = next((there for there in owned if there.get("name") == one.key), None)
        kept |= {str(found["id"])} if found else set()
        yield _automation_step(owner, one, found, shown)
    for own in owned:
        if str(own["id"]) not in kept:
            yield _removal(own, str(own.get("name")), shown)


def differences(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Yield the fields that differ, in the order in which they are written; lists are compared place by place."""
    before, after = _as_like(before, after), _as_like(after, before)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from differences(before.get(name, NONE), after.get(name, NONE), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list) and _is_deep([*before, *after]):
        for place in range(max(len(before), len(after))):
            first, second = (side[place] if place < len(side) else NONE for side in (before, after))
            yield from differences(first, second, f"{path}.{place}")
    elif not _equal(before, after):
        yield FieldChange(path, before, after)


def _as_like(value: Any, other: Any) -> Any:
    """Return nothing as an empty tree where the other side is one: its leaves are then told one by one."""
    if value is not NONE:
        return value
    if isinstance(other, Mapping) and other:
        return {}
    return [] if isinstance(other, list) and _is_deep(other) else value


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an automation says, with every default written out, and without what the API gives to it."""
    said = {name: value for name, value in document.items() if name not in GIVEN_BY_THE_API}
    try:
        said = replacement_from_document(said).model_dump(mode="json")
    except Rejected:  # stored by a newer Whenflow: compared as it is
        said = dict(said)
    return said | {"trigger": _without_ids(said.get("trigger"))}


def _check_keys(wanted: Iterable[Wanted]) -> None:
    for key, count in Counter(one.key for one in wanted).items():
        if count > 1:
            reason = f"{count} automations have the key or name {key!r}: give each one of its own."
            raise Rejected(reason, [Fault(("key",), reason)])


def _find(
    project: str, wanted: Wanted, automations: Iterable[Mapping[str, Any]], keys: set[str]
) -> Mapping[str, Any] | None:
    """Return the automation that is meant: made for this key before; else of the same name, and under no key of now.

    Those of a name are nobody's, or were made for a key of this project that is in no file any more.
    """
    owner, prefix = owner_of(project, wanted.key), owner_of(project, "")
    by_name = []
    for one in automations:
        owned_by = str(one.get("owner_resource") or "")
        if owned_by == owner:
            return one
        free = not owned_by or (owned_by.startswith(prefix) and owned_by.removeprefix(prefix) not in keys)
        if free and one.get("name") == wanted.document["name"]:
            by_name.append(one)
    if len(by_name) > 1:
        ids = ", ".join(str(one["id"]) for one in by_name)
        reason = f"{len(by_name)} automations may be meant by {wanted.document['name']!r}: remove all but one of {ids}."
        raise Rejected(reason, [Fault(("name",), reason)])
    return by_name[0] if by_name else None


def _automation_step(
    owner: str,
    wanted: Wanted,
    found: Mapping[str, Any] | None,
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Step:
    name = str(wanted.document["name"])
    if found is None:
        document = {**wanted.document, "owner_resource": owner}
        fields = tuple(differences({}, shown(_telling(plain(wanted.document)))))
        return Step("add", "automation", wanted.key, name, None, fields, document)
    keeps = {} if wanted.says_enabled else {"enabled": found.get("enabled", True)}
    after = plain({**wanted.document, **keeps})
    fields = tuple(differences(shown(plain(found)), shown(after)))
    kind: Kind = "change" if fields else "same"
    id_, updated = str(found["id"]), found.get("updated")
    return Step(kind, "automation", wanted.key, name, id_, fields, after if fields else None, updated, found)


def _variable_step(name: str, value: Any, variables: Iterable[Mapping[str, Any]]) -> Step:
    found = next((one for one in variables if one.get("name") == name), None)
    if found is None:
        return Step("add", "variable", name, name, None, (FieldChange("value", NONE, value),), {"value": value})
    fields = tuple(differences({"value": found.get("value")}, {"value": value}))
    document = {"value": value} if fields else None
    kind: Kind = "change" if fields else "same"
    return Step(kind, "variable", name, name, str(found.get("id")), fields, document, found.get("updated"), found)


def _removals(
    project: str,
    automations: Iterable[Mapping[str, Any]],
    claimed: set[str],
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[Step]:
    prefix = owner_of(project, "")
    for one in automations:
        owner = str(one.get("owner_resource") or "")
        if owner.startswith(prefix) and str(one["id"]) not in claimed:
            yield _removal(one, owner.removeprefix(prefix), shown)


def _removal(one: Mapping[str, Any], key: str, shown: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Step:
    fields = tuple(differences(shown(_telling(plain(one))), {}))
    id_, updated = str(one["id"]), one.get("updated")
    return Step("remove", "automation", key, str(one.get("name")), id_, fields, None, updated, one)


def _telling(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an automation without what says nothing: empty fields, and what everybody takes for granted."""
    return {
        name: _told(value)
        for name, value in document.items()
        if value not in ("", [], {}, None) and (name not in GRANTED or GRANTED[name] != value)
    }


def _told(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _telling(value)
    return [_told(one) for one in value] if isinstance(value, list) else value


def _without_ids(trigger: Any) -> Any:
    if not isinstance(trigger, Mapping):
        return trigger
    said = {name: value for name, value in trigger.items() if name != "id"}
    if isinstance(said.get("triggers"), list):
        said["triggers"] = [_without_ids(child) for child in said["triggers"]]
    return said


def _is_deep(values: Iterable[Any]) -> bool:
    """Tell whether a list holds objects, which are compared one by one."""
    return any(isinstance(one, Mapping) for one in values)


def _equal(before: Any, after: Any) -> bool:
    """Tell whether two JSON values are the same; true is not 1, and 1.0 is 1."""
    if before is NONE or after is NONE:
        return before is after
    return isinstance(before, bool) == isinstance(after, bool) and _text(before) == _text(after)


def _text(value: Any) -> str:
    return json.dumps(_number(value), sort_keys=True)


def _number(value: Any) -> Any:
    """Return a value whose whole floats are integers: 300.0 as written by the API is 300 as written by people."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _number(one) for name, one in value.items()}
    return [_number(one) for one in value] if isinstance(value, list) else value
