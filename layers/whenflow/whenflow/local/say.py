"""What a person sees while the local stack starts and runs."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

console = Console(highlight=False, soft_wrap=True)


@contextlib.contextmanager
def step(doing: str, done: str) -> Iterator[None]:
    """Show that something is under way, and then how long it took."""
    begun = time.monotonic()
    if console.is_terminal:
        with console.status(f"{doing} …"):
            yield
    else:
        console.print(f"  {doing} …")
        yield
    console.print(Text.assemble(("✓ ", "green"), done, (f"  {time.monotonic() - begun:.1f} s", "dim")))


def note(text: str) -> None:
    """Say something that matters less."""
    console.print(Text(text, style="dim"))


def complain(text: str) -> None:
    """Say what went wrong."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text.assemble(("✗ ", "bold red"), text))
