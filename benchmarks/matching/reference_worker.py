"""Runs in the reference's own virtual environment: its in-process search for interested triggers, nothing else.

No server, no database: automations are loaded straight into its memory, and `find_interested_triggers` is called with
events that were parsed beforehand, so only the search itself is timed.

Reads commands, answers each with one line of name=value pairs:

    load NAME AUTOMATIONS EVENTS    two files of JSON lines: a world, under a name
    run NAME                        one round over its events
"""

import gc
import json
import sys
import time
from pathlib import Path

from prefect.server.events import triggers  # type: ignore[import-not-found, unused-ignore]
from prefect.server.events.schemas.automations import Automation  # type: ignore[import-not-found, unused-ignore]
from prefect.server.events.schemas.events import ReceivedEvent  # type: ignore[import-not-found, unused-ignore]

worlds: dict[str, tuple[list[Automation], list[ReceivedEvent]]] = {}
checked: set[str] = set()
loaded = ""


def load(name: str, automations: str, events: str) -> str:
    with Path(automations).open(encoding="utf-8") as file:
        read = [Automation.model_validate(json.loads(line)) for line in file]
    with Path(events).open(encoding="utf-8") as file:
        worlds[name] = (read, [ReceivedEvent.model_validate_json(line) for line in file])
    return f"automations={len(read)} events={len(worlds[name][1])}"


def run(name: str) -> str:
    global loaded  # noqa: PLW0603 - the reference keeps its automations in globals, too
    automations, events = worlds[name]
    if loaded != name:
        triggers.clear_loaded_automations()
        for automation in automations:
            triggers.load_automation(automation)
        loaded = name
    if name not in checked:
        found = {len(triggers.find_interested_triggers(event)) for event in events}  # and its patterns are compiled now
        if found != {1}:
            raise AssertionError(f"events that match one automation met {found}")
        checked.add(name)
    gc.collect()
    started = time.process_time()
    for event in events:
        triggers.find_interested_triggers(event)
    return f"events={len(events)} seconds={time.process_time() - started:.9f}"


for line in sys.stdin:
    command, *words = line.split()
    print(load(*words) if command == "load" else run(*words), flush=True)
