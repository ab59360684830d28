"""What the API's refusals mean to the person who called."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whenflow.cli.config import KEY_VARIABLE, Connection
from whenflow.cli.errors import CliError, NotAuthorized, NotFound, Refused, ServerFault

if TYPE_CHECKING:
    import httpx2

SERVER_ERROR, BAD_REQUEST = 500, 400
MAX_FAULTS = 20
NOWHERE = "Not Found"
"""What the API says of a path that it does not have."""


def error_for(response: "httpx2.Response", connection: Connection) -> CliError:
    """Return the error that an answer stands for.

    Args:
        response: An answer that is no success.
        connection: Who was asked, and how that was found.
    """
    answer = _answer(response)
    reason = _reason(answer)
    match response.status_code:
        case 401:
            return _not_authorized(connection)
        case 403:
            return NotAuthorized(reason or "It is forbidden.", hint=f"The key comes from {connection.key_source}.")
        case 404:
            if isinstance(answer.get("detail"), str) and reason != NOWHERE:
                return NotFound(f"{reason}.")
            return NotFound(
                f"Not found: {response.url.path}.",
                hint=f"The address {connection.api_url} comes from {connection.url_source}. Is it right?",
            )
        case 409:
            return Refused(f"It clashes with what is there: {reason or 'it exists already'}.")
        case 413:
            return Refused(f"It is too large: {reason or 'over the limit'}.")
        case 429:
            return ServerFault("There were too many requests.", hint="Try again in a while.")
    return _other(response.status_code, reason, _faults(answer), connection)


def stranger(connection: Connection, what: str) -> ServerFault:
    """Return the error for an answer that no Whenflow gives.

    Args:
        connection: Who was asked.
        what: What came.
    """
    return ServerFault(
        f"{connection.api_url} gave {what}: it seems to be no Whenflow API.",
        hint=f"The address comes from {connection.url_source}. It usually ends in /api.",
    )


def _other(status: int, reason: str, faults: Sequence[str], connection: Connection) -> CliError:
    if status < BAD_REQUEST:
        return stranger(connection, f"a redirect ({status})")
    if status < SERVER_ERROR and not faults and not reason:
        return stranger(connection, f"the status {status} and no reason")
    if status < SERVER_ERROR:
        said = "The API refused it:" if faults else f"The API refused: {reason or f'status {status}'}."
        return Refused(said, details=tuple(faults))
    return ServerFault(
        f"The API failed (status {status}{f': {reason}' if reason else ''}).",
        hint="Try again. If it stays, the log of the `api` function says more.",
    )


def _not_authorized(connection: Connection) -> NotAuthorized:
    if connection.is_local and connection.key_source == KEY_VARIABLE:
        hint = f"{KEY_VARIABLE} is set, perhaps for another Whenflow; unset it to use the key of the local one."
    else:
        hint = f"The key comes from {connection.key_source}. Put a valid one into {KEY_VARIABLE}, or give --api-key."
    return NotAuthorized(f"{connection.api_url} does not accept the API key.", hint=hint)


def _answer(response: "httpx2.Response") -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _reason(answer: Mapping[str, Any]) -> str:
    """Return the one sentence an answer gives, without its full stop."""
    candidates = (answer.get(key) for key in ("detail", "exception_message", "message"))
    return next((text.strip().rstrip(".") for text in candidates if isinstance(text, str) and text.strip()), "")


def _faults(answer: Mapping[str, Any]) -> list[str]:
    """Return one line per faulty field: `trigger.posture: must be Reactive or Proactive`."""
    entries = answer.get("exception_detail") or answer.get("detail")
    if not isinstance(entries, list):
        return []
    lines = [line for entry in entries if isinstance(entry, dict) and (line := _fault(entry))]
    more = len(lines) - MAX_FAULTS
    return lines[:MAX_FAULTS] + ([f"... and {more} more"] if more > 0 else [])


def _fault(entry: Mapping[str, Any]) -> str:
    parts = list(entry.get("loc") or ())
    if parts[:1] == ["body"]:
        parts.pop(0)
    if parts and isinstance(parts[0], int):  # the place in a batch, and the command sends one at a time
        parts.pop(0)
    message = str(entry.get("msg") or "").removeprefix("Value error, ")
    return ": ".join(text for text in (".".join(map(str, parts)), message) if text)
