"""Run the embedded AWS. `whenflow.local.process` starts this as a child, with its settings in the environment."""

from whenflow.local.emulator.server import main

if __name__ == "__main__":
    main()
