"""Event ids.

Ids made elsewhere may be any UUID. Ids made here are version 8 and say where their event is stored: the millisecond
and microsecond of `occurred` and the shard of the resource. So an event made here is found by its id, and stored once,
without an index and without a second write (docs/decisions/0003).

    48 bits milliseconds | 4 version | 12 microseconds within | 2 variant | 8 shard | 54 entropy
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_ADDRESSABLE = datetime(9999, 12, 31, tzinfo=UTC)
NAMESPACE = uuid.UUID("5b0f7ac0-6f5e-5d0b-9d67-7768656e666c")
_NAMESPACE_BYTES = NAMESPACE.bytes
_VARIANT = {digit: f"{int(digit, 16) & 0b11 | 0b1000:x}" for digit in "0123456789abcdef"}
ENTROPY_BITS = 54
MAX_SHARD = 255
VERSION = 8


@dataclass(frozen=True, slots=True)
class Address:
    """Where an event stands: when it occurred, to the microsecond, and its shard."""

    occurred: datetime
    shard: int


def shard_of(resource_id: str, shards: int) -> int:
    """Return the shard of a resource, 0 to `shards` - 1; the same resource always has the same one."""
    return int.from_bytes(sha256(resource_id.encode("utf-8", "surrogatepass")).digest()[:4]) % shards


def addressed_id(occurred: datetime, shard: int, entropy: int) -> str:
    """Make an id that says where its event is stored.

    Args:
        occurred: When the event occurred, with a time zone, from 1970 on.
        shard: The shard of its resource, 0 to 255.
        entropy: Random bits, or bits of a digest where the id must come out the same again; the low 54 are used.
    """
    micros = (occurred - EPOCH) // timedelta(microseconds=1)
    millis, rest = divmod(micros, 1000)
    value = (millis & (1 << 48) - 1) << 80 | VERSION << 76 | rest << 64 | 0b10 << 62
    value |= (shard & MAX_SHARD) << ENTROPY_BITS | entropy & (1 << ENTROPY_BITS) - 1
    return str(uuid.UUID(int=value))


def address_of(event_id: str) -> Address | None:
    """Return where the event with this id would stand if it was made here, or None where the id says nothing."""
    number = uuid.UUID(event_id).int
    if (number >> 76) & 0xF != VERSION:
        return None
    micros = (number >> 80) * 1000 + ((number >> 64) & 0xFFF)
    if micros > (LAST_ADDRESSABLE - EPOCH) // timedelta(microseconds=1):
        return None
    return Address(EPOCH + timedelta(microseconds=micros), (number >> ENTROPY_BITS) & MAX_SHARD)


def named_id(*parts: str) -> str:
    """Return the UUID that these words always give: the same work done twice has the same id.

    It is a name-based UUID in form (version 5), with SHA-256 for SHA-1: nobody can make two names collide.
    """
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    digest = sha256(_NAMESPACE_BYTES + text).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def entropy_of(*parts: str) -> int:
    """Return entropy for `addressed_id` that these words always give."""
    return int.from_bytes(sha256("\x1f".join(parts).encode()).digest()[:8])
