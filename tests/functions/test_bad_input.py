"""Odd names in paths, and documents that no row holds, against the tables: the documented error, never one of ours."""

import random
import string
from collections.abc import Iterator
from typing import Any

import pytest
from tests.examples import body_schema, documented, example, operations, path_of
from tests.functions.conftest import wired
from tests.functions.stack import Stack
from tests.stories import welcome_deployment
from tests.wire.asking import automation

from whenflow.aws import wiring

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


LONG = "a" * 3_000
IDS = {"any_": [LONG, ""]}
FILTERS = {"logs": "flow_run_id", "flow_runs": "id", "task_runs": "id", "deployments": "id", "flows": "id"}
FILTERS |= {"automations": "id", "variables": "id", "webhooks": "name"}
ASKING = [name for name, one in ALL.items() if name.endswith(("/filter", "/count")) or "parameters" in one]


@pytest.fixture
def refused() -> Iterator[list[str]]:
    """Keys that were asked for and that DynamoDB would refuse the whole request for; moto lets them pass."""
    found: list[str] = []

    def look(params: dict[str, Any], **_: Any) -> None:
        found.extend(f"{len(key)} characters" for key in _keys(params) if not 0 < len(key) <= 1_024)

    events = wiring.dynamodb().meta.events
    events.register("before-parameter-build.dynamodb.*", look)
    yield found
    events.unregister("before-parameter-build.dynamodb.*", look)


def _keys(params: dict[str, Any]) -> Iterator[str]:
    requests = [one for one in (params.get("RequestItems") or {}).values() if isinstance(one, dict)]
    for key in (params.get("Key") or {}, *(key for one in requests for key in one.get("Keys", ()))):
        yield from (value["S"] for value in key.values() if "S" in value)


@pytest.mark.parametrize("name", ASKING)
def test_no_key_is_asked_for_that_the_database_refuses(stack: Stack, refused: list[str], name: str) -> None:
    method, _, described = name.partition(" ")
    operation = ALL[name]
    values = dict.fromkeys(("name", "flow", "queue", "resource"), LONG)
    query = {one["name"]: LONG for one in operation.get("parameters", ()) if one["in"] == "query"}
    filters = [{what: {field: IDS}} for what, field in FILTERS.items()]
    bodies = filters if body_schema(operation) is not None else [None]

    for body in bodies:
        assert stack.api(method, path_of(described, **values), body, query=query or None).status < 500
    assert refused == []


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
