"""What may be asked of one value in an event pattern: EventBridge's comparison operators."""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

MAX_WILDCARDS = 10
IGNORING_CASE = "equals-ignore-case"
NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Wrong(Exception):
    """A comparison says something that it cannot say.

    Attributes:
        place: Where in the comparison, outermost first.
    """

    def __init__(self, message: str, *place: str | int) -> None:
        """Keep what is wrong and where."""
        super().__init__(message)
        self.place = place


def check_comparison(name: str, operand: Any) -> None:
    """Check what an operator is given.

    Raises:
        Wrong: It can do nothing with it.
    """
    try:
        CHECKS[name](operand)
    except Wrong as error:
        raise Wrong(str(error), name, *error.place) from None


def _prefix(operand: Any, value: Any) -> bool:
    return _affix(operand, value, str.startswith)


def _suffix(operand: Any, value: Any) -> bool:
    return _affix(operand, value, str.endswith)


def _affix(operand: Any, value: Any, test: Callable[[str, str], bool]) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, Mapping):
        return test(value.casefold(), str(operand[IGNORING_CASE]).casefold())
    return test(value, operand)


def _equals_ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.casefold() == operand.casefold()


def _wildcard(operand: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    first, *inner = _literals(operand)
    if not inner:
        return value == first
    last = inner.pop()
    if len(value) < len(first) + len(last) or not (value.startswith(first) and value.endswith(last)):
        return False
    place, end = len(first), len(value) - len(last)
    for literal in inner:  # the leftmost place leaves most room for the rest: no way back is needed, whatever the text
        place = value.find(literal, place, end)
        if place < 0:
            return False
        place += len(literal)
    return True


def _numeric(operand: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(NUMERIC[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))


def _cidr(operand: str, value: Any) -> bool:
    try:
        return isinstance(value, str) and ip_address(value) in ip_network(operand, strict=False)
    except ValueError:
        return False


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, inner),) = operand.items()
        return not any(OPERATORS[name](one, value) for one in _listed(inner))
    return not any(isinstance(one, bool) is isinstance(value, bool) and bool(one == value) for one in _listed(operand))


def _listed(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


@lru_cache(maxsize=512)
def _literals(wildcard: str) -> tuple[str, ...]:
    r"""Return the texts between the `*`; `\*` and `\\` stand for themselves."""
    parts = [""]
    characters = iter(wildcard)
    for character in characters:
        if character == "*":
            parts.append("")
        else:
            parts[-1] += next(characters) if character == "\\" else character
    return tuple(parts)


def _check_text(operand: Any) -> None:
    if not isinstance(operand, str) or not operand:
        raise Wrong("It takes a text, which is not empty")


def _check_affix(operand: Any) -> None:
    if isinstance(operand, Mapping):
        if operand.keys() != {IGNORING_CASE}:
            raise Wrong(f'It takes a text, or {{"{IGNORING_CASE}": text}}')
        operand = operand[IGNORING_CASE]
    if not isinstance(operand, str):
        raise Wrong("It takes a text")


def _check_wildcard(operand: Any) -> None:
    _check_text(operand)
    rest = operand.replace("\\\\", "").replace("\\*", "")
    if "\\" in rest:
        raise Wrong("After a backslash stands * or another backslash")
    if "**" in rest or rest.count("*") > MAX_WILDCARDS:
        raise Wrong(f"It takes at most {MAX_WILDCARDS} times *, never two side by side")


def _check_numeric(operand: Any) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise Wrong('It takes one or two bounds: [">", 0, "<=", 5]')
    for number, (sign, bound) in enumerate(zip(operand[::2], operand[1::2], strict=True)):
        if not isinstance(sign, str) or sign not in NUMERIC:
            raise Wrong(f"The signs are {' '.join(NUMERIC)}", 2 * number)
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise Wrong("A bound is a number", 2 * number + 1)


def _check_cidr(operand: Any) -> None:
    try:
        if not isinstance(operand, str):
            raise ValueError
        ip_network(operand, strict=False)
    except ValueError:
        raise Wrong("It takes a block of addresses: 10.0.0.0/24") from None


def _check_anything_but(operand: Any) -> None:
    if isinstance(operand, Mapping):
        if len(operand) != 1 or not operand.keys() <= NEGATABLE:
            raise Wrong(f"It takes values, or one of {', '.join(sorted(NEGATABLE))}")
        ((name, inner),) = operand.items()
        for one in _some(inner):
            check_comparison(name, one)
        return
    if any(isinstance(one, Mapping | list) for one in _some(operand)):
        raise Wrong("It takes values: texts, numbers, true, false, null")


def _some(operand: Any) -> list[Any]:
    listed = _listed(operand)
    if not listed:
        raise Wrong("It takes at least one value")
    return listed


NEGATABLE = {"prefix", "suffix", IGNORING_CASE, "wildcard"}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    IGNORING_CASE: _equals_ignoring_case,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
CHECKS: dict[str, Callable[[Any], None]] = {
    "anything-but": _check_anything_but,
    "cidr": _check_cidr,
    IGNORING_CASE: _check_text,
    "numeric": _check_numeric,
    "prefix": _check_affix,
    "suffix": _check_affix,
    "wildcard": _check_wildcard,
}
