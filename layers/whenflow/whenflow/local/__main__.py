"""`python -m whenflow.local up|demo|down|clean|status`."""

import sys

from whenflow.local import main

COMMANDS = {"up": main.up, "demo": main.demo, "down": main.down, "clean": main.clean, "status": main.status}


def run(arguments: list[str]) -> int:
    """Run the command that was named."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m whenflow.local {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    return COMMANDS[arguments[0]]()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
