"""The schema of a flow's parameters, and values made to fit it."""

from datetime import date
from enum import Enum
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from whenflow.errors import Rejected
from whenflow.flows.parameters import parameter_schema, validated


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Order(BaseModel):
    number: int
    lines: list[str] = []


class Stranger:
    """Something that JSON cannot hold."""


def ship(order: Order, size: Size = Size.SMALL, day: date | None = None, notes: str = "none") -> None:
    """Nothing."""


def greet(name, times=1):
    """Nothing."""


def collect(first: int, *rest: int, **more: str) -> None:
    """Nothing."""


def test_each_parameter_has_its_type_its_place_and_its_default() -> None:
    schema = parameter_schema(ship)

    assert schema["type"] == "object"
    assert schema["required"] == ["order"]
    assert schema["properties"]["notes"] == {"default": "none", "position": 3, "title": "Notes", "type": "string"}
    assert schema["properties"]["order"] == {"$ref": "#/definitions/Order", "position": 0}
    assert set(schema["definitions"]) == {"Order", "Size"}


def test_the_schema_is_valid_and_admits_what_fits() -> None:
    schema = parameter_schema(ship)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"order": {"number": 1}, "size": "large", "day": "2026-11-20"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"order": {"number": "many"}}, schema)


def test_a_parameter_without_an_annotation_takes_anything() -> None:
    schema = parameter_schema(greet)

    assert schema["properties"]["name"] == {"position": 0, "title": "Name"}
    assert validated(greet, {"name": [1]}) == {"name": [1]}


def test_a_type_that_json_cannot_hold_is_left_open() -> None:
    def use(thing: Stranger) -> None: ...

    assert "type" not in parameter_schema(use)["properties"]["thing"]


def test_a_function_that_takes_any_keyword_says_so() -> None:
    assert parameter_schema(collect)["additionalProperties"] is True
    assert validated(collect, {"first": 1, "colour": "red"}) == {"first": 1, "colour": "red"}


def test_values_are_made_to_fit() -> None:
    given = validated(ship, {"order": {"number": "7"}, "size": "large", "day": "2026-11-20"})

    assert given == {"order": Order(number=7), "size": Size.LARGE, "day": date(2026, 11, 20)}


def test_defaults_are_left_to_the_function() -> None:
    assert "notes" not in validated(ship, {"order": {"number": 1}})


@pytest.mark.parametrize(
    ("parameters", "place"),
    [({}, ("name",)), ({"name": "Ann", "age": 3}, ("age",))],
)
def test_what_is_missing_or_too_much_is_named(parameters: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(Rejected) as refused:
        validated(greet, parameters)

    assert [fault.loc for fault in refused.value.faults] == [place]
