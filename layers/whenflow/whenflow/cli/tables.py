"""Tables for people, fitted to the terminal."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from whenflow.cli.render import NOT_IN_A_CELL, clean

WIDE = 120
UNLIMITED = 10_000
GAP = 2
NARROWEST = 8
STATE_STYLES = {
    "COMPLETED": "green",
    "FAILED": "red",
    "CRASHED": "bold red",
    "CANCELLED": "yellow",
    "CANCELLING": "yellow",
    "PAUSED": "yellow",
    "RUNNING": "blue",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: The heading.
        wide: Shown only where there is room, or where the output goes into a file or another program.
        elastic: Shortened where the row is too long for the terminal; the others never are.
    """

    title: str
    wide: bool = False
    elastic: bool = False


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Text]]) -> None:
    """Write rows under headings, within the width of the terminal."""
    out = console()
    shown = [index for index, column in enumerate(columns) if out.width >= WIDE or not column.wide]
    lines = [[_cell(row[index]) for index in shown] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column, width in zip(
        (columns[index] for index in shown), _widths(columns, shown, lines, out.width), strict=True
    ):
        table.add_column(column.title, no_wrap=True, overflow="ellipsis", width=width)
    for line in lines:
        table.add_row(*line)
    out.print(table)


def _widths(columns: Sequence[Column], shown: Sequence[int], lines: Sequence[Sequence[Text]], room: int) -> list[int]:
    """Give every column what it needs, then take from the widest elastic one until the row fits."""
    widths = [
        max(len(columns[index].title), *(line[place].cell_len for line in lines)) for place, index in enumerate(shown)
    ]
    elastic = [place for place, index in enumerate(shown) if columns[index].elastic]
    while sum(widths) + GAP * (len(widths) - 1) > room and elastic:
        widest = max(elastic, key=lambda place: widths[place])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def console() -> Console:
    """Return a console on today's standard output; one that is no terminal has all the room it wants."""
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=UNLIMITED if piped else None, highlight=False, markup=False, emoji=False)


def state(run_or_state: dict[str, Any]) -> Text:
    """Return the name of a state, coloured by its type; of a flow run or of a state itself."""
    kind = str(run_or_state.get("state_type") or run_or_state.get("type") or "")
    name = run_or_state.get("state_name") or run_or_state.get("name") or kind.title() or "-"
    return Text(clean(name, NOT_IN_A_CELL), style=STATE_STYLES.get(kind, ""))


def _cell(value: str | Text) -> Text:
    return value if isinstance(value, Text) else Text(clean(value, NOT_IN_A_CELL))
