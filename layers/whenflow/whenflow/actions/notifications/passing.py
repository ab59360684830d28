"""Which troubles on the way to somebody else's server pass, so that it is worth trying again; all others are final.

| trouble | notification | `call-webhook` |
|---|---|---|
| no connection, no address, no answer in time, a connection that breaks off | passes | passes |
| 429, 502, 503, 504: the server says itself that it did nothing | passes | passes |
| 408, 425, 500 | passes | is an answer: executed |
| any other status that is not 2xx | final | is an answer: executed |
| a URL or address that may not be called, a certificate nobody vouches for, a secret that is gone | final | final |
| a throttle or a failure of SES or SNS | passes | |
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from whenflow.errors import Transient
from whenflow.ports import HttpAnswer

NOT_DONE = frozenset({429, 502, 503, 504})
"""A server or what stands before it says that it did not do what it was asked for."""
BUSY = NOT_DONE | {408, 425, 500}
LONGEST_SECONDS = 3600.0
"""The longest wait that a server may ask for."""


def passing(answer: HttpAnswer, reason: str, now: datetime) -> Transient:
    """Return the error of an answer that says to come again, with the wait that it asks for."""
    return Transient(reason, retry_after(answer.headers, now))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds `Retry-After` asks to wait, an hour at most; None where it says nothing of use.

    Args:
        headers: With names in lower case; the value is a number of seconds, or a date.
        now: What a date is compared with.
    """
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), LONGEST_SECONDS)
    try:
        until = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:  # "-0000": a date of no known zone
        return None
    return min(max(0.0, (until - now).total_seconds()), LONGEST_SECONDS)
