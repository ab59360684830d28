"""What can be wrong with a template."""

from typing import Any


class TemplateError(Exception):
    """A template is not allowed, not valid, or fails on this data.

    Attributes:
        message: What is wrong, for people.
        line: Where, counted from 1, or None where the place is not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        """Keep what is wrong and where."""
        super().__init__(f"line {line}: {message}" if line else message)
        self.message = message
        self.line = line

    def as_document(self, source: str) -> dict[str, Any]:
        """Return the body of a 422 answer (SPEC 7.4, V12): `{"error": {"line", "message", "source"}}`."""
        return {"error": {"line": self.line or 1, "message": self.message, "source": source}}


class Misused(Exception):
    """A filter, a test or an operator was given what it does not work on, or asks for too much."""


class UndefinedValue(Misused):
    """A value is needed that is not there."""


class Forbidden(Exception):
    """The template says something that is not allowed."""

    def __init__(self, message: str, line: int) -> None:
        """Keep what is wrong and where."""
        super().__init__(message)
        self.message = message
        self.line = line
