"""The peers: made ready under `.cache/`, each running in a process of its own that is asked for one round at a time."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.matching.world import Document, World, lines
from benchmarks.reference import Missing, reference_python

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "benchmarks" / "matching"
JAVA = 17


class Peer:
    """A program that has worlds loaded, and runs a round over one when it is asked to."""

    def __init__(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start the program."""
        self.name = name
        self._errors = (CACHE / f"{name}.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def ask(self, *words: str | Path) -> dict[str, str]:
        """Say a command; return the values that it answers."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(*words, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._errors.seek(0)
            raise RuntimeError(f"{self.name} ended at {words}: {self._errors.read()[-2000:]}")
        return dict(pair.split("=", 1) for pair in answer.split())

    def seconds_per_event(self, worlds: Sequence[str]) -> float:
        """Run one round over some worlds."""
        answers = [self.ask("run", name) for name in worlds]
        return sum(float(one["seconds"]) for one in answers) / sum(int(one["events"]) for one in answers)

    def stop(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def written(name: str, what: Iterable[str]) -> Path:
    """Write lines into a file for a peer."""
    path = CACHE / "worlds" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(what)
    return path


# ---- the reference ----


def start_reference() -> Peer:
    """Start the reference, installed if need be.

    Raises:
        Missing: It cannot be installed.
    """
    quiet = {"PREFECT_HOME": str(CACHE / "reference-home"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    return Peer("reference", [reference_python(), HERE / "reference_worker.py"], quiet)


def give_reference(peer: Peer, name: str, world: World, events: int) -> None:
    """Load a world into the reference."""
    peer.ask(
        "load",
        name,
        written(f"{name}.automations.jsonl", lines(world.automations)),
        written(f"{name}.reference-events.jsonl", lines(world.matching[:events])),
    )


# ---- event-ruler ----


def start_ruler() -> Peer:
    """Start event-ruler, built if need be.

    Raises:
        Missing: There is no Java, no Maven, or it cannot be built.
    """
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        raise Missing(f"needs Java {JAVA} and Maven; not found: {'java' if java is None else 'mvn'}")
    said = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA:
        raise Missing(f"needs Java {JAVA} or newer; found {version[1] if version else 'one of unknown version'}")
    sources = [HERE / "ruler/pom.xml", *sorted((HERE / "ruler/src").rglob("*.java"))]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    built, stamp = CACHE / "ruler", CACHE / "ruler" / "built"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("Building event-ruler …", file=sys.stderr)
        _run([maven, "--quiet", "--batch-mode", "--file", sources[0], f"-Dbuild.folder={built}", "clean", "package"])
        stamp.write_text(wanted, encoding="utf-8")
    return Peer("ruler", [java, "-cp", f"{built / 'ruler-1.jar'}:{built / 'libraries'}/*", "benchmarks.RulerWorker"])


def give_ruler(peer: Peer, name: str, world: World) -> None:
    """Load a world into event-ruler: its triggers' names and labels; windows and thresholds it does not know."""
    rules = (f"{one['id']}\t{json.dumps(rule_of(one['trigger']))}\n" for one in world.automations)
    peer.ask("load", name, written(f"{name}.rules.tsv", rules), written(f"{name}.events.jsonl", lines(world.matching)))


def rule_of(trigger: Document) -> Document:
    """Translate what a trigger asks of names and labels into event-ruler's language."""
    names = [*trigger.get("expect", ()), *trigger.get("after", ())]
    rule: dict[str, Any] = {"event": [_pattern(name) for name in names]}
    for part, labels in (("resource", trigger.get("match")), ("related", trigger.get("match_related"))):
        if labels:
            rule[part] = {label: [_pattern(value) for value in _listed(given)] for label, given in labels.items()}
    return rule


def _listed(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def _pattern(text: str) -> str | dict[str, str]:
    return {"prefix": text[:-1]} if text.endswith("*") else text


def _run(command: Sequence[str | Path]) -> None:
    try:
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stdout if isinstance(error, subprocess.CalledProcessError) else str(error).encode()
        raise Missing(f"cannot be made ready: {said.decode(errors='replace').strip()[-1000:]}") from None
