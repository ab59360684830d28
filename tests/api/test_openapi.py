"""The API's description of itself says what the API does, all of it and no more."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from jsonschema import Draft202012Validator

from whenflow.api.app import build_api
from whenflow.api.openapi.document import build
from whenflow.api.openapi.operations import OPERATIONS

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


@pytest.fixture
def routes(world, monkeypatch):
    """Method and path of every route of the API; what a path leaves open is `{}`."""
    made = []
    monkeypatch.setattr(APIGatewayHttpResolver, "resolve", lambda self, *_: made.append(self))
    build_api(world.services)({"rawPath": "/", "requestContext": {"http": {}}}, None)
    (app,) = made
    known = [*app._static_routes, *app._dynamic_routes]
    return {(route.method.lower(), re.sub(r"<.*?>|\(.*\)", "{}", route.path)) for route in known}


def test_every_route_is_described_and_nothing_else_is(routes):
    described = {(one.method, re.sub(r"{.*?}", "{}", one.path)) for one in OPERATIONS}

    assert described == routes, "say it in whenflow/api/openapi/operations.py"


def test_no_operation_is_described_twice():
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)


def test_the_description_is_served(api):
    answer = api("GET", "/openapi.json")

    assert answer.status == 200
    assert answer.document == json.loads(json.dumps(build()))
    assert (answer.document["openapi"], answer.document["info"]["version"]) == ("3.1.0", version("whenflow"))


def test_the_committed_description_is_that_of_this_code():
    assert json.loads(COMMITTED.read_text()) == json.loads(json.dumps(build())), "run `make openapi`"


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere():
    document = build()
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "(.*?)"', json.dumps(document))) <= known


def test_every_operation_has_an_id_of_its_own_and_tells_how_it_fails():
    operations = [one for path in build()["paths"].values() for one in path.values()]

    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all({"400", "503"} <= one["responses"].keys() for one in operations)
