"""API keys: made here, kept as hashes; looked up at every request, and read anew after a second."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, field_validator

from whenflow.api.scopes import WEBHOOK, Caller, Scope
from whenflow.errors import Fault, NotFound, Rejected, Transient
from whenflow.events import iso, parse_iso
from whenflow.events.validation import Instant, faults_of
from whenflow.ports import Clock, ConfigStore, Ids

KIND = "api-key"
PREFIX = "wfk_"
RESOURCE_PREFIX = "whenflow.api-key."
REMEMBERED = timedelta(seconds=1)
MAX_REMEMBERED = 1_000
USE_NOTED_EVERY = timedelta(minutes=15)
logger = logging.getLogger("whenflow.api")


class KeyInput(BaseModel):
    """A key as a client asks for it.

    Attributes:
        scopes: What it may do: `read`, `emit`, `operate`, `admin`, `webhook:<id>`.
        expires: When it ends; None: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StrictStr = Field(min_length=1, max_length=100)
    scopes: list[StrictStr] = Field(min_length=1, max_length=20)
    expires: Instant | None = None

    @field_validator("scopes")
    @classmethod
    def _known(cls, scopes: list[str]) -> list[str]:
        return list(dict.fromkeys(map(_checked_scope, scopes)))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; never the key itself.

    Attributes:
        hash: What is kept of it.
        last_used: When it was last used, to a quarter of an hour.
    """

    hash: str
    id: str
    name: str
    scopes: Sequence[str]
    created: datetime
    expires: datetime | None = None
    last_used: datetime | None = None

    @property
    def caller(self) -> Caller:
        """Whoever has it, as a caller."""
        return Caller(RESOURCE_PREFIX + self.id, self.name, self.scopes)

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has expired."""
        return self.expires is not None and self.expires <= now

    def as_document(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {name: value for name, value in self.as_stored().items() if name != "hash"}

    def as_stored(self) -> dict[str, Any]:
        """Return what the store keeps."""
        return {
            "hash": self.hash,
            "id": self.id,
            "name": self.name,
            "scopes": list(self.scopes),
            "created": iso(self.created),
            "expires": iso(self.expires) if self.expires else None,
            "last_used": iso(self.last_used) if self.last_used else None,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "ApiKey":
        """Read what `as_stored` wrote."""
        times = {name: document[name] and parse_iso(document[name]) for name in ("created", "expires", "last_used")}
        return cls(**(dict(document) | times))


class Keyring:
    """Makes keys, knows them, and forgets them."""

    def __init__(self, config: ConfigStore, clock: Clock, ids: Ids) -> None:
        """Keep them in this store."""
        self._config = config
        self._clock = clock
        self._ids = ids
        self._known: dict[str, tuple[datetime, ApiKey]] = {}

    def create(self, document: object) -> tuple[ApiKey, str]:
        """Make a key; return what is known of it and the key itself: this is the only time it can be seen.

        Raises:
            Rejected: The document is not valid.
        """
        now = self._clock.now()
        try:
            given = KeyInput.model_validate(document)
        except ValidationError as error:
            raise Rejected("This is not a valid key.", faults_of(error, ("body",))) from None
        if given.expires and given.expires <= now:
            raise Rejected("The key would be over already.", [Fault(("body", "expires"), "must lie ahead")])
        secret = PREFIX + self._ids.secret()
        key = ApiKey(key_hash(secret), self._ids.new(), given.name, given.scopes, now, given.expires)
        self._config.create(KIND, key.hash, key.as_stored())
        return key, secret

    def find(self, secret: str) -> ApiKey | None:
        """Return the key that this is, as it was at most a second ago; None where it is none, or has expired."""
        now, hashed = self._clock.now(), key_hash(secret)
        read, key = self._known.get(hashed, (None, None))
        if read is None or not now - REMEMBERED < read <= now:
            stored = self._config.get(KIND, hashed)
            key = ApiKey.from_stored(stored) if stored else None
            self._remember(hashed, now, key)
        return None if key is None or key.is_over(now) else key

    def note_use(self, key: ApiKey) -> None:
        """Note that a key was used, unless that was noted a moment ago. What cannot be noted now is noted later."""
        now = self._clock.now()
        if key.last_used and now - key.last_used < USE_NOTED_EVERY:
            return
        stored = key.as_stored() | {"last_used": iso(now)}
        try:
            self._config.replace(KIND, key.hash, stored)
        except (NotFound, Transient) as error:  # revoked meanwhile, or busy: no reason to refuse a good request
            logger.info("use of key %s not noted: %s", key.id, error)
        else:
            self._remember(key.hash, now, ApiKey.from_stored(stored))

    def all(self) -> list[ApiKey]:
        """Return all keys by name, expired ones too."""
        keys = [ApiKey.from_stored(stored) for stored in self._config.all(KIND)]
        return sorted(keys, key=lambda key: (key.name, key.created))

    def get(self, id_: str) -> ApiKey:
        """Return what is known of a key.

        Raises:
            NotFound: There is no such key.
        """
        found = next((key for key in self.all() if key.id == id_), None)
        if found is None:
            raise NotFound(f"There is no key {id_}.")
        return found

    def revoke(self, id_: str) -> None:
        """Forget a key: within a second nobody knows it any more.

        Raises:
            NotFound: There is no such key.
        """
        key = self.get(id_)
        self._known.pop(key.hash, None)
        if not self._config.delete(KIND, key.hash):
            raise NotFound(f"There is no key {id_}.")

    def _remember(self, hashed: str, now: datetime, key: ApiKey | None) -> None:
        self._known.pop(hashed, None)
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        if key is not None:  # guesses are not worth the memory
            self._known[hashed] = (now, key)


def key_hash(secret: str) -> str:
    """Return what is kept of a key."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _checked_scope(scope: str) -> str:
    if scope in list(Scope):
        return scope
    if scope.startswith(WEBHOOK):
        try:
            return WEBHOOK + str(UUID(scope.removeprefix(WEBHOOK)))
        except ValueError:
            raise ValueError(f"'{scope}' names no webhook: write webhook:<id>") from None
    raise ValueError(f"there is no scope '{scope}'; there are {', '.join(Scope)} and webhook:<id>")
