"""How many events a second a backtest plays, from a file of JSON lines to firings with their parameters; one core.

A million events of 30 days (generated once, always the same), 20 automations: immediate ones, thresholds for each key,
absence, compound and sequence. About a third of the events concern some automation, and one in 28 makes one fire, with
parameters rendered. The file is read and played in a process of its own, as `whenflow backtest` does it; time is the
processor time of that process, memory its peak.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from whenflow.automations.backtest import Backtest
from whenflow.automations.fixtures import draft_from_document
from whenflow.cli.event_files import EventFile
from whenflow.templating import watched_by

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "benchmarks" / "backtest"
START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
SHOPS, SENSORS, JOBS = 2_000, 40, 40
RUN = {
    "type": "run-deployment",
    "deployment": "a-flow/a-deployment",
    "parameters": {
        "who": "{{ event.resource.id }}",
        "amount": "{{ event.payload.amount }}",
        "text": "of {{ event.name }}",
    },
}
WATCHED = (
    *("order.placed", "order.paid", "order.shipped", "payment.failed", "payment.refused", "customer.signed-up"),
    *("sensor.reported", "job.started", "job.finished", "object.created", "door.opened", "door.closed"),
)
UNWATCHED = tuple(
    f"{thing}.{deed}" for thing in ("page", "cart", "mail", "search") for deed in ("seen", "used", "left")
)
JSON = {"ensure_ascii": False, "separators": (",", ":")}


def automations() -> list[dict[str, Any]]:
    """Return the automations, as documents."""
    keeper = {"prefect.resource.role": "keeper", "prefect.resource.id": "keeper.[0-4]"}
    triggers: list[dict[str, Any]] = [
        _events(["customer.signed-up"], match={"region": "north"}),
        _events(["order.placed"], match={"prefect.resource.id": "shop.1*", "region": "north"}),
        _events(["object.created"], match={"prefect.resource.id": "s3://landing/*.csv"}),
        _events(["door.opened"], match_related={"prefect.resource.role": "keeper", "prefect.resource.id": "keeper.7"}),
        *(_events(["payment.failed"], for_each=["prefect.resource.id"], threshold=n, within=w) for n, w in _THRESHOLDS),
        _events(["payment.*"], match={"region": ["north", "south"]}, threshold=50, within=3_600),
        _events(["order.*"], for_each=["region"], threshold=500, within=86_400),
        _events(["order.paid"], after=["order.placed"], for_each=["prefect.resource.id"], within=600),
        _absence(after=["sensor.reported"], expect=["sensor.reported"], within=14_400),
        _absence(after=["job.started"], expect=["job.finished"], within=10_800),
        _absence(expect=["sensor.reported"], threshold=2, within=14_400),
        _absence(expect=["order.placed"], for_each=[], within=900),
        _absence(expect=["object.created"], for_each=[], within=1_800, threshold=3),
        {
            "type": "compound",
            "require": "all",
            "within": 300,
            "triggers": [_events([f"door.{deed}"], match_related=keeper) for deed in ("opened", "closed")],
        },
        {"type": "sequence", "within": 600, "triggers": [_events([name]) for name in WATCHED[:3]]},
        {
            "type": "compound",
            "require": 2,
            "within": None,
            "triggers": [_events(["payment.*"], threshold=20), _events(["job.*"])],
        },
        _events([], match={"prefect.resource.id": "shop.42"}, threshold=100),
    ]
    return [
        {"name": f"automation {number}", "trigger": trigger, "actions": [RUN]}
        for number, trigger in enumerate(triggers, 1)
    ]


_THRESHOLDS = ((2, 600), (3, 3_600), (5, 86_400), (10, 86_400))


def _events(expect: list[str], **more: Any) -> dict[str, Any]:
    return {"type": "event", "posture": "Reactive", "expect": expect, **more}


def _absence(**more: Any) -> dict[str, Any]:
    return {"type": "event", "posture": "Proactive", "for_each": ["prefect.resource.id"], **more}


def lines(count: int) -> Iterator[str]:
    """Yield events as lines, always the same."""
    chance = random.Random(20261120)
    step = timedelta(days=DAYS) / count
    for number in range(count):
        name = chance.choice(WATCHED if chance.random() < 0.35 else UNWATCHED)
        occurred = START + number * step
        received = occurred + timedelta(milliseconds=chance.randrange(5, 400))
        yield json.dumps(_document(name, chance, number, occurred, received), **JSON)  # type: ignore[arg-type]


def _document(name: str, chance: random.Random, number: int, occurred: datetime, received: datetime) -> dict[str, Any]:
    thing = name.partition(".")[0]
    kind, many = {"sensor": ("sensor", SENSORS), "job": ("job", JOBS)}.get(thing, ("shop", SHOPS))
    id_ = f"{kind}.{chance.randrange(many)}"
    if thing == "object":
        id_ = f"s3://landing/{chance.randrange(50)}.{chance.choice(('csv', 'json', 'parquet'))}"
    return {
        "id": str(UUID(int=chance.getrandbits(60) << 60 | 7 << 76 | 0b10 << 62 | number)),
        "occurred": occurred.isoformat().replace("+00:00", "Z"),
        "event": name,
        "resource": {"prefect.resource.id": id_, "region": chance.choice(("north", "south", "east", "west"))},
        "related": [{"prefect.resource.id": f"keeper.{chance.randrange(30)}", "prefect.resource.role": "keeper"}],
        "payload": {"amount": chance.randrange(1, 9_999) / 100, "items": [chance.randrange(99) for _ in range(4)]},
        "follows": None,
        "received": received.isoformat().replace("+00:00", "Z"),
    }


def prepared(count: int) -> Path:
    """Return the file of events, made if need be."""
    path = CACHE / f"events-{count}.jsonl"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"writing {count:,} events to {path.name} …", file=sys.stderr)
        unfinished = path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines(count))
        unfinished.rename(path)
    return path


def play(path: str) -> dict[str, float]:
    """Play a file to the automations; return figures.

    No clock watches the templates, as in `whenflow backtest`: its timer counts the same processor time, and setting it
    for each rendering would be measured as well.
    """
    before = watched_by(lambda work: work())
    try:
        return _played(path)
    finally:
        watched_by(before)


def _played(path: str) -> dict[str, float]:
    player = Backtest(draft_from_document(document).automation for document in automations())
    started, began = time.process_time(), time.perf_counter()
    with EventFile(path, strict=True) as file:
        firings = sum(1 for _ in player.play(file))
    seconds, wall = time.process_time() - started, time.perf_counter() - began
    looked_at = sum(one.looked for one in player.tally.closeness.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    return {
        "events": player.tally.events,
        "seconds": seconds,
        "wall_seconds": wall,
        "evaluations": looked_at,
        "firings": firings,
        "peak_rss_mb": peak,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--play", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.play:
        print(json.dumps(play(given.play)))
        return
    path = prepared(given.events)
    rounds = []
    for number in range(given.rounds):
        command = [sys.executable, "-m", "benchmarks.backtest", "--play", str(path)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rounds.append(found)
        print(
            f"round {number + 1}: {found['events']:,} events, {found['evaluations']:,} evaluations, "
            f"{found['firings']:,} firings in {found['seconds']:.1f} s of processor time, "
            f"{found['wall_seconds']:.1f} s by the clock"
        )
    rate = median(one["events"] / one["seconds"] for one in rounds)
    print(f"events_per_second={rate:.0f} peak_rss_mb={max(one['peak_rss_mb'] for one in rounds):.0f}")


if __name__ == "__main__":
    main()
