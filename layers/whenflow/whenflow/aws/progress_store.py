"""How far matcher and timer have come, and which events are held; in the state table."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import condition_failed, number, text, translated
from whenflow.aws.timer_queue import SqsTimerQueue
from whenflow.events import iso, parse_iso
from whenflow.ports import NOTED_STEP, Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PROGRESS = "progress"
CLOCK, SWEPT, LOOKED_AFTER, HOLDING = "event-clock", "swept", "looked-after", "holding"
NOTED_AGAIN_AFTER = timedelta(minutes=1)
SHARD = "shard_"
NOTED_EVERY_SECONDS = 1.0
TRIES = 5
LONG_AGO = datetime.min.replace(tzinfo=UTC)
REMEMBERED = timedelta(days=2)
RELEASED = "released"


class DynamoProgressStore:
    """The progress store. While the event clock hardly moves, each process writes it once a second at most."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._noted = float("-inf")
        self._known: dict[str, datetime] = {}

    def note(self, occurred: datetime, now: datetime, reached: Mapping[int, datetime] | None = None) -> None:
        """Move the event clock on, and how far the matcher has got; neither ever goes back."""
        given = {"clock": occurred} | {f"{SHARD}{shard}": at for shard, at in (reached or {}).items()}
        moved = any(at - self._known.get(name, LONG_AGO) >= NOTED_STEP for name, at in given.items())
        if not moved and time.monotonic() - self._noted < NOTED_EVERY_SECONDS:
            return
        self._raise({name: iso(at) for name, at in given.items()}, now)
        self._noted = time.monotonic()
        self._known |= {name: max(at, self._known.get(name, at)) for name, at in given.items()}

    def offset(self) -> timedelta:
        """Return how far the event clock lags behind the wall clock: zero or less."""
        item = self._read(CLOCK)
        if not item:
            return timedelta(0)
        return min(timedelta(0), parse_iso(item["clock"]["S"]) - parse_iso(item["updated"]["S"]))

    def reached(self) -> Mapping[int, datetime]:
        """Return by shard how far the matcher has got."""
        item = self._read(CLOCK) or {}
        names = [name for name in item if name.startswith(SHARD)]
        return {int(name.removeprefix(SHARD)): parse_iso(item[name]["S"]) for name in names}

    def swept(self) -> datetime | None:
        """Return when the timer last swept."""
        return self._moment(SWEPT)

    def note_swept(self, now: datetime) -> None:
        """Note that the timer has swept."""
        self._note_moment(SWEPT, now)

    def looked_after(self) -> datetime | None:
        """Return until when runs were made that the timer has looked after."""
        return self._moment(LOOKED_AFTER)

    def note_looked_after(self, until: datetime) -> None:
        """Note that the timer has looked after the runs that were made before then."""
        self._note_moment(LOOKED_AFTER, until)

    def _moment(self, what: str) -> datetime | None:
        item = self._read(what)
        return parse_iso(item["at"]["S"]) if item else None

    def _note_moment(self, what: str, moment: datetime) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=_key(what) | {"at": text(iso(moment))})

    def _raise(self, given: Mapping[str, str], now: datetime) -> None:
        """Set what is later than what is stored; where some of it is not, only the rest."""
        rising = dict(given)
        for _ in range(TRIES):
            try:
                self._set(rising, now)
                return
            except ClientError as error:
                if not condition_failed(error):
                    raise
            stored = self._read(CLOCK) or {}
            rising = {name: at for name, at in rising.items() if name not in stored or stored[name]["S"] <= at}
        self._set({}, now)

    def _set(self, given: Mapping[str, str], now: datetime) -> None:
        places = range(len(given))
        values = {f":{place}": text(at) for place, at in enumerate(given.values())}
        change: dict[str, Any] = {
            "UpdateExpression": ", ".join(["SET updated = :now", *(f"#{place} = :{place}" for place in places)]),
            "ExpressionAttributeValues": {":now": text(iso(now)), **values},
        }
        if given:
            rises = (f"(attribute_not_exists(#{place}) OR #{place} <= :{place})" for place in places)
            change["ConditionExpression"] = " AND ".join(rises)
            change["ExpressionAttributeNames"] = {f"#{place}": name for place, name in enumerate(given)}
        with translated():
            self._client.update_item(TableName=self._table, Key=_key(CLOCK), **change)

    def _read(self, what: str) -> dict[str, Any] | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(what), ConsistentRead=True)
        found: dict[str, Any] | None = answer.get("Item")
        return found


class DynamoHoldStore:
    """Events that are held: noted in the state table, asked for again through the timer queue."""

    def __init__(self, client: "DynamoDBClient", table: str, timers: SqsTimerQueue, clock: Clock) -> None:
        """Work on this table and queue."""
        self._client = client
        self._table = table
        self._timers = timers
        self._clock = clock
        self._noted: datetime | None = None

    def hold(self, event_id: str, seconds: int, attempt: int) -> None:
        """Note that an event is held, and ask for it again after some seconds."""
        self._note_holding()
        self._note(event_id, {})
        self._timers.ask_for_held(event_id, seconds, attempt)

    def is_held(self, event_id: str) -> bool:
        """Tell whether an event is held."""
        item = self._read(event_id)
        return item is not None and RELEASED not in item

    def was_held(self, event_id: str) -> bool:
        """Tell whether an event is held or was, for as long as the stream may deliver it again."""
        return self._read(event_id) is not None

    def last_held(self) -> datetime | None:
        """Return when an event was last held, to the minute: no later one was until a minute after; None for never."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(HOLDING), ConsistentRead=True)
        return parse_iso(answer["Item"]["at"]["S"]) if "Item" in answer else None

    def release(self, event_id: str) -> None:
        """Note that an event is held no more. That it was is remembered."""
        self._note(event_id, {RELEASED: {"BOOL": True}})

    def _note_holding(self) -> None:
        """Note that something is held now, before it is: once a minute for each process."""
        now = self._clock.now()
        if self._noted is None or now - self._noted >= NOTED_AGAIN_AFTER:
            with translated():
                self._client.put_item(TableName=self._table, Item=_key(HOLDING) | {"at": text(iso(now))})
            self._noted = now

    def _note(self, event_id: str, more: dict[str, Any]) -> None:
        expires = {"expires": number(int((self._clock.now() + REMEMBERED).timestamp()))}
        with translated():
            self._client.put_item(TableName=self._table, Item=_held(event_id) | expires | more)

    def _read(self, event_id: str) -> dict[str, Any] | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_held(event_id), ConsistentRead=True)
        found: dict[str, Any] | None = answer.get("Item")
        return found


def _key(what: str) -> dict[str, Any]:
    return {"pk": text(PROGRESS), "sk": text(what)}


def _held(event_id: str) -> dict[str, Any]:
    return {"pk": text(f"event#{event_id}"), "sk": text("held")}
