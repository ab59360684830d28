"""Random events as clients send them, with something odd about them."""

# ruff: noqa: E501 - values, as many to a line as there may be

from random import Random
from typing import Any

from tests.reference.generators.pools import MOMENTS, TEXTS, UUIDS, mutated, one

PAYLOADS: list[Any] = [
    {}, {"a": 1}, {"a": None}, {"": 1}, {"a": {"b": [1, 2.5, "x", None, True]}}, {"n": 1e300}, {"n": 10**30}, {"n": -0.0}, None, [], [1],
    "{}", "", 0, True, {"é☃": "\u0000"}, {"a": [[[[]]]]}, {"prefect.resource.id": "x"},
]  # fmt: skip
LABEL_VALUES: list[Any] = ["", " ", "x", "☃", "a\nb", None, 1, 1.5, True, [], ["x"], {}, {"a": "b"}]
POOLS = {
    "id": UUIDS, "occurred": MOMENTS, "event": TEXTS, "follows": [*UUIDS, None], "payload": PAYLOADS, "received": MOMENTS,
    "prefect.resource.id": LABEL_VALUES, "prefect.resource.role": LABEL_VALUES, "prefect.resource.name": LABEL_VALUES, "x": LABEL_VALUES,
    "resource": [{}, {"x": "y"}, {"prefect.resource.id": "r"}, "r", None, [], [["prefect.resource.id", "r"]]],
    "related": [[], {}, None, "x", [{}], [None], ["x"], [{"prefect.resource.id": "r", "prefect.resource.role": "x"}]],
}  # fmt: skip
SIZES: list[tuple[str, list[Any]]] = [
    (
        "event",
        [{"$repeat": [text, times]} for text in ("x", "☃", "𝄞", "e\u0301") for times in (512, 1023, 1024, 1025, 2048)],
    ),
    ("related", [{"$related": number} for number in (0, 1, 99, 100, 101, 200)]),
]


def case(random: Random) -> dict[str, Any]:
    """Return a random case."""
    document: dict[str, Any] = {
        "id": "00000000-0000-4000-8000-00000000e001",
        "occurred": "2024-03-01T12:00:00Z",
        "event": "a.b",
        "resource": {"prefect.resource.id": "r.1", "x": "y"},
    }
    if random.random() < 0.4:
        document["related"] = [
            {"prefect.resource.id": f"q.{place}", "prefect.resource.role": random.choice(["p", "q"])}
            for place in range(random.randrange(3))
        ]
    if random.random() < 0.3:
        document["payload"] = random.choice(PAYLOADS[:8])
    if random.random() < 0.2:
        document["follows"] = one(random, UUIDS)
    if random.random() < 0.6:
        field = random.choice(["id", "occurred", "occurred", "event", "follows", "payload", "received"])
        document[field] = one(random, POOLS[field])
    if random.random() < 0.06:
        field, sizes = random.choice(SIZES)
        document[field] = random.choice(sizes)
    elif random.random() < 0.06:
        holder = random.choice([document["resource"], *(document.get("related") or [])])
        holder["$labels"] = random.choice([100, 496, 497, 498, 499, 500, 501])
    elif random.random() < 0.5:
        document = mutated(random, document, random.randrange(3), POOLS)
    if random.random() < 0.02:
        document = one(random, [[document], None, "event", 5, {}])
    return {"document": document}
