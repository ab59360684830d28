"""Targets as things that people create, change, find, try and delete. Of their secrets only references are stored."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from whenflow.actions.notifications.deliver import Notifier
from whenflow.actions.notifications.formats import Message
from whenflow.actions.notifications.kinds import KINDS, SECRET_HEADER, Kind, is_reference
from whenflow.actions.notifications.signing import PREFIX, key_of
from whenflow.actions.outcome import ActionFailed
from whenflow.errors import Fault, NotFound, Rejected, Transient
from whenflow.events import iso, named_id
from whenflow.events.validation import faults_of
from whenflow.ports import Clock, ConfigStore, Ids, Secrets, Stored, over_latest

M = TypeVar("M", bound=BaseModel)

KIND = "block-document"
MASK = "********"


class TargetInput(BaseModel):
    """A target as a client sends it.

    Attributes:
        type: The slug of the block type: `slack-webhook`.
        data: What a target of this type needs to know.
        is_default: Whether Whenflow's own warnings go there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    type: StrictStr
    data: dict[str, Any] = {}
    is_default: StrictBool = False


class TargetPatch(BaseModel):
    """What a client changes of a target; in `data` only the fields that are given change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[StrictStr, Field(min_length=1, max_length=255)] | None = None
    data: dict[str, Any] = {}
    is_default: StrictBool | None = None


class Targets:
    """Keeps targets. Of a secret it keeps the reference; the secret itself goes to the secrets' own store."""

    def __init__(self, config: ConfigStore, secrets: Secrets, notifier: Notifier, clock: Clock, ids: Ids) -> None:
        """Work on these stores, and send by this notifier."""
        self._config = config
        self._secrets = secrets
        self._notifier = notifier
        self._clock = clock
        self._ids = ids

    def create(self, document: object) -> dict[str, Any]:
        """Store a new target.

        Raises:
            Rejected: The document is not valid.
        """
        given = _checked(TargetInput, document)
        data = _checked_data(given.type, given.data)
        now, id_ = iso(self._clock.now()), self._ids.new()
        target = {"id": id_, "created": now, "updated": now, **given.model_dump(exclude={"data"})}
        target["data"] = self._kept(id_, given.type, data)
        self._config.create(KIND, id_, target)
        return target

    def update(self, id_: str, document: object) -> dict[str, Any]:
        """Change a target.

        Raises:
            Rejected: The change, or the target it would make, is not valid.
            NotFound: There is no such target.
        """
        given = _checked(TargetPatch, document)
        changes = {name: value for name, value in given.data.items() if value != MASK}

        def updated(found: Stored) -> dict[str, Any]:
            present = found.document
            data = _checked_data(present["type"], present["data"] | changes)
            target = present | {
                "name": given.name or present["name"],
                "is_default": present["is_default"] if given.is_default is None else given.is_default,
                "data": self._kept(id_, present["type"], data),
                "updated": iso(self._clock.now()),
            }
            self._config.replace(KIND, id_, target, over=found.revision)
            self._forget(_references(present) - _references(target))
            return target

        return over_latest(self._config, KIND, id_, updated, what="notification target")

    def delete(self, id_: str) -> None:
        """Remove a target, and the secrets that were kept for it.

        Raises:
            NotFound: There is no such target.
        """
        target = self.get(id_)
        self._config.delete(KIND, id_)
        self._forget(_references(target))

    def get(self, id_: str) -> dict[str, Any]:
        """Return a target, with references for secrets.

        Raises:
            NotFound: There is no such target.
        """
        stored = self._config.get(KIND, id_)
        if stored is None:
            raise NotFound(f"There is no notification target {id_}.")
        return stored

    def try_out(self, id_: str) -> dict[str, Any]:
        """Send a message that says it is a trial; return what came of it: `sent`, and a `reason` where it was not.

        Raises:
            NotFound: There is no such target.
        """
        target = self.get(id_)
        text = f"This is a trial of the notification target '{target['name']}'. If you read this, it works."
        try:
            told = self._notifier.notify(target, Message(self._ids.new(), "Whenflow: a trial", text))
        except ActionFailed as failure:
            return {"sent": False, "reason": failure.reason, **failure.payload}
        except Transient as error:
            return {"sent": False, "reason": str(error)}
        return {"sent": True, **told}

    def all(self) -> list[dict[str, Any]]:
        """Return every target, by name."""
        return sorted(self._config.all(KIND), key=lambda one: (str(one["name"]), str(one["id"])))

    def _kept(self, id_: str, type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data with a reference in place of each secret."""
        kept = dict(data)
        for field in KINDS[type_].secrets:
            value = kept.get(field)
            if isinstance(value, dict):
                kept[field] = {
                    name: self._reference(id_, f"{field}-{name}", text) if SECRET_HEADER.fullmatch(name) else text
                    for name, text in value.items()
                }
            elif value is not None:
                kept[field] = self._reference(id_, field, value)
        return kept

    def _reference(self, id_: str, field: str, secret: str) -> str:
        """Keep a secret under a name of its own: the one before stays until the target has changed."""
        if is_reference(secret):
            return secret
        return self._secrets.put(f"notification-targets/{id_}/{field.lower()}/{named_id(secret)[:8]}", secret)

    def _forget(self, references: set[str]) -> None:
        for reference in sorted(references):
            self._secrets.delete(reference)


def default_target(config: ConfigStore) -> dict[str, Any] | None:
    """Return the target of Whenflow's own warnings, or None where there is none."""
    return next((one for one in config.all(KIND) if one.get("is_default")), None)


def _references(target: Mapping[str, Any]) -> set[str]:
    """Return the references in a target to secrets that were kept for it; those of others are left alone."""
    values = [value for value in target["data"].values() if isinstance(value, str)]
    values += [text for value in target["data"].values() if isinstance(value, dict) for text in value.values()]
    return {one for one in values if is_reference(one) and f"notification-targets/{target['id']}/" in one}


def _checked_data(type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    kind = KINDS.get(type_)
    if kind is None:
        reason = f"there is no type '{type_}'; there are {', '.join(sorted(KINDS))}"
        raise Rejected("This is not a valid notification target.", [Fault(("type",), reason)])
    try:
        checked: Kind = kind.model_validate(dict(data))
    except ValidationError as error:
        faults = [Fault(("data", *fault.loc), fault.msg, fault.type) for fault in faults_of(error)]
        raise Rejected("This is not a valid notification target.", faults) from None
    values = checked.model_dump(mode="json")
    signing = values.get("signing_secret")
    if signing and not is_reference(signing):
        _check_signing(signing)
    return values


def _check_signing(secret: str) -> None:
    try:
        key_of(secret)
    except ValueError:
        reason = f"must be {PREFIX} and a key in base64"
        raise Rejected(
            "This is not a valid notification target.", [Fault(("data", "signing_secret"), reason)]
        ) from None


def _checked(kind: type[M], document: object) -> M:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid notification target.", faults_of(error)) from None
