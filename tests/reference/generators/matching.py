"""Random globs, specifications, names and labels."""

# ruff: noqa: E501 - values, as many to a line as there may be

from collections.abc import Callable
from random import Random
from typing import Any

PIECES = [
    "*", "**", "?", "??", "[ab]", "[!ab]", "[^ab]", "[a-c]", "[!a-c]", "[c-a]", "[a-]", "[-a]", "[]]", "[]a]", "[!]]", "[!]a]", "[",
    "[a", "[!", "[]", "[!]", "[[]", "[*]", "[?]", "[a-c-e]", "[a-bc-d]", "[--0]", "[!a-", "[^]", "[^^]", "[\\]", "[a\\]", "[a&&b]",
    "[a||b]", "[~~]", "[é-ü]", "!", "!!", "a", "b", "ab", "A", ".", "-", "/", "^", "$", "\\", "\\*", "(", "|", ")", "+", "{2}", "{a,b}",
    "\n", " ", "☃", "é", "e\u0301", "\\d", "#", "&", "~",
]  # fmt: skip
CHARACTERS = list("aabbcdABz-.]/[!^*?\\(|)+{},2#&~ ") + ["\n", "☃", "é", "e\u0301", "0", "d", "$"]
VALUES = ["a", "b", "ab", "a.b", "B", "", "a*", "!a"]
PATTERNS = [
    "a",
    "b",
    "ab",
    "a.b",
    "*",
    "a*",
    "*b",
    "?",
    "a?b",
    "[ab]",
    "[!a]*",
    "",
    "!",
    "!a",
    "!b",
    "!a*",
    "!*",
    "!!a",
    "A",
    "[a",
]
ROLES = ["p", "q", "p:q", "flow", "x", "P"]
LABELS = ["x", "y", "z", "prefect.resource.id", "prefect.resource.role", "prefect.resource.name"]
NAMES = [
    "a",
    "a.b",
    "a.b.c",
    "b",
    "ab",
    "A",
    "",
    "a\nb",
    "a.",
    ".b",
    "pump.start",
    "prefect.flow-run.Running",
    "a b",
    "*",
    "a?b",
]
NAME_PATTERNS = [
    "a",
    "a.b",
    "a.*",
    "*",
    "*.b",
    "a*b",
    "*b*",
    "a.*.c",
    "**",
    "a**",
    "b",
    "",
    "A.*",
    "a?b",
    "[ab]",
    "!a",
    "a.[b]",
    "*\n*",
    ".*",
    "a+",
    "^a",
]


def case(random: Random) -> dict[str, Any]:
    """Return a random case."""
    return random.choice(KINDS)(random)


def _pattern(random: Random) -> str:
    return random.choice(["", "", "", "!"]) + "".join(random.choices(PIECES, k=random.randrange(5)))


def _value(random: Random) -> dict[str, Any]:
    pattern = _pattern(random)
    value: str | None = "".join(random.choices(CHARACTERS, k=random.randrange(6)))
    if random.random() < 0.5:  # a value that is like the pattern
        value = "".join(random.choice(CHARACTERS) if one in "*?" and random.random() < 0.8 else one for one in pattern)
        value = value[random.randrange(2) if value else 0 :]
    if random.random() < 0.03:
        value = None
    return {"kind": "value", "pattern": pattern, "value": value}


def _labels(random: Random, **more: str) -> dict[str, str]:
    own = {label: random.choice(VALUES) for label in random.sample("xyz", random.randrange(4))}
    return {"prefect.resource.id": random.choice(["r.1", "a", "ab", "prefect.flow-run.1"]), **more, **own}


def _related(random: Random) -> list[dict[str, str]]:
    return [_labels(random, **{"prefect.resource.role": random.choice(ROLES)}) for _ in range(random.randrange(4))]


def _specification(random: Random) -> dict[str, Any]:
    def values() -> Any:
        if random.random() < 0.5:
            return random.choice(PATTERNS)
        return random.choices(PATTERNS, k=random.randrange(4))

    return {label: values() for label in random.sample(LABELS, random.choice([0, 1, 1, 1, 2, 2, 3]))}


def _spec(random: Random) -> dict[str, Any]:
    return {"kind": "spec", "spec": _specification(random), "resource": _labels(random)}


def _includes(random: Random) -> dict[str, Any]:
    return {"kind": "includes", "spec": _specification(random), "resources": _related(random)}


def _event(random: Random) -> dict[str, Any]:
    own = _labels(random)
    if random.random() < 0.3:
        own[f"related:{random.choice(ROLES)}:{random.choice('xyz')}"] = "literal"
    return {"event": random.choice(NAMES), "resource": own, "related": _related(random)}


def _covers(random: Random) -> dict[str, Any]:
    trigger: dict[str, Any] = {}
    for field in ("expect", "after"):
        if random.random() < 0.6:
            trigger[field] = random.choices(NAME_PATTERNS, k=random.randrange(4))
    if random.random() < 0.3:
        trigger["match"] = _specification(random)
    if random.random() < 0.4:
        several = [_specification(random) for _ in range(random.randrange(3))]
        trigger["match_related"] = random.choice([_specification(random), several])
    return {"kind": "covers", "trigger": trigger, "event": _event(random)}


def _any_label(random: Random) -> str:
    plain = random.choice(
        [*LABELS, "", "no", "a:b", ":", "related", "related:", "related::", "related::x", "related:p", "other:p:x"]
    )
    role, label = random.choice([*ROLES, "", "no"]), random.choice([*LABELS, "", "no"])
    return random.choice([plain, f"related:{role}:{label}", f"related:{role}:{label}", f"Related:{role}:{label}"])


def _label(random: Random) -> dict[str, Any]:
    return {"kind": "label", "label": _any_label(random), "event": _event(random)}


def _key(random: Random) -> dict[str, Any]:
    return {
        "kind": "key",
        "for_each": [_any_label(random) for _ in range(random.randrange(4))],
        "event": _event(random),
    }


def _every(random: Random) -> dict[str, Any]:
    ids = [
        "prefect.flow-run.*",
        "prefect.flow-run.1",
        "*",
        "",
        "prefect.*",
        "prefect.flow-run.**",
        "!prefect.flow-run.*",
        "prefect.flow-run*",
    ]
    given = random.choice([random.choice(ids), random.choices(ids, k=random.randrange(3))])
    spec = random.choice([{}, {"prefect.resource.id": given}, {"prefect.resource.id": given, "x": "*"}, {"x": given}])
    return {"kind": "every-of-kind", "spec": spec, "prefix": random.choice(["prefect.flow-run", "prefect.deployment"])}


KINDS: list[Callable[[Random], dict[str, Any]]] = [
    _value,
    _value,
    _value,
    _spec,
    _includes,
    _covers,
    _covers,
    _label,
    _key,
    _every,
]
