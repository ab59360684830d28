"""A real HTTP server on loopback in front of a Lambda handler, as API Gateway's HTTP API calls it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Serve a handler for as long as the block runs; gives the server's base URL."""

    class Door(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            answer = handler(_event(self), None)
            body = answer.get("body", "").encode()
            self.send_response(answer["statusCode"])
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _event(request: BaseHTTPRequestHandler) -> dict[str, Any]:
    """Return a request in payload format 2.0."""
    parts = urlsplit(request.path)
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.rfile.read(int(headers.get("content-length", 0))).decode()
    return {
        "version": "2.0",
        "routeKey": "ANY /api/{proxy+}",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": {"x-forwarded-proto": "http", **headers},
        "queryStringParameters": dict(parse_qsl(parts.query)),
        "requestContext": {
            "domainName": headers["host"],
            "stage": "$default",
            "http": {"method": request.command, "path": parts.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        },
        "body": body or None,
        "isBase64Encoded": False,
    }
