"""How many requests a second a webhook takes, from HTTP request to stored event, and where the time goes; one core.

See README.md beside the other benchmarks.
"""

import argparse
import gc
from collections.abc import Sequence
from statistics import median

from benchmarks.webhook.stack import cores, measure_stack
from benchmarks.webhook.steps import Seconds, measure
from benchmarks.webhook.world import KINDS, World
from whenflow.aws.template_clock import TemplateClock
from whenflow.templating import watched_by


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="in each round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stack-requests", type=int, default=1_000, help="through the local stack; 0 leaves it out")
    given = parser.parse_args(arguments)
    worlds = {kind: World(kind) for kind in KINDS}
    rounds: dict[str, list[Seconds]] = {kind: [] for kind in KINDS}
    for world in worlds.values():
        measure(world, 50)
    gc.freeze()
    for _ in range(given.rounds):
        for kind, world in worlds.items():
            rounds[kind].append(measure(world, given.requests))
    figures: dict[str, float] = {}
    for kind in KINDS:
        figures |= _told(kind, rounds[kind])
    rate = measure_stack(given.stack_requests) if given.stack_requests else None
    if rate is not None:
        figures |= {"stack_requests_per_second": rate, "stack_requests_per_second_per_core": rate / cores()}
    elif given.stack_requests:
        print("The local stack does not run here (`make up`): its figure is left out.")
    print(*(f"{name}={value:.0f}" for name, value in figures.items()))


def _told(kind: str, rounds: Sequence[Seconds]) -> dict[str, float]:
    """Print the table of one kind of delivery; return its figures."""
    whole = median(one.whole / one.requests for one in rounds)
    print(f"{kind}: {whole * 1e6:.0f} µs of processor time from invocation to response")
    print(f"  {'step':<14} {'µs':>7} {'share':>7}")
    steps = {name: median(one.steps[name] / one.requests for one in rounds) for name in rounds[0].steps}
    for name, seconds in (*steps.items(), ("all else", whole - sum(steps.values()))):
        print(f"  {name:<14} {seconds * 1e6:>7.1f} {seconds / whole:>7.1%}")
    return {f"requests_per_second_{kind}": 1 / whole, f"render_us_{kind}": steps["render"] * 1e6}


if __name__ == "__main__":
    watched_by(TemplateClock())  # as in Lambda
    main()
