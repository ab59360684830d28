"""One row of the table that describes the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method does on a path.

    Attributes:
        method: In lower case.
        path: Below `/api`, with its parameters in braces.
        area: Under which heading it stands.
        summary: One sentence.
        answers: The schema of each good answer by its status; None for an answer without a body.
        body: The schema of the request's body; None where none is read.
        needs_body: Whether the request must have one.
        query: The schemas of query parameters; a name that ends in `!` is required.
        errors: Statuses of errors beyond those of every operation.
        is_open: Whether it answers without a key.
        media: What good answers are written in.
    """

    method: str
    path: str
    area: str
    summary: str
    answers: Mapping[int, Schema | None]
    body: Schema | None = None
    needs_body: bool = False
    query: Mapping[str, Schema] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    is_open: bool = False
    media: str = "application/json"


def ref(name: str) -> Schema:
    """Return a reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listing(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def anything() -> Schema:
    """Return the schema of an object that is described elsewhere."""
    return {"type": "object"}
