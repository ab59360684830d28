"""Odd names in paths, and documents that no row holds, against the tables: the documented error, never one of ours."""

import random
import string
from collections.abc import Iterator
from typing import Any

import pytest
from tests.examples import body_schema, documented, example, operations
from tests.functions.conftest import wired
from tests.functions.stack import Stack
from tests.stories import welcome_deployment
from tests.wire.asking import automation

ALL = operations()
ODD = ["a" * 5_000, "𐍈" * 300, "%00", "\x00", "a/b", "☃"]
LONGEST = "𐍈" * 255  # 1,020 bytes: two of them are longer than a key of DynamoDB can be
HUGE = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=900_000))


@pytest.fixture(scope="module")
def stack(simulated_aws: None) -> Iterator[Stack]:
    """The stack, for all tests of this module: nothing of what they ask for is done."""
    yield from wired()


@pytest.mark.parametrize("name", [name for name in ALL if "{" in name])
def test_an_odd_name_in_a_path_has_a_documented_answer(stack: Stack, name: str) -> None:
    method, _, described = name.partition(" ")
    schema = body_schema(ALL[name])

    for odd in ODD:
        path = "/".join(odd if part.startswith("{") else part for part in described.split("/"))
        answer = stack.api(method, path, None if schema is None else example(schema))

        assert answer.status in documented(name) | {404}, f"{odd[:20]!r}: {answer.status} {answer.text[:300]}"


def test_a_deployment_whose_names_are_longer_than_a_key_is_refused_and_found_nowhere(stack: Stack) -> None:
    answer = stack.api("POST", "/deployments", welcome_deployment(name=LONGEST, flow_name=LONGEST))

    assert answer.status == 413
    assert "more than 1,024 bytes" in answer.document["exception_message"]
    assert stack.api("GET", f"/deployments/name/{LONGEST}/{LONGEST}").status == 404


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/automations", automation(description=HUGE)),
        ("/deployments", welcome_deployment(description=HUGE)),
        ("/flows", {"name": "f", "labels": {"x": HUGE}}),
        ("/sources", {"name": "x", "pattern": {"source": ["x"]}, "description": HUGE}),
        ("/variables", {"name": "v", "value": 1, "tags": [HUGE]}),
        ("/work_pools", {"name": "p", "type": "lambda", "description": HUGE}),
    ],
)
def test_what_no_row_holds_is_too_large(stack: Stack, path: str, document: Any) -> None:
    answer = stack.api("POST", path, document)

    assert answer.status == 413
    assert "380,000" in answer.document["exception_message"]
