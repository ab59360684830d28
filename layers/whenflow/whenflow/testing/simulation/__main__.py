"""`python -m whenflow.testing.simulation`: play many histories, and show the first that goes wrong."""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Sequence

from whenflow.testing.simulation.play import RATE, shrunk, simulate
from whenflow.testing.simulation.workload import counted

SHOWN_EVERY = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, and return 1 if a history went wrong."""
    parser = argparse.ArgumentParser(prog="python -m whenflow.testing.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first")
    parser.add_argument("--rate", type=float, default=RATE, help="how large a share of the calls fails")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # that calls fail is the point
    totals: Counter[str] = Counter()
    for number in range(given.seeds):
        history = simulate(given.first + number, given.rate)
        totals.update(history.figures)
        if history.violations:
            print(shrunk(history.seed, given.rate).report())
            return 1
        if not (number + 1) % SHOWN_EVERY:
            print(f"{number + 1} histories: {counted(totals)}", flush=True)
    print(f"histories={given.seeds} violations=0 {counted(totals)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
