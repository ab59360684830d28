"""Changing what is set up so that nobody's change is lost: read, decide, store over what was read, or begin anew."""

from collections.abc import Callable
from typing import TypeVar

from whenflow.errors import NotFound, Stale, Transient
from whenflow.ports.config import ConfigStore, Stored

T = TypeVar("T")
TRIES = 8


def over_latest(
    config: ConfigStore, kind: str, id_: str, act: Callable[[Stored], T], *, over: str | None = None, what: str = ""
) -> T:
    """Let `act` decide on a document and store it over the revision it was given; again, where somebody was faster.

    Args:
        config: Where the document is.
        kind: Its kind.
        id_: Its id.
        act: Works on the document as it is now; raises `Stale` where it is that no longer.
        over: The revision that the caller has seen: where it is another by now, nothing is done.
        what: What to call it; its kind if left out.

    Raises:
        NotFound: There is no such document.
        Stale: It has changed since the caller has seen it.
        Transient: Others were faster every time.
    """
    for _ in range(TRIES):
        found = config.read(kind, id_)
        if found is None:
            raise NotFound(f"There is no {what or kind} {id_}.")
        check_seen(found, over, f"{what or kind} {id_}")
        try:
            return act(found)
        except Stale:
            continue
    raise Transient(f"The {what or kind} {id_} changed under every one of {TRIES} tries.")


def check_seen(found: Stored, over: str | None, what: str) -> None:
    """Refuse to work on a document that is not as the caller has seen it.

    Raises:
        Stale: With when it changed, and what to do.
    """
    if over is None or over == (found.revision or ""):
        return
    when = f" at {found.document['updated']}" if found.document.get("updated") else ""
    raise Stale(
        f"The {what} was changed{when}, after you read it; nothing is done. "
        "Read it again, see what is different, and send your change with its new ETag."
    )
