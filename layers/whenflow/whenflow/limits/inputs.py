"""A concurrency limit as a client sends it."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from whenflow.limits.model import MAX_NAME_CHARS

MOST = 1_000_000


def _or(default: Any) -> BeforeValidator:
    """Take null for the default, as clients mean it."""
    return BeforeValidator(lambda value: default if value is None else value)


Name = Annotated[StrictStr, Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"^[^/%&><\x00]+$")]
Count = Annotated[StrictInt, Field(ge=0, le=MOST)]
Rate = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False, strict=True)]


class LimitInput(BaseModel):
    """A limit as a client sends it.

    Attributes:
        limit: How many slots there are.
        active: Whether it holds anybody up.
        active_slots: How many are taken to begin with; given back after a day at the latest.
        slot_decay_per_second: How many taken slots become free in each second by themselves; 0 for none. A limit with
            it can be used as a rate limit.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name
    limit: Count
    active: Annotated[StrictBool, _or(default=True)] = True
    active_slots: Annotated[Count, _or(0)] = 0
    slot_decay_per_second: Annotated[Rate, _or(0.0)] = 0.0


class LimitPatch(BaseModel):
    """What changes of a limit; what is left out, or null, stays."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name | None = None
    limit: Count | None = None
    active: StrictBool | None = None
    active_slots: Count | None = None
    slot_decay_per_second: Rate | None = None
