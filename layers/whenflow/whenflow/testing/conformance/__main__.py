"""`python -m whenflow.testing.conformance DIR`: run every case file in DIR."""

import sys
from pathlib import Path

from whenflow.testing.conformance.runner import run_directory

USAGE = "usage: python -m whenflow.testing.conformance DIR"


def main(arguments: list[str]) -> int:
    """Run the cases; return 0 if all passed, 1 if one failed, 2 if there was nothing to run."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(USAGE, file=sys.stderr)
        return 2
    passed = failed = 0
    try:
        for verdict in run_directory(Path(arguments[0])):
            if verdict.passed is None:
                print(f"not binding: {verdict.name}: {verdict.detail}")
            elif verdict.passed:
                passed += 1
            else:
                failed += 1
                print(f"FAILED {verdict.name}\n{verdict.detail}")
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
