"""Every trigger case at hand, through the durable path: by several processes, and with each batch delivered again."""

import json
import random
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.found import called, case_files, cases_in
from tests.engine.durable import Cloud, Died, Process, dies_after, dies_before, fails_after, loses, no_fault

from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation
from whenflow.automations.settle import Record
from whenflow.events import Event, iso, parse_iso

Document = Mapping[str, Any]
TROUBLES = [no_fault, no_fault, loses, fails_after, dies_before, dies_after]


def is_playable(case: Document) -> bool:
    """Tell whether a case is about what happens at its steps: followers are held by the clock (test_holding)."""
    return not any("sweep" in step or step.get("event", {}).get("follows") for step in case["steps"])


def is_repeatable(case: Document) -> bool:
    """Tell whether nothing in it is ahead of the clock: delivered again later, it would move the events' clock on."""
    moments = [(step["event"]["occurred"], moment_of(step)) for step in case["steps"] if "event" in step]
    return all(parse_iso(occurred) <= now for occurred, now in moments)


class Play:
    """A case, played to a matcher and a timer over the same rows."""

    def __init__(self, case: Document, chance: random.Random | None) -> None:
        self.chance = chance
        self.now = moment_of(case["steps"][0])
        self.cloud = Cloud(*(self._automation(document) for document in case["automations"]))
        self.cloud.go_to(self.now)
        self.matcher, self.timer = self.cloud.process(), self.cloud.process()
        self.records: list[Record] = []
        self.timer.timer.sweep()

    def step(self, step: Document) -> list[Document]:
        """Play a step; return the firings that came of it, as a case writes them."""
        before = set(self.cloud.firings.stored)
        self.now = moment_of(step)
        self.cloud.go_to(self.now)
        if "event" in step:
            self._happens(event_of(step["event"], self.now))
        if "tick" in step or "proactive" in step:
            self._time_passes()
        self._change(step)
        return [shown(one) for id_, one in self.cloud.firings.stored.items() if id_ not in before]

    def _happens(self, event: Event) -> None:
        if self.cloud.events.get(event.id):
            return  # an event is stored once, so the stream has it once
        self.records.append(self.cloud.record(event))
        if self.chance is None:
            assert not self.matcher.match(self.records[-1]).failed
            return
        for again in range(self.chance.choice([1, 1, 2])):
            self.cloud.faults = self.chance.choices(TROUBLES, k=2) if not again else []
            self._deliver(self.records[-self.chance.randint(1, 5) :])
        self._deliver(self.records[-1:])
        self.cloud.faults = []

    def _deliver(self, batch: list[Record]) -> None:
        """Deliver a batch until it is taken in."""
        while True:
            if self.chance and self.chance.random() < 0.2:
                self.matcher = self.cloud.process()
            try:
                if not self.matcher.match(*batch).failed:
                    return
            except Died:
                self.matcher = self.cloud.process()

    def _time_passes(self) -> None:
        for due in self.cloud.due():
            for _ in range(2 if self.chance else 1):
                self.timer.ring(due)

    def _change(self, step: Document) -> None:
        present = {one.id: one for one in self.cloud.automations}
        if "delete" in step:
            del present[step["delete"]]
            for process in self._processes():
                process.engine().remove(step["delete"])
        if not {"delete", "set_enabled", "replace"}.isdisjoint(step):
            self.records.clear()  # what comes again later would be new to what is on since
        changed = self._replaced(step) or self._switched(step, present)
        if changed:
            present[changed.id] = changed
            for process in self._processes():
                process.engine().put(changed)
        self.cloud.automations = list(present.values())
        self.timer.timer.sweep()

    def _replaced(self, step: Document) -> Automation | None:
        return self._automation(step["replace"]) if "replace" in step else None

    def _switched(self, step: Document, present: Mapping[str, Automation]) -> Automation | None:
        if "set_enabled" not in step:
            return None
        automation, enabled = present[step["set_enabled"]["automation"]], step["set_enabled"]["enabled"]
        if automation.enabled == enabled:
            return None
        since = self.now if enabled else automation.since
        return automation.model_copy(update={"enabled": enabled, "since": since, "updated": self.now})

    def _processes(self) -> list[Process]:
        return [self.matcher, self.timer]

    def _automation(self, document: Document) -> Automation:
        times = {"created": self.now, "updated": self.now}
        return Automation.model_validate({"name": "", "actions": [], **times, **document})


def moment_of(step: Document) -> datetime:
    return parse_iso(next(step[name] for name in ("now", "tick", "proactive") if name in step))


def event_of(document: Document, now: datetime) -> Event:
    received = document.get("received")
    return Event(
        id=document["id"],
        occurred=parse_iso(document["occurred"]),
        event=document["event"],
        resource=document["resource"],
        related=tuple(document.get("related", ())),
        payload=document.get("payload", {}),
        received=parse_iso(received) if received else now,
    )


def shown(firing: Firing) -> Document:
    """Return a firing as a case writes it."""
    return written(
        {
            "automation": firing.automation_id,
            "trigger": firing.trigger_id,
            "labels": firing.labels,
            "event": firing.event.id if firing.event else None,
            "children": firing.children,
        }
    )


def written(document: Document) -> Document:
    """Leave out of a firing what is empty, and what only some cases write."""
    kept = {name: document[name] for name in ("automation", "trigger", "event") if name in document}
    if document.get("triggered"):
        kept["triggered"] = iso(parse_iso(document["triggered"]))
    if document.get("labels"):
        kept["labels"] = dict(document["labels"])
    if document.get("children"):
        kept["children"] = ordered(written(child) for child in document["children"])
    return kept


def ordered(documents: Any) -> list[Any]:
    return sorted(documents, key=lambda one: json.dumps(one, sort_keys=True))


def wrong_steps(case: Document, chance: random.Random | None) -> list[str]:
    """Play a case; return what was not as it should be."""
    play, found = Play(case, chance), []
    only = case["automations"][0]["id"]
    for index, step in enumerate(case["steps"]):
        wanted = [{"automation": only, **one} for one in case["expect"]["firings"] if one["step"] == index]
        expected, got = ordered(written(one) for one in wanted), ordered(play.step(step))
        if expected != got:
            found.append(f"{case['name']}, step {index}: expected {expected}, got {got}")
    return found


@pytest.mark.parametrize("path", case_files("triggers_hand", "triggers_random"), ids=called)
def test_every_case_gives_its_firings_through_the_durable_path(path: Path):
    cases = [case for case in cases_in(path) if is_playable(case)]

    assert len(cases) > 10
    assert [wrong for case in cases for wrong in wrong_steps(case, None)] == []


@pytest.mark.parametrize("path", case_files("triggers_hand", "triggers_random"), ids=called)
def test_cases_give_the_same_firings_with_each_batch_delivered_again_and_again(path: Path):
    chance = random.Random(7)
    cases = [case for case in cases_in(path) if is_playable(case) and is_repeatable(case)]

    assert len(cases) > 10
    some = chance.sample(cases, min(len(cases), 700))
    assert [wrong for case in some for wrong in wrong_steps(case, chance)] == []
