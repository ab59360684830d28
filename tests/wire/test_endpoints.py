"""Every endpoint that Prefect's client was seen to call exists, with the status and the fields that its models need."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.calls import authorized, call, read
from tests.wire.asking import REQUESTS
from tests.wire.scope import EMPTY, NEVER, NOT_YET, OWN, SEEN_TO_FAIL
from tests.world import World

from whenflow.api.app import build_api
from whenflow.api.openapi.document import build

HERE = Path(__file__).parent
ENDPOINTS = {f"{one['method']} {one['path']}": one for one in json.loads((HERE / "endpoints.json").read_text())}
SERVED = sorted(ENDPOINTS.keys() - NEVER.keys() - NOT_YET)
KINDS = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "nothing"}
USUAL = {"accept": "*/*", "user-agent": "prefect/3.9.1 (API 0.8.4)", "x-prefect-api-version": "0.8.4"}
NOTHING_AT_ALL = "00000000-0000-4000-8000-00000000dead"


class Client:
    """Sends what the client sends."""

    def __init__(self, world: World) -> None:
        self._handler = build_api(world.services)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        path, _, query = path.partition("?")
        named = dict(part.split("=", 1) for part in query.split("&")) if query else None
        event = call(method, f"/api{path}", body, query=named, headers=authorized(USUAL))
        return read(self._handler(event, None))

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Send something that has to work, and return the answer's document."""
        answer = self.send(method, path, body)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text[:300]}"
        return answer.document if answer.text else None


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


def asked(client: Client, name: str) -> Any:
    return client.send(name.partition(" ")[0], *REQUESTS[name](client))


@pytest.mark.parametrize("name", SERVED)
def test_an_endpoint_answers_as_the_client_expects(client, name):
    expected = ENDPOINTS[name]

    answer = asked(client, name)

    statuses = [200] if name in SEEN_TO_FAIL else expected["statuses"]
    assert answer.status in statuses, answer.text[:500]
    if answer.status >= 300:
        assert answer.document["detail"] == "CSRF protection is disabled."
        return
    document = answer.document if answer.text else None
    if expected["answers"]:  # the client was seen to read it
        assert KINDS[type(document)] in expected["answers"]
    for one in document if isinstance(document, list) else [document] if isinstance(document, dict) else []:
        assert name in OWN or one.keys() >= set(expected["required"])
    assert document != [] or name in EMPTY, "a list of nothing proves nothing"


@pytest.mark.parametrize("name", SERVED)
def test_an_answer_is_as_the_api_describes_it(client, name):
    answer = asked(client, name)

    method, _, path = name.partition(" ")
    description = build()
    shape = re.sub(r"{.*?}", "{}", path.rstrip("/"))
    (operation,) = (
        operations[method.lower()]
        for described, operations in description["paths"].items()
        if re.sub(r"{.*?}", "{}", described) == shape and method.lower() in operations
    )
    response = operation["responses"][str(answer.status)]
    if "content" not in response:
        assert answer.text == ""
        return
    schema = response["content"]["application/json"]["schema"] | {"components": description["components"]}
    Draft202012Validator(schema).validate(answer.document)


@pytest.mark.parametrize("name", sorted(NEVER))
def test_what_is_not_served_is_not_found_in_words_the_client_knows(client, name):
    method, _, path = name.partition(" ")

    answer = client.send(method, path.format(id=NOTHING_AT_ALL, name="x"), {} if method == "POST" else None)

    assert answer.status == 404
    assert NEVER[name][1] in answer.document["detail"]


def test_what_does_not_work_yet_leaves_the_list_as_soon_as_it_does():
    assert [name for name in sorted(NOT_YET) if works(name)] == [], "take these off NOT_YET in tests/wire/scope.py"


def works(name: str) -> bool:
    client = Client(World())
    try:
        answer = asked(client, name)
    except AssertionError:  # what it needs does not work yet
        return False
    return answer.status in ENDPOINTS[name]["statuses"] and bool(answer.status < 300)


def test_every_endpoint_is_asked_or_known_not_to_be_served():
    assert REQUESTS.keys() | NEVER.keys() == ENDPOINTS.keys()
    assert not REQUESTS.keys() & NEVER.keys()
    assert REQUESTS.keys() >= NOT_YET


def test_the_documentation_says_what_is_not_served():
    page = (HERE.parents[1] / "docs" / "prefect-client.md").read_text()

    for what, _ in NEVER.values():
        assert what in page
