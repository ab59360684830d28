"""The API of a world, for flows and deployments outside of it, and for looks at what they did."""

from typing import Any

from tests.calls import authorized, call, read
from tests.world import World

from whenflow.api.app import build_api
from whenflow.errors import Conflict, Locked, NotFound, Rejected

LOCKED = 423
KINDS = {404: NotFound, 409: Conflict, 410: NotFound}


class WorldClient:
    """Calls the API of a world.

    Attributes:
        calls: Method and path of each call, in order.
    """

    def __init__(self, world: World) -> None:
        self._handler = build_api(world.services)
        self.calls: list[str] = []

    def call(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Send a request and return the status and the parsed body."""
        self.calls.append(f"{method} {path}")
        response = read(self._handler(call(method, f"/api{path}", document, headers=authorized()), None))
        if response.status == LOCKED:
            raise Locked(response.text, float(response.headers["retry-after"]))
        if response.status >= 400:
            raise KINDS.get(response.status, Rejected)(f"{method} {path}: {response.status}: {response.text}")
        return response.status, response.document if response.text else None


def call_api(
    world: World, method: str, path: str, document: Any = None, query: dict[str, str] | None = None, status: int = 0
) -> Any:
    """Call the API and return the parsed body."""
    event = call(method, f"/api{path}", document, query=query, headers=authorized())
    answer = read(build_api(world.services)(event, None))
    assert answer.status == status if status else answer.status < 300, answer.text
    return answer.document if answer.text else None
