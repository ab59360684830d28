"""Measures, and prints the figures; the last line has them as name=value pairs."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from benchmarks.matching import peers
from benchmarks.matching.whenflow_side import Loading, Side, evaluate, load, match, search, seconds
from benchmarks.matching.world import BLOCK, World, worlds
from benchmarks.reference import Missing

SIZES = (1, 100, 10_000, 100_000)
PEER_SIZES = (1, 100, 10_000)
PEER_WORK = 2_000_000  # how many automations times events the reference is asked to go through in one round
SHORT = {10_000: "10k", 100_000: "100k"}

Round = Callable[[], float]
"""One round of one measurement; returns seconds per event."""


class Table:
    """Measurements by name: what is run in every round, and what came of it."""

    def __init__(self) -> None:
        """Start empty."""
        self._rounds: dict[str, Round] = {}
        self._times: dict[str, list[float]] = {}

    def add(self, name: str, one_round: Round) -> None:
        """Add a measurement."""
        self._rounds[name] = one_round
        self._times[name] = []

    def run(self, rounds: int) -> None:
        """Run every measurement once per round, alike ones one after the other; start with another one each time."""
        names = sorted(self._rounds, key=lambda name: name.rpartition(" ")[0])
        for number in range(rounds):
            print(f"round {number + 1} of {rounds} …", file=sys.stderr)
            gc.collect()
            start = number * len(names) // rounds
            for name in names[start:] + names[:start]:
                self._times[name].append(self._rounds[name]())

    def __contains__(self, name: str) -> bool:
        return name in self._times

    def __iter__(self) -> Iterator[str]:
        return iter(self._times)

    def micros(self, name: str) -> float:
        """Return microseconds per event."""
        return median(self._times[name]) * 1e6

    def rate(self, name: str) -> float:
        """Return events per second."""
        return 1 / median(self._times[name])

    def ratio(self, name: str, to: str) -> float:
        """Return how many times as long one takes as another, each round for itself."""
        return median(one / other for one, other in zip(self._times[name], self._times[to], strict=True))


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark."""
    options = _options(arguments)
    table = Table()
    loadings = {}
    with (
        _peer("reference", peers.start_reference, options.peers) as reference,
        _peer("event-ruler", peers.start_ruler, options.peers) as ruler,
    ):
        for size in options.sizes:
            print(f"loading {size:,} automations …", file=sys.stderr)
            made = worlds(size, options.events)
            loadings[size] = _add_whenflow(table, size, made)
            if size in PEER_SIZES:
                _add_peers(table, size, made, reference, ruler)
        with _one_core():
            table.run(options.rounds)
    _show(table, loadings)
    print(" ".join(f"{name}={value}" for name, value in _figures(table).items()))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.matching", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many automations")
    parser.add_argument("--events", type=int, default=10_000, help="events of each sort in a round")
    parser.add_argument("--rounds", type=int, default=9, help="rounds, of which the median counts")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="Whenflow alone")
    options = parser.parse_args(arguments)
    for size in options.sizes:
        if size not in (1, BLOCK) and size % (10 * BLOCK):
            parser.error(f"a size is 1, {BLOCK} or a multiple of {10 * BLOCK:,}: {size}")
    return options


@contextmanager
def _one_core() -> Iterator[None]:
    """Stay on one core, where the system lets us choose; the peers' processes may take any."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def _peer(name: str, start: Callable[[], peers.Peer], wanted: bool) -> Iterator[peers.Peer | None]:
    """Start a peer and end it; None where it is not wanted or cannot be had."""
    peer = None
    if wanted:
        peers.CACHE.mkdir(parents=True, exist_ok=True)
        try:
            peer = start()
        except Missing as missing:
            print(f"Left out: {name} {missing}", file=sys.stderr)
    try:
        yield peer
    finally:
        if peer:
            peer.stop()


def _add_whenflow(table: Table, size: int, made: Sequence[World]) -> Loading:
    loaded = [load(world) for world in made]
    sides = [side for side, _ in loaded]
    table.add(f"matching {size}", _over(sides, lambda side: lambda: evaluate(side.engine, side.matching), "matching"))
    table.add(f"others {size}", _over(sides, lambda side: lambda: evaluate(side.engine, side.others), "others"))
    table.add(f"match only {size}", _over(sides, lambda side: lambda: match(side.engine, side.matching), "matching"))
    table.add(f"search only {size}", _over(sides, lambda side: search(side.engine, side.matching), "matching"))
    return loaded[0][1]


def _over(sides: Sequence[Side], work: Callable[[Side], Callable[[], None]], stream: str) -> Round:
    events = sum(len(getattr(side, stream)) for side in sides)
    return lambda: sum(seconds(work(side)) for side in sides) / events


def _add_peers(
    table: Table, size: int, made: Sequence[World], reference: peers.Peer | None, ruler: peers.Peer | None
) -> None:
    names = [f"{size}-{number}" for number in range(len(made))]
    if reference:
        for name, world in zip(names, made, strict=True):
            peers.give_reference(reference, name, world, max(1, min(len(world.matching), PEER_WORK // size)))
        table.add(f"reference {size}", lambda: reference.seconds_per_event(names))
    if ruler:
        for name, world in zip(names, made, strict=True):
            peers.give_ruler(ruler, name, world)
        table.add(f"event-ruler {size}", lambda: ruler.seconds_per_event(names))


def _show(table: Table, loadings: dict[int, Loading]) -> None:
    rows = {
        "matching": "Whenflow, every event meets one: decode + match + evaluate",
        "others": "Whenflow, no event meets any: decode + match + evaluate",
        "match only": "Whenflow, every event meets one: decode + match",
        "search only": "Whenflow, every event meets one: search alone",
        "reference": "the reference, every event meets one: search alone",
        "event-ruler": "event-ruler, every event meets one: parse + match",
    }
    sizes = list(loadings)
    print(f"{'microseconds of CPU per event, at so many automations':<60}", *(f"{size:>10,}" for size in sizes))
    for row, what in rows.items():
        cells = [f"{table.micros(name):10.2f}" if (name := f"{row} {size}") in table else " " * 10 for size in sizes]
        if any(cell.strip() for cell in cells):
            print(f"{what:<60}", *cells)
    print(f"{'milliseconds to load all':<60}", *(f"{one.load_seconds * 1e3:10.2f}" for one in loadings.values()))
    print(f"{'microseconds to replace one':<60}", *(f"{one.replace_seconds * 1e6:10.2f}" for one in loadings.values()))
    for peer in ("reference", "event-ruler"):
        for size in sizes:
            if (name := f"{peer} {size}") in table:
                ratios = (table.ratio(name, f"{mine} {size}") for mine in ("matching", "match only", "search only"))
                print(f"{name}, its time in ours (all; decode + match; search):", *(f"{one:.2f}" for one in ratios))


def _figures(table: Table) -> dict[str, str]:
    figures = {
        f"events_per_second_{SHORT.get(size, size)}": f"{table.rate(f'matching {size}'):.0f}"
        for size in SIZES
        if f"matching {size}" in table
    }
    if "others 10000" in table:
        figures["nonmatching_events_per_second_10k"] = f"{table.rate('others 10000'):.0f}"
    for name, one, other in (
        ("cost_ratio_100k_to_100", "matching 100000", "matching 100"),
        ("ratio_to_reference_10k", "reference 10000", "matching 10000"),
        ("ratio_to_event_ruler_10k", "event-ruler 10000", "match only 10000"),
    ):
        if one in table and other in table:
            figures[name] = f"{table.ratio(one, other):.3g}"
    return figures


if __name__ == "__main__":
    main(sys.argv[1:])
