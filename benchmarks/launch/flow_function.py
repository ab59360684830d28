"""The function that is launched: a flow that only says when it began. It is deployed beside the stack's own."""

import os
import time
from pathlib import Path

from whenflow import flow, serve_lambda


@flow
def began(name: str) -> None:
    """Note that the code of this event's run is running."""
    with Path(os.environ["BENCH_STARTED"]).open("a", encoding="utf-8") as file:
        file.write(f"{name} {time.time()}\n")


handler = serve_lambda(began)
