"""The embedded AWS takes WebSockets of the stack's API, over a real connection."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tests.local.emulator.cloud import Cloud
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Message, Ping, Pong, Request, TextMessage

SAYS_YES = """
    import json

    def handler(event, context):
        good = event["headers"].get("authorization") == "Bearer good" and event["rawPath"] == "/api/hello"
        return {"statusCode": 200 if good else 401, "body": json.dumps("hello")}
"""


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Iterator[None]:
    """An HTTP API that knows one key."""
    gateway = cloud.client("apigatewayv2")
    made = gateway.create_api(Name="whenflow", ProtocolType="HTTP")["ApiId"]
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{cloud.function(SAYS_YES)}"
    integration = gateway.create_integration(
        ApiId=made, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=made, RouteKey="ANY /api/{proxy+}", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    yield
    gateway.delete_api(ApiId=made)


class Client:
    """A WebSocket client."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self.send(Request(host=f"127.0.0.1:{port}", target=path, subprotocols=["prefect"]))
        self._events: list[Event] = []

    def send(self, event: Event) -> None:
        self._socket.sendall(self._connection.send(event))

    def next(self) -> Any:
        while not self._events:
            self._connection.receive_data(self._socket.recv(65_536) or None)
            self._events += list(self._connection.events())
        return self._events.pop(0)

    def says(self, document: Any) -> None:
        self.send(Message(data=json.dumps(document)))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def client(cloud: Cloud, api: None) -> Iterator[Client]:
    made = Client(cloud.port, "/api/events/in")
    yield made
    made.close()


def test_a_client_is_let_in_and_its_pings_are_answered(client: Client) -> None:
    accepted = client.next()
    assert isinstance(accepted, AcceptConnection) and accepted.subprotocol == "prefect"

    client.send(Ping(b"there?"))
    assert client.next() == Pong(b"there?")
    client.says({"type": "auth", "token": "me:good"})

    said = client.next()
    assert isinstance(said, TextMessage) and json.loads(said.data) == {"type": "auth_success"}


def test_a_wrong_key_is_turned_away_with_code_and_reason(client: Client) -> None:
    client.next()

    client.says({"type": "auth", "token": "wrong"})

    assert client.next() == CloseConnection(code=1008, reason="Invalid token")
