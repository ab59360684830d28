"""Computes what Prefect's own engine makes of conformance cases. Runs in Prefect's environment, where Whenflow is not.

Reads a JSON document a line, `{"set", "case", "fixtures"}`, and answers each with `{"expect", "mended"}`: what the engine
does as it is, and what it would do without the faults that Whenflow does not share (see `mending`).
"""

import json
import logging
import os
import sys
from typing import Any

os.environ["PREFECT_UI_URL"] = "http://ui.example:4200"
os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
sys.path.insert(0, os.path.dirname(__file__))

import mending
import refdocuments
import refmatching
import reftemplating

SETS = {
    "matching": refmatching.answer,
    "event_schema": refdocuments.event_schema,
    "validation": refdocuments.validation,
    "templating": reftemplating.templating,
    "targets": reftemplating.targets,
}


def main() -> None:
    """Answer until there is nothing more to read."""
    logging.disable(logging.CRITICAL)
    print(json.dumps(sys.version_info[:2]), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            said = _both(task["set"], task["case"], task["fixtures"])
        except Exception as error:
            said = {"invalid": repr(error)}
        print(json.dumps(said), flush=True)


def _both(name: str, case: Any, fixtures: Any) -> dict[str, Any]:
    expect = SETS[name](case, fixtures)
    with mending.without_faults():
        return {"expect": expect, "mended": SETS[name](case, fixtures)}


if __name__ == "__main__":
    main()
