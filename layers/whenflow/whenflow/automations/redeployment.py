"""What is known of automations that Prefect's client removes in order to make them again.

It deploys so: `DELETE /automations/owned-by/prefect.deployment.<id>`, then `POST /automations` for each trigger, always
switched on. One that says the same as before is the same automation: it keeps its id, and stays paused if it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from whenflow.automations.model import Automation, AutomationInput, automation_from_stored, with_identity
from whenflow.errors import Conflict, TooLarge
from whenflow.events import iso, parse_iso
from whenflow.ports import Clock, ConfigStore

KIND = "redeployment"
OWNERS = "prefect.deployment."
MOST = 200
"""No more than so many, and no more than one item holds, are remembered; those beyond are made anew."""
REMEMBERED = timedelta(hours=1)
"""A client that died between the two is started again by then; later, the same trigger is a new one."""
WINDOWS_KEPT = timedelta(minutes=1)
"""The sweep leaves the windows of what was removed alone for as long; after that they begin anew."""


class Redeployments:
    """Remembers what was removed of deployments, for an hour."""

    def __init__(self, config: ConfigStore, clock: Clock) -> None:
        """Remember in this store."""
        self._config = config
        self._clock = clock

    def note(self, owner: str, removed: Sequence[Automation]) -> None:
        """Remember automations that are about to be removed, beside those that were a moment ago."""
        if not removed or not owner.startswith(OWNERS):
            return
        now, gone = self._clock.now(), {one.id for one in removed}
        before = [one for one in self._fresh(owner) if one["automation"]["id"] not in gone]
        noted = [*before, *({"at": iso(now), "automation": one.as_stored()} for one in removed)][-MOST:]
        while noted and not self._is_kept(owner, noted):
            noted = noted[(len(noted) + 1) // 2 :]

    def forget(self, owner: str) -> None:
        """Forget what was removed of an owner that is gone itself."""
        self._config.delete(KIND, owner)

    def known(self, given: AutomationInput) -> Iterator[Automation]:
        """Yield automations that were removed and said the same; each with its id, and switched as it was."""
        if not given.owner_resource or not given.owner_resource.startswith(OWNERS):
            return
        now = self._clock.now()
        for one in self._fresh(given.owner_resource):
            before = automation_from_stored(one["automation"])
            wanted = given.model_copy(update={"enabled": before.enabled})
            again = with_identity(wanted, before.id, before.created, before.updated)
            if again.as_document() == before.as_document():
                lasting = now - _moment(one) <= WINDOWS_KEPT
                yield again.model_copy(update={"updated": now, "since": before.active_since if lasting else now})

    def _is_kept(self, owner: str, noted: Sequence[Mapping[str, Any]]) -> bool:
        """Remember these and no others; False where they are too large for one item."""
        document = {"id": owner, "removed": noted}
        try:
            try:
                self._config.create(KIND, owner, document)
            except Conflict:
                self._config.replace(KIND, owner, document)
        except TooLarge:
            return False
        return True

    def _fresh(self, owner: str) -> list[Mapping[str, Any]]:
        stored = self._config.get(KIND, owner) or {}
        now = self._clock.now()
        return [one for one in stored.get("removed", ()) if now - _moment(one) <= REMEMBERED]


def _moment(noted: Mapping[str, Any]) -> datetime:
    return parse_iso(noted["at"])
