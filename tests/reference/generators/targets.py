"""Random actions on what their event is about."""

# ruff: noqa: E501 - values, as many to a line as there may be

from random import Random
from typing import Any

FIELDS = {
    "deployment": "deployment_id",
    "work-pool": "work_pool_id",
    "work-queue": "work_queue_id",
    "automation": "automation_id",
}
TYPES = {
    "deployment": ["run-deployment", "pause-deployment", "resume-deployment"],
    "work-pool": ["pause-work-pool", "resume-work-pool"],
    "work-queue": ["pause-work-queue", "resume-work-queue"],
    "automation": ["pause-automation", "resume-automation"],
    "flow-run": ["cancel-flow-run", "suspend-flow-run", "resume-flow-run", "delete-flow-run", "change-flow-run-state"],
}
IDS = [
    *(f"00000000-0000-4000-8000-00000000000{digit}" for digit in range(5)), "00000000-0000-4000-8000-0000000000AB",
    "00000000000040008000000000000001", "{00000000-0000-4000-8000-000000000001}", "urn:uuid:00000000-0000-4000-8000-000000000001",
    "nope", "", "*", "x.00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000001.x",
    " 00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-00000000000", "0000-0000-0000-4000-8000-0000-0000-0001",
    "٠0000000-0000-4000-8000-000000000001", "0x000000-0000-4000-8000-000000000001", "+0000000-0000-4000-8000-000000000001", "1_000000-0000-4000-8000-000000000001",
]  # fmt: skip
PREFIXES = [
    "prefect.{}.",
    "prefect.{}.",
    "prefect.{}.",
    "prefect.{}.",
    "prefect.{}",
    "Prefect.{}.",
    "x.prefect.{}.",
    "prefect.{}-x.",
    "{}.",
    "prefect.{}.old.",
    " prefect.{}.",
]


def case(random: Random) -> dict[str, Any]:
    """Return a random case."""
    kind = random.choice(list(TYPES))
    action: dict[str, Any] = {"type": random.choice(TYPES[kind])}
    if kind in FIELDS and random.random() < 0.1:
        action |= {"source": "selected", FIELDS[kind]: random.choice(IDS[:9])}
    elif kind in FIELDS:
        action["source"] = "inferred"
    elif action["type"] == "change-flow-run-state":
        action["state"] = "FAILED"
    labels: dict[str, str] = {}
    if random.random() < 0.4:
        name = random.choice(["prefect.resource.id", "prefect.resource.id", "related:flow-run:prefect.resource.id"])
        labels[name] = _resource_id(random, kind)
    return {"action": action, "labels": labels, "event": _event(random, kind) if random.random() < 0.93 else None}


def _resource_id(random: Random, kind: str) -> str:
    which = kind if random.random() < 0.75 else random.choice([*TYPES, "task-run", "flow", "event"])
    return random.choice(PREFIXES).format(which) + random.choice(IDS)


def _event(random: Random, kind: str) -> dict[str, Any]:
    related = [
        {"prefect.resource.id": _resource_id(random, kind), "prefect.resource.role": random.choice(["a", "b", kind])}
        for _ in range(random.randrange(4))
    ]
    return {
        "id": "00000000-0000-4000-8000-00000000e001",
        "occurred": "2024-03-01T12:00:00Z",
        "received": "2024-03-01T12:00:00Z",
        "event": "x.y",
        "resource": {"prefect.resource.id": random.choice(["x.1", _resource_id(random, kind)])},
        "related": related,
        "payload": {},
    }
