"""Condense recorded calls of Prefect's client to what its models need of each answer: facts only, no recorded bodies.

python scripts/wire_expectations.py DIRECTORY   `_endpoints.json` and the scenarios, one JSON object per line
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "tests" / "wire" / "endpoints.json"


def condensed(directory: Path) -> list[dict[str, Any]]:
    """Return an entry for each HTTP endpoint: method, path, statuses, kind and required fields, body keys."""
    entries = []
    for one in json.loads((directory / "_endpoints.json").read_text()):
        method, _, path = one["endpoint"].partition(" ")
        if method == "WS":
            continue
        kinds = sorted(_kinds(directory, method, path))
        entries.append(
            {
                "method": method,
                "path": path.removeprefix("/api"),
                "statuses": sorted(map(int, one["statuses"])),
                "answers": kinds,
                "required": _required(one),
                "sends": one["req_keys"],
            }
        )
    return entries


def _required(one: dict[str, Any]) -> list[str]:
    """Return what the client's model of the answer requires; where it has none, what the client reads."""
    sent = one.get("sent_fields", [])
    found: list[str] = one.get("required") or (["id"] if "id" in sent else sent)
    return found


def _kinds(directory: Path, method: str, path: str) -> set[str]:
    """Return of which JSON kinds the good answers were."""
    pattern = re.compile(
        re.sub(r"{(resource)}", r"[^?]+", re.sub(r"{(?!resource)\w+}", r"[^/?]+", path)) + r"/?(\?.*)?"
    )
    found = set()
    for file in directory.glob("*.jsonl"):
        for line in file.read_text().splitlines():
            call = json.loads(line)
            if call["kind"] != "http" or call["method"] != method or call["status"] >= 300:
                continue
            if pattern.fullmatch(call["path"]):
                found.add(_kind(call["resp_body"]))
    return found


def _kind(document: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "nothing"}
    return names.get(type(document), "number")


if __name__ == "__main__":
    lines = [json.dumps(entry, sort_keys=True) for entry in condensed(Path(sys.argv[1]))]
    PATH.write_text("[\n  " + ",\n  ".join(lines) + "\n]\n")
