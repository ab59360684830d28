"""Serve the API over the stores in memory, with a bit of everything in them, and let schemathesis at it.

Arguments go to `schemathesis run`. The exit code is that of schemathesis.
"""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.calls import KEY, call, read
from tests.stories import ann_signs_up, order_placed
from tests.world import World

from whenflow.api.app import build_api

ROOT = Path(__file__).parents[2]
TOOL = ROOT / ".cache" / "schemathesis" / "bin" / "schemathesis"
CONFIG = Path(__file__).with_name("schemathesis.toml")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = "20"


def main(arguments: list[str]) -> int:
    """Run it."""
    if not TOOL.exists():
        print("Needs schemathesis: run this with `make test-schemathesis`.", file=sys.stderr)
        return 2
    server = ThreadingHTTPServer(("127.0.0.1", 0), _requests_to(populated()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/api"
    command = [str(TOOL), "--config-file", str(CONFIG), "run", f"{address}/openapi.json", "--url", address]
    command += ["--header", f"Authorization: Bearer {KEY}", "--checks", CHECKS, "--max-examples", EXAMPLES]
    command += ["--no-color", "--continue-on-failure"]
    try:
        return subprocess.run([*command, *arguments], cwd=TOOL.parents[1], check=False).returncode
    finally:
        server.shutdown()


def populated() -> World:
    """Return a world in which something has happened already."""
    world = World()
    world.welcomes_new_users()
    for event in (ann_signs_up(), order_placed()):
        world.events.put(event)
    return world


def _requests_to(world: World) -> type[BaseHTTPRequestHandler]:
    handler, one_at_a_time = build_api(world.services), threading.Lock()

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            with one_at_a_time:
                answer = read(handler(self._event(), None))
            body = answer.text.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):  # every method there is, and those that there are not
                return self._answer
            raise AttributeError(name)

        def _event(self) -> dict[str, Any]:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return call(
                self.command,
                unquote(path),
                body or None,
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers=headers,
            )

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: schemathesis tells what is wrong."""

    return Requests


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
