"""Values that documents are mutated with: of every JSON type, and what is close to being right."""

# ruff: noqa: E501 - values, as many to a line as there may be

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

RUN, OTHER_RUN = "00000000-0000-4000-8000-00000000f001", "00000000-0000-4000-8000-00000000f009"
DEPLOYMENT = "00000000-0000-4000-8000-00000000d001"

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 10, 0.0, 1.0, 1.5, -0.5, 1e300, 10**20, "", " ", "x", "0", "1", "1.0", "true", "off",
    "null", "☃", "a\nb", [], [None], [1], ["x"], ["x", "x"], [["x"]], {}, {"a": "b"}, {"a": 1}, {"a": None}, {"a": ["b"]},
]  # fmt: skip
UUIDS: list[Any] = [
    "00000000-0000-4000-8000-00000000e001", "00000000-0000-4000-8000-00000000E001", "0000000000004000800000000000e001",
    "urn:uuid:00000000-0000-4000-8000-00000000e001", "{00000000-0000-4000-8000-00000000e001}",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "018f3c5e-7b1a-7c3d-9e2f-0123456789ab",
    " 00000000-0000-4000-8000-00000000e001", "00000000-0000-4000-8000-00000000e001 ", "00000000-0000-4000-8000-00000000e00",
    "00000000-0000-4000-8000-00000000e0011", "00000000-0000-4000-8000-00000000g001", "0000-00000000-4000-8000-00000000e001",
    "00000000_0000_4000_8000_00000000e001", "{0000000000004000800000000000e001}", "URN:UUID:00000000-0000-4000-8000-00000000e001",
]  # fmt: skip
BOOLEANS: list[Any] = [
    True, False, 0, 1, 2, -1, 0.0, 1.0, 0.5, "true", "True", "TRUE", "false", "yes", "no", "y", "n", "on", "off", "ON", "t",
    "f", "0", "1", "2", "", " true", "maybe",
]  # fmt: skip
INTEGERS: list[Any] = [
    0, 1, 2, 5, -1, -3, 10**12, 2**63, -(2**63), 10**30, 0.0, 2.0, -1.0, 2.5, 1e15, 1e22, True, False, "0", "1", "2", "-2",
    "+3", " 4", "4 ", "1_000", "2.0", "2.5", "1e3", "0x10", "٣", "", "x",
]  # fmt: skip
DURATIONS: list[Any] = [
    0, 1, 9, 9.999, 10, 10.5, 15, 60, 300, 3600, 86400, 0.001, 0.0001, 1.0000004, 1.0000006, 1e-9, -1, -0.0, -0.001, 1e9, 1e15,
    True, False, "0", "30", "30.5", "-5", "PT0S", "PT1S", "PT9S", "PT30S", "PT1M30S", "PT2H", "P1D", "P1W", "P1DT2H", "PT0.5S",
    "PT0,5S", "-PT5S", "P1M", "P1Y", "P", "PT", "pt5s", "00:01:30", "00:00:05", "1:30", "01:30", "24:00:00", "1 day, 00:00:10",
    "1d 00:00:10", "2 days", "-00:00:05", "00:01:30.5", "soon", "", None,
]  # fmt: skip
MOMENTS: list[Any] = [
    "2024-03-01T12:00:00Z", "2024-03-01T12:00:00+00:00", "2024-03-01T12:00:00+02:00", "2024-03-01T12:00:00-08:00",
    "2024-03-01T12:00:00+0530", "2024-03-01T12:00:00+05", "2024-03-01T12:00:00", "2024-03-01 12:00:00", "2024-03-01_12:00:00Z",
    "2024-03-01T12:00Z", "2024-03-01T12Z", "2024-03-01", "2024-03-01T12:00:00.1Z", "2024-03-01T12:00:00.123456Z",
    "2024-03-01T12:00:00.1234567Z", "2024-03-01T12:00:00.999999999Z", "2024-03-01T12:00:00,5Z", "2024-03-01t12:00:00z",
    "2024-03-01T12:00:60Z", "2024-03-01T24:00:00Z", "2024-02-30T00:00:00Z", "2024-00-01T00:00:00Z", "2023-02-29T00:00:00Z",
    "2024-02-29T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00", "10000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", 0, 1, -1, 1709294400, 1709294400.5,
    1709294400000, 1709294400123, 1709294400000000, 20000000000, 20000000001, -20000000001, 1e20, "0", "1709294400",
    "1709294400.25", "1709294400000", "-5", "1e9", "now", "", " 2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z ",
    "2024-03-01T12:00:00 Z", "2024-03-01T12:00:00+25:00", "2024-03-01T12:00:00+23:59", "2024-03-01T12:00:00−02:00",
    "2024-03-01T12:00:00UTC", "2024-03-01T12:00:00[UTC]", "Fri, 01 Mar 2024 12:00:00 GMT", "12:00:00", True, False, None, {}, [],
]  # fmt: skip
TEXTS: list[Any] = [
    "",
    " ",
    "x",
    "x y",
    "a.b",
    "a\nb",
    "☃",
    "\u202e",
    "e\u0301",
    "0",
    "null",
    "{{",
    "{% x",
    "}}",
    "\\",
    "\t",
    5,
    None,
    True,
    ["x"],
]


def one(random: Random, *pools: list[Any]) -> Any:
    """Return a value of some pool; now and then one of another type."""
    return deepcopy(random.choice(ODD if random.random() < 0.15 else random.choice(pools)))


def mutated(random: Random, document: Any, times: int, pools: dict[str, list[Any]]) -> Any:
    """Return a copy of a tree with some of its places changed: replaced, removed, added to or repeated."""
    changed = deepcopy(document)
    for _ in range(times):
        places = list(_places(changed))
        if not places:
            return changed
        _change(random, *random.choice(places), pools)
        changed = deepcopy(changed)  # what was put in is in the pools still, and may be changed next
    return changed


def _change(random: Random, holder: Any, key: Any, pools: dict[str, list[Any]]) -> None:
    match random.randrange(10):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice([*pools, "surprise", "id", "type"])] = random.choice(ODD)
        case 2 if isinstance(holder, list):
            holder.insert(random.randrange(len(holder) + 1), random.choice([*ODD, *holder]))
        case 3 if isinstance(holder, dict):
            name = random.choice(list(pools))
            holder[name] = random.choice(pools[name])
        case 4:
            holder[key] = random.choice(ODD)
        case _:
            holder[key] = random.choice(pools.get(str(key), ODD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield value, key
            yield from _places(item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)
