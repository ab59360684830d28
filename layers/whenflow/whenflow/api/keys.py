"""API keys over HTTP. A key is told once, when it is made."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.keyring import Keyring
from whenflow.api.services import Services


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/keys`."""
    keyring = Keyring(services.config, services.clock, services.ids)

    @app.post("/keys")
    def create() -> Response[Any]:
        key, secret = keyring.create(object_of(app))
        return answer(201, key.as_document() | {"key": secret})

    @app.post("/keys/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        return answer(200, [key.as_document() for key in keyring.all()[offset : offset + limit]])

    @app.get("/keys/<key_id>")
    def one(key_id: str) -> Response[Any]:
        return answer(200, keyring.get(known_id(key_id, "key")).as_document())

    @app.delete("/keys/<key_id>")
    def revoke(key_id: str) -> Response[Any]:
        keyring.revoke(known_id(key_id, "key"))
        return answer(204)
