"""How long it takes from an event to running code, on the local stack; beside it, Prefect's own server."""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.launch.figures import Burst, Latency, Side, burst_of, can_measure, latency_of
from benchmarks.launch.reference import reference_side
from benchmarks.launch.whenflow_side import WhenflowSide, whenflow_side
from benchmarks.reference import Missing
from whenflow.local.stack import STACK

PATIENCE_SECONDS = 75.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launch", description=__doc__)
    parser.add_argument("--events", type=int, default=300, help="single events; 0 leaves them out")
    parser.add_argument("--rate", type=float, default=5.0, help="of single events, per second")
    parser.add_argument("--burst", type=int, default=2_000, help="events at once; 0 leaves it out")
    parser.add_argument("--reference-burst", type=int, help="as many for the reference (as --burst)")
    parser.add_argument("--no-reference", action="store_true", help="measure Whenflow alone")
    given = parser.parse_args(arguments)
    if not can_measure():
        print("This needs Linux: processor time is read from /proc.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="whenflow-bench-") as home:
        figures = _whenflow(Path(home) / "room", given)
        if not given.no_reference:
            figures |= _reference(Path(home) / "reference", given)
    print(*(f"{name}={value:.1f}" for name, value in (figures | _ratios(figures)).items()))
    return 0


def _whenflow(home: Path, given: argparse.Namespace) -> dict[str, float]:
    with whenflow_side(home) as side:
        side.count_calls()
        before = side.cpu_by_function()
        figures = _measured("Whenflow, until the flow's code runs", side, given, given.burst)
        launches = given.events + given.burst
        _show_where_it_goes(side, before, launches)
        figures["requests_per_launch"] = sum(used.get("requests", 0) for used in side.calls().values()) / launches
        after = side.cpu_by_function()
        own = sum(seconds - before.get(name, 0.0) for name, seconds in after.items() if name)
        figures["own_cpu_ms_per_launch"] = own / launches * 1000
    return figures


def _show_where_it_goes(side: WhenflowSide, before: Mapping[str, float], launches: int) -> None:
    print("  processor time for each event, in ms:")
    for name, seconds in sorted(side.cpu_by_function().items(), key=lambda one: one[1], reverse=True):
        print(
            f"    {name or 'the embedded AWS itself':<26} {(seconds - before.get(name, 0.0)) / launches * 1000:>7.1f}"
        )
    print("  for each event, in DynamoDB:")
    for function, used in sorted(side.calls().items()):
        requests, writes, reads = (used.get(name, 0) / launches for name in ("requests", "writes", "reads"))
        if requests:
            name = function.removeprefix(f"{STACK}-")[:26]
            print(f"    {name:<26} {requests:>7.2f} requests, {writes:.2f} write units, {reads:.2f} read units")


def _reference(home: Path, given: argparse.Namespace) -> dict[str, float]:
    burst = given.burst if given.reference_burst is None else given.reference_burst
    try:
        with reference_side(home) as side:
            measured = _measured("The reference, until the run is created", side, given, burst)
    except Missing as error:
        print(f"The reference is left out: {error}", file=sys.stderr)
        return {}
    return {f"reference_{name}": value for name, value in measured.items()}


def _measured(what: str, side: Side, given: argparse.Namespace, burst: int) -> dict[str, float]:
    print(f"{what}:", flush=True)
    figures: dict[str, float] = {}
    if given.events:
        one: Latency = latency_of(side, given.events, given.rate, PATIENCE_SECONDS)
        print(f"  {given.events} events at {given.rate:g} a second: {one}", flush=True)
        figures |= {"p50_ms": one.p50_ms, "p95_ms": one.p95_ms, "missing": one.missing}
    if burst:
        all_: Burst = burst_of(side, burst, PATIENCE_SECONDS)
        print(f"  {burst} events at once: {all_}", flush=True)
        figures |= {
            "burst_seconds": all_.seconds,
            "burst_cpu_ms_per_event": all_.cpu_ms_per_event,
            "burst_ms_per_event": all_.seconds / burst * 1000,
            "burst_missing": all_.missing,
        }
    return figures


def _ratios(figures: dict[str, float]) -> dict[str, float]:
    """Return how many times as much the reference takes."""
    return {
        f"ratio_{name}": figures[f"reference_{name}"] / figures[name]
        for name in ("p50_ms", "p95_ms", "burst_ms_per_event", "burst_cpu_ms_per_event")
        if f"reference_{name}" in figures and figures.get(name)
    }


if __name__ == "__main__":
    sys.exit(main())
