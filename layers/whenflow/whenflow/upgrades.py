"""What earlier releases stored, read as today's: a field that they did not know has what they meant without saying so.

A row is upgraded whenever it is read, and stays as it is until it is changed for some other reason. So there is no
step to forget when a stack is updated, and the former release can go on reading its rows while both are at work.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upgrade = Callable[[str, Mapping[str, Any]], dict[str, Any]]


def upgraded(kind: str, id_: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of the config store in today's shape; one that is in it already comes back as it is.

    Args:
        kind: Of the config store.
        id_: Where in this kind the document stands.
        document: As it is stored.
    """
    marks, upgrade = _UPGRADES.get(kind, ((), _nothing))
    is_old = any(mark not in document for mark in marks) and "name" in document
    return {**upgrade(id_, document), **document} if is_old else document


def _nothing(_id: str, _document: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _key(hash_: str, _document: Mapping[str, Any]) -> dict[str, Any]:
    """Before there were scopes, every key might do everything. Its hash was only where it stood."""
    return {"hash": hash_, "scopes": ["admin"], "expires": None, "last_used": None}


def _deployment(_id: str, _document: Mapping[str, Any]) -> dict[str, Any]:
    """Before there were schedules, none was paused, and parameters were not checked against anything."""
    return {
        "version": None,
        "paused": False,
        "schedules": [],
        "work_queue_name": None,
        "concurrency_limit": None,
        "concurrency_options": None,
        "enforce_parameter_schema": True,
        "parameter_openapi_schema": {},
        "labels": {},
        "path": None,
        "entrypoint": None,
        "pull_steps": [],
        "storage_document_id": None,
        "infrastructure_document_id": None,
    }


def _flow(_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {"updated": document["created"], "tags": [], "labels": {}}


_UPGRADES: Mapping[str, tuple[tuple[str, ...], Upgrade]] = {
    "api-key": (("hash", "scopes"), _key),
    "deployment": (("schedules", "parameter_openapi_schema"), _deployment),
    "flow": (("updated", "labels"), _flow),
}
