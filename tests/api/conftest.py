"""Somebody who calls the API."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.calls import Answer, authorized, call, read
from tests.world import World

from whenflow.api.app import build_api

Api = Callable[..., Answer]


@pytest.fixture
def handler(world: World) -> Callable[..., dict[str, Any]]:
    """The API over the world's stores."""
    return build_api(world.services)


@pytest.fixture
def api(handler: Callable[..., dict[str, Any]]) -> Api:
    """A function that calls the API with the tests' key."""

    def request(method: str, path: str, body: Any = None, **options: Any) -> Answer:
        headers = authorized(options.pop("headers", None))
        answer = read(handler(call(method, f"/api{path}", body, headers=headers, **options), None))
        assert "Traceback" not in answer.text
        return answer

    return request
