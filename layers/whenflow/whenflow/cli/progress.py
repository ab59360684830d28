"""A bar on standard error for what takes a while; nothing where standard error is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress(what: str, total: float | None) -> Iterator[Callable[[float], None]]:
    """Show how far something is; gives a function to be told how much is done.

    Args:
        what: What is done, in a word.
        total: How much there is to do; None where it is not known. Nothing is shown where that is nothing.
    """
    console = Console(stderr=True)
    if not console.is_terminal or total == 0:
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
