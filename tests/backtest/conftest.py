"""The command, in an empty directory."""

from tests.cli.conftest import _bare_surroundings, at_server, cli

__all__ = ["_bare_surroundings", "at_server", "cli"]
