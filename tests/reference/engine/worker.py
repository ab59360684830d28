"""Computes what Prefect's own engine makes of conformance cases, in Prefect's environment, where Whenflow is not.

Reads a JSON document a line, `{"set", "case", "fixtures"}`, and answers each with `{"expect", "mended"}`: what the
engine does as it is, and what it would do without the faults that Whenflow does not share (see `mending`). A case that
makes no sense to it is answered with `{"invalid"}`.
"""

import json
import logging
import sys
from typing import Any

from tests.reference.engine import documents, matching, mending, templating

SETS = {
    "matching": matching.answer,
    "event_schema": documents.event_schema,
    "validation": documents.validation,
    "templating": templating.templating,
    "targets": templating.targets,
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
