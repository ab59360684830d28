"""Random conformance cases, run by Prefect's own engine and by Whenflow, side by side: `make test-reference`.

The last line says how many cases there were and how many differences. A difference is made small before it is shown.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from tests.reference.comparing import Comparer, Difference, InvalidCase
from tests.reference.generators import event_schema, matching, scenes, targets, templating, validation
from tests.reference.shrinking import shrunk

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "prefect-client" / "bin" / "python"
SETS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "event_schema": event_schema.case,
    "matching": matching.case,
    "targets": targets.case,
    "templating": templating.case,
    "validation": validation.case,
}
FIXTURES: dict[str, Mapping[str, Any]] = {"templating": scenes.FIXTURES}
SHOWN = 20


def main(arguments: list[str]) -> int:
    """Compare; return 0 if there was no difference but those that are meant to be, 1 if there was one."""
    asked = _asked(arguments)
    names = asked.set or list(SETS)
    print(f"seed={asked.seed} sets={','.join(names)} cases={asked.cases} each, beside {asked.python}")
    found = meant = 0
    with Comparer(asked.python) as comparer:
        for name in names:
            differences, deliberate = _compare(comparer, name, asked)
            meant += sum(deliberate.values())
            found += differences
    print(f"cases={asked.cases * len(names)} deliberate={meant} differences={found}")
    return 1 if found else 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-reference")
    parser.add_argument("--cases", type=int, default=2000, help="how many of each set")
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6))
    parser.add_argument("--set", action="append", choices=sorted(SETS), help="only this set; may be given again")
    parser.add_argument("--python", type=Path, default=PYTHON, help="a Python that has Prefect's server installed")
    return parser.parse_args(arguments)


def _compare(comparer: Comparer, name: str, asked: argparse.Namespace) -> tuple[int, Counter[str]]:
    random, fixtures = Random(f"{name} {asked.seed}"), FIXTURES.get(name, {})
    deliberate: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for _ in range(asked.cases):
        case = SETS[name](random)
        difference = comparer.difference(name, case, fixtures)
        if difference is None:
            continue
        if difference.reason:
            deliberate[difference.reason] += 1
            continue
        kinds[difference.kind] += 1
        if sum(kinds.values()) <= SHOWN and kinds[difference.kind] <= 3:
            _show(comparer, name, case, fixtures, difference)
    told = ", ".join(f"{count} {reason}" for reason, count in deliberate.most_common())
    print(f"{name}: {asked.cases} cases, {sum(kinds.values())} differences; deliberate: {told or 'none'}")
    return sum(kinds.values()), deliberate


def _show(comparer: Comparer, name: str, case: Any, fixtures: Mapping[str, Any], difference: Difference) -> None:
    def differs(smaller: dict[str, Any]) -> Difference | None:
        try:
            found = comparer.difference(name, smaller, fixtures)
        except InvalidCase:
            return None
        return found if found and not found.reason and found.kind == difference.kind else None

    smallest = shrunk(case, lambda smaller: differs(smaller) is not None)
    seen = differs(smallest) or difference
    print(f"DIFFERENCE {name} {json.dumps(smallest, ensure_ascii=False)}")
    print(f"  Prefect  {json.dumps(seen.reference, ensure_ascii=False)}")
    print(f"  Whenflow {json.dumps(seen.ours, ensure_ascii=False)}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
