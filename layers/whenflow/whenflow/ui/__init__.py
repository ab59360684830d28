"""The UI: server-rendered pages that show what happened, what it caused, and why. They read and change nothing."""

from whenflow.ui.app import build_ui

__all__ = ["build_ui"]
