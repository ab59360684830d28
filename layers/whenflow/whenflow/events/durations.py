"""Durations in documents: seconds on the way out; seconds, ISO 8601 or clock text on the way in."""

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

LONGEST = 10 * 366 * 24 * 3600.0
"""Ten years. A longer duration is a mistake, and would lead out of the calendar."""

_duration = TypeAdapter(timedelta)


def read_seconds(value: Any) -> Any:
    """Read a duration, to the microsecond: a number of seconds, or ISO 8601 or clock text (`PT1M30S`, `00:01:30`).

    Raises:
        PydanticCustomError: It is null.
        ValidationError: The text is no duration.
    """
    if value is None:
        raise PydanticCustomError("duration_null", "a duration cannot be null; give seconds")
    if isinstance(value, str):
        return _duration.validate_python(value).total_seconds()
    if isinstance(value, int | float) and abs(value) <= LONGEST:
        return timedelta(seconds=value).total_seconds()
    return value


_Duration = Annotated[float, BeforeValidator(read_seconds), Field(le=LONGEST, allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[_Duration, Field(ge=0)]
SignedSeconds: TypeAlias = Annotated[_Duration, Field(ge=-LONGEST)]
