"""`python -m whenflow.cli`."""

import sys

from whenflow.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
