"""Every example of GitHub's deliveries that the npm package `@octokit/webhooks-examples` has, through a webhook.

    make test-github-examples

The package is fetched with npm by name and exact version, checked against the hash below, and kept in `.cache/`.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.github_examples.deliveries import GitHub, fault_of, packed

PACKAGE, VERSION = "@octokit/webhooks-examples", "7.6.1"
SHA512 = "De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ=="
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "github-examples"
ARCHIVE = CACHE / f"octokit-webhooks-examples-{VERSION}.tgz"
MAX_SHOWN = 20


def main() -> int:
    """Deliver them all; 0 where each became the event that it should."""
    if not ARCHIVE.exists() and not _fetch():
        return 0 if shutil.which("npm") is None else 1
    if (found := hash_of(ARCHIVE)) != SHA512:
        ARCHIVE.unlink()
        print(f"{ARCHIVE.name} is not what it should be: its SHA-512 is {found}. It was removed.", file=sys.stderr)
        return 1
    github, names, sources, faults = GitHub(), set(), Counter[str](), []
    for delivery in packed(ARCHIVE):
        sources[delivery.source] += 1
        status, event = github.deliver(delivery)
        if fault := fault_of(delivery, status, event):
            faults.append(f"{delivery.source} {delivery.event}: {fault}")
        elif event is not None:
            names.add(event.event)
    print(*faults[:MAX_SHOWN], sep="\n", end="\n" if faults else "")
    print(*(f"{source}: {count} examples" for source, count in sources.items()), sep="\n")
    total = sources.total()
    print(f"examples={total} events={total - len(faults)} failed={len(faults)} event_names={len(names)}")
    return 1 if faults or not total else 0


def hash_of(archive: Path) -> str:
    """Return the SHA-512 of a file, as npm writes it."""
    return base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def _fetch() -> bool:
    """Fetch the package with npm; False where that is not possible."""
    if shutil.which("npm") is None:
        print("npm is not on this machine: GitHub's examples are not tried. Nothing else needs it.", file=sys.stderr)
        return False
    CACHE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
    if done.returncode or not ARCHIVE.exists():
        print(f"npm could not fetch {PACKAGE} {VERSION}:\n{done.stderr.strip()}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
