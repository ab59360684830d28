"""EventBridge's event patterns: checked when they are saved, matched against notifications.

The language is AWS's own, so that what is written in a rule can be written here: a pattern names fields, and for each
the values that may stand in it. Everything named must match; of the values of one field, one is enough.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from whenflow.errors import Fault
from whenflow.sources.comparisons import OPERATORS, Wrong, check_comparison

OR = "$or"
MAX_DEPTH = 20
MAX_FIELDS = 500
EXISTS = "exists"
Path = tuple[str | int, ...]


def check_pattern(pattern: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with a pattern, each fault with its place; nothing where it is right."""
    faults = list(_faults(pattern, ()))
    if not faults and sum(1 for _ in _fields(pattern)) > MAX_FIELDS:
        return [Fault((), f"A pattern names at most {MAX_FIELDS} fields", "too_long")]
    return faults


def matches(pattern: Mapping[str, Any], document: Any) -> bool:
    """Tell whether a document is one that a checked pattern describes.

    Where the document has a list, one of its items must match; where it has a list of objects, one object must match
    all that the pattern says about them.
    """
    if isinstance(document, list):
        return any(matches(pattern, item) for item in document)
    fields = document if isinstance(document, Mapping) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if name == OR and isinstance(wanted, list) and _is_alternatives(wanted):
        return any(matches(alternative, fields) for alternative in wanted)
    if isinstance(wanted, Mapping):
        return matches(wanted, fields.get(name))
    return any(_value_matches(one, name, fields) for one in wanted)


def _value_matches(wanted: Any, name: str, fields: Mapping[str, Any]) -> bool:
    leaves = list(_leaves(fields[name])) if name in fields else []
    if not isinstance(wanted, Mapping):
        return any(_same(wanted, leaf) for leaf in leaves)
    ((operator, operand),) = wanted.items()
    if operator == EXISTS:
        return bool(leaves) is operand
    compare = OPERATORS[operator]
    return any(compare(operand, leaf) for leaf in leaves)


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the values of a field: of a list, each of its values; an object has none."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, Mapping):
        yield value


def _same(wanted: Any, value: Any) -> bool:
    return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


def _is_alternatives(wanted: list[Any]) -> bool:
    """Tell whether what stands under `$or` are patterns: a field may have that name, too."""
    return len(wanted) > 1 and all(isinstance(one, Mapping) and not _is_comparison(one) for one in wanted)


def _is_comparison(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and (next(iter(value)) in OPERATORS or EXISTS in value)


def _faults(pattern: Any, place: Path) -> Iterator[Fault]:
    if len(place) > MAX_DEPTH:
        yield Fault(place, f"A pattern is nested at most {MAX_DEPTH} levels deep", "too_deep")
    elif not isinstance(pattern, Mapping):
        yield Fault(place, "A pattern is an object of fields", "dict_type")
    elif not pattern:
        yield Fault(place, "A pattern names at least one field", "too_short")
    else:
        for name, wanted in pattern.items():
            yield from _field_faults(name, wanted, (*place, name))


def _field_faults(name: str, wanted: Any, place: Path) -> Iterator[Fault]:
    if isinstance(wanted, Mapping):
        yield from _faults(wanted, place)
    elif not isinstance(wanted, list):
        yield Fault(place, 'The values that may stand here are a list: ["value"]', "list_type")
    elif not wanted:
        yield Fault(place, "Give at least one value that may stand here", "too_short")
    elif name == OR and _is_alternatives(wanted):
        for number, alternative in enumerate(wanted):
            yield from _faults(alternative, (*place, number))
    else:
        for number, value in enumerate(wanted):
            yield from _value_faults(value, (*place, number))


def _value_faults(value: Any, place: Path) -> Iterator[Fault]:
    if isinstance(value, list):
        yield Fault(place, "Lists do not stand in lists: name the values themselves", "list_type")
    elif isinstance(value, Mapping):
        try:
            _check_operator(value)
        except Wrong as error:
            yield Fault((*place, *error.place), str(error), "value_error")


def _check_operator(value: Mapping[str, Any]) -> None:
    if len(value) != 1:
        raise Wrong("One comparison has one operator; write several comparisons side by side in the list")
    ((operator, operand),) = value.items()
    if operator == EXISTS:
        if not isinstance(operand, bool):
            raise Wrong("exists is true or false", operator)
    elif operator in OPERATORS:
        check_comparison(operator, operand)
    else:
        raise Wrong(f"There is no comparison '{operator}'; there are {', '.join(sorted([*OPERATORS, EXISTS]))}")


def _fields(pattern: Any) -> Iterator[None]:
    if isinstance(pattern, Mapping):
        for wanted in pattern.values():
            yield None
            yield from _fields(wanted)
    elif isinstance(pattern, list):
        for one in pattern:
            yield from _fields(one)
