"""Actions as documents (SPEC 4.2)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from whenflow.templating import TemplateError, check, is_template


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DoNothing(_Action):
    """Only tells that it was reached."""

    type: Literal["do-nothing"]


class RunDeployment(_Action):
    """Starts a flow run of a deployment.

    Attributes:
        source: `selected` (give the id) or `inferred` (the deployment that the event relates to).
        parameters: Any JSON; strings with `{{` are templates over the event.
        schedule_after: Seconds to wait first.
    """

    type: Literal["run-deployment"]
    source: Literal["selected", "inferred"] = "selected"
    deployment_id: UUID | None = None
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: float = Field(default=0.0, ge=0)

    @field_validator("parameters")
    @classmethod
    def _templates_are_valid(cls, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        for path, text in templates_in(parameters or {}):
            try:
                check(text)
            except TemplateError as error:
                place = "/".join(path)
                raise PydanticCustomError(
                    "invalid_template", "{place}: {reason}", {"place": place, "reason": str(error)}
                ) from None
        return parameters

    @field_validator("schedule_after")
    @classmethod
    def _at_once(cls, seconds: float) -> float:
        if seconds:
            raise ValueError("this version starts runs at once; leave schedule_after out or 0")
        return seconds

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> "RunDeployment":
        if (self.source == "selected") != (self.deployment_id is not None):
            raise ValueError(
                "deployment_id is required when source is 'selected', and not allowed when it is 'inferred'"
            )
        return self


Action: TypeAlias = Annotated[DoNothing | RunDeployment, Field(discriminator="type")]


def templates_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every template in a JSON tree, with the way to it."""
    if isinstance(value, str):
        if is_template(value):
            yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from templates_in(item, (*path, str(name)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from templates_in(item, (*path, str(index)))
