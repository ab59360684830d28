"""Finds what a person means by a name or an id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from whenflow.cli.client import Api
from whenflow.cli.errors import NotFound, UsageError, did_you_mean
from whenflow.cli.render import ago

MAX_LISTED = 10_000
MAX_CHOICES = 10


def full_name(deployment: Mapping[str, Any]) -> str:
    """Return `flow/deployment`, as far as it is known.

    Args:
        deployment: As the API shows it.
    """
    name = str(deployment.get("name", "-"))
    return f"{deployment['flow_name']}/{name}" if deployment.get("flow_name") else name


def _plain_name(thing: Mapping[str, Any]) -> str:
    return str(thing.get("name", "-"))


def _by_id(id_: str, _name: str) -> str:
    return id_


def _by_name(_id: str, name: str) -> str:
    return quote(name, safe="")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that has ids and names.

    Attributes:
        word: What people call it.
        collection: Where the API has it.
        command: The group of commands whose `ls` shows all.
        name_of: Its full name.
        short_of: A shorter name, which will do where only one has it.
        key_of: What stands for one in a path, of its id and its name.
    """

    word: str
    collection: str
    command: str
    name_of: Callable[[Mapping[str, Any]], str] = _plain_name
    short_of: Callable[[Mapping[str, Any]], str] = _plain_name
    key_of: Callable[[str, str], str] = _by_id

    def path_of(self, one: Mapping[str, Any]) -> str:
        """Return where the API has one of them."""
        return f"/{self.collection}/{self.key_of(str(one['id']), str(one.get('name')))}"


AUTOMATION = Kind("automation", "automations", "automation")
DEPLOYMENT = Kind("deployment", "deployments", "deployment", full_name)
WORK_POOL = Kind("target", "work_pools", "target", key_of=_by_name)
VARIABLE = Kind("variable", "variables", "variable", key_of=lambda _id, name: f"name/{_by_name(_id, name)}")
NOTIFICATION_TARGET = Kind("notification target", "notification-targets", "notification")
WEBHOOK = Kind("webhook", "webhooks", "webhook")
SOURCE = Kind("source", "sources", "source")
KEY = Kind("key", "keys", "key")


def find(api: Api, kind: Kind, wanted: str) -> dict[str, Any]:
    """Return the one thing that has this id or name.

    Args:
        api: Whom to ask.
        kind: What is looked for.
        wanted: Its id, its full name, or a shorter one that only one has.

    Raises:
        NotFound: There is none; says which name is close.
        UsageError: There are several.
    """
    id_ = as_id(wanted)
    if id_ and kind.key_of is _by_id and kind is not KEY:  # who may see but one of them, may not list them
        if found := api.find(f"/{kind.collection}/{id_}"):
            return found
        raise NotFound(f"There is no {kind.word} {id_}.", hint=f"`whenflow {kind.command} ls` shows those there are.")
    return choose(kind, wanted, api.newest(kind.collection, MAX_LISTED))


def find_id(api: Api, kind: Kind, wanted: str) -> str:
    """Return the id of the one thing that has this name; an id is taken as it is, for whoever is asked next to know.

    Raises:
        NotFound: There is none of this name; says which is close.
        UsageError: There are several.
    """
    return as_id(wanted) or str(find(api, kind, wanted)["id"])


def choose(kind: Kind, wanted: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one of some things that has this id or name.

    Args:
        kind: What is looked for.
        wanted: Its id, its full name, or a shorter one that only one has.
        known: All there are.

    Raises:
        NotFound: There is none; says which name is close.
        UsageError: There are several.
    """
    id_ = as_id(wanted)
    meant = [one for one in known if id_ and one.get("id") == id_]
    meant = meant or [one for one in known if kind.name_of(one) == wanted]
    meant = meant or [one for one in known if kind.short_of(one) == wanted]
    if not meant:
        names = [kind.name_of(one) for one in known]
        raise NotFound(
            f"There is no {kind.word} {wanted}.",
            hint=did_you_mean(wanted, names) + f"`whenflow {kind.command} ls` shows those there are.",
        )
    if len(meant) > 1:
        which = tuple(f"{one.get('id')}  {kind.name_of(one)}  {ago(one.get('created'))}" for one in meant[:MAX_CHOICES])
        raise UsageError(
            f"{wanted} may mean {len(meant)} {kind.word}s.", details=which, hint="Give the whole id of one of them."
        )
    return meant[0]


def as_id(text: str) -> str | None:
    """Return an id in its usual form, or None where the text is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


NAMED = {
    "deployment": DEPLOYMENT,
    "automation": AUTOMATION,
    "work_pool": WORK_POOL,
    "block_document": NOTIFICATION_TARGET,
}
"""What actions may name, by the field that does."""


class Names:
    """Names and ids of all there is, each kind asked for once and only if needed."""

    def __init__(self, api: Api) -> None:
        """Ask this API."""
        self._api = api
        self._known: dict[str, list[dict[str, Any]]] = {}

    def id_of(self, field: str, name: str) -> str:
        """Return the id of what a field of an action names.

        Args:
            field: `deployment`, `automation`, `work_pool` or `block_document`.
            name: Its name or id.

        Raises:
            CliError: There is none of this name, or there are several.
        """
        return str(choose(NAMED[field], name, self._all(field))["id"])

    def name_of(self, field: str, id_: str) -> str | None:
        """Return the name of what has an id, or None where nothing has.

        Args:
            field: `deployment`, `automation`, `work_pool` or `block_document`.
            id_: The id.
        """
        known = next((one for one in self._all(field) if one.get("id") == id_), None)
        return NAMED[field].name_of(known) if known else None

    def _all(self, field: str) -> list[dict[str, Any]]:
        if field not in self._known:
            self._known[field] = self._api.newest(NAMED[field].collection, MAX_LISTED)
        return self._known[field]
