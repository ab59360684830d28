"""Which events were processed: exact for ever, at 16 bytes for each event."""

BUCKETS = 1 << 14
SIZE = 16
HEX_DIGITS = 32


class SeenIds:
    """A set of event ids that can be added to and asked, and takes a tenth of the room of a set of texts.

    An id is a UUID nearly always; whatever is none is kept as it is.
    """

    __slots__ = ("_buckets", "_last", "_others")

    def __init__(self) -> None:
        """Start empty."""
        self._buckets: dict[int, bytearray] = {}
        self._others: set[str] = set()
        self._last: tuple[str, bytes | None] = ("", None)  # asked for and then added, nearly always

    def __contains__(self, event_id: str) -> bool:
        """Tell whether an id was added."""
        number = _number(event_id)
        self._last = (event_id, number)
        if number is None:
            return event_id in self._others
        bucket = self._buckets.get(hash(number) % BUCKETS)
        if bucket is None:
            return False
        place = bucket.find(number)
        while place > 0 and place % SIZE:  # across two ids: no id
            place = bucket.find(number, place + 1)
        return place >= 0

    def add(self, event_id: str) -> None:
        """Add an id; one that is there already must not be added again, or it takes its room twice."""
        last, number = self._last
        if last is not event_id:
            number = _number(event_id)
        if number is None:
            self._others.add(event_id)
            return
        place = hash(number) % BUCKETS
        bucket = self._buckets.get(place)
        if bucket is None:
            self._buckets[place] = bytearray(number)
        else:
            bucket += number


def _number(event_id: str) -> bytes | None:
    digits = event_id.replace("-", "")
    if len(digits) != HEX_DIGITS:
        return None
    try:
        number = bytes.fromhex(digits)
    except ValueError:
        return None
    return number if len(number) == SIZE else None
