"""Serve the API over the stores in memory, with a bit of everything in them, and let schemathesis at it.

`--quick` takes less than a minute: every operation, fewer cases. Other arguments go to `schemathesis run`. The last
line says how much was tried and what was found; the exit code is that of schemathesis.
"""

import re
import subprocess
import sys
import threading
import time
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
QUICK = ["--phases", "coverage,fuzzing"]
QUICK_CONFIG = Path(__file__).with_name("quick.toml")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES, FEW_EXAMPLES = "20", "2"
UNKNOWN = "unknown"


def main(arguments: list[str]) -> int:
    """Run it."""
    if not TOOL.exists():
        print("Needs schemathesis: run this with `make test-schemathesis`.", file=sys.stderr)
        return 2
    server = ThreadingHTTPServer(("127.0.0.1", 0), _requests_to(populated()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began, said = time.monotonic(), []
    try:
        with subprocess.Popen(
            _command(f"http://127.0.0.1:{server.server_port}/api", arguments),
            cwd=TOOL.parents[1],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                said.append(line)
    finally:
        server.shutdown()
    print(summary("".join(said), process.returncode, time.monotonic() - began))
    return process.returncode


def _command(address: str, arguments: list[str]) -> list[str]:
    quick = "--quick" in arguments
    command = [str(TOOL), *(["--config-file", str(QUICK_CONFIG)] if quick else [])]
    command += ["run", f"{address}/openapi.json", "--url", address, "--header", f"Authorization: Bearer {KEY}"]
    command += ["--checks", CHECKS, "--max-examples", FEW_EXAMPLES if quick else EXAMPLES]
    command += ["--no-color", "--continue-on-failure", *(QUICK if quick else [])]
    return [*command, *(one for one in arguments if one != "--quick")]


def summary(said: str, code: int, seconds: float) -> str:
    """Return in one line what was tried and found.

    Args:
        said: All that schemathesis wrote.
        code: Its exit code: 0 where it found nothing.
        seconds: How long it took.
    """
    banner = said.rstrip().rpartition("\n")[2]
    counts = re.findall(r"(\d+) (?:failure|error)", banner)
    found = str(sum(map(int, counts))) if counts or not code else UNKNOWN
    operations, cases = _number(r"Tested: (\d+)", said), _number(r"(\d+) generated", said)
    return f"operations={operations} cases={cases} failures={found} seconds={seconds:.0f}"


def _number(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else UNKNOWN


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
        wbufsize = -1  # head and body in one packet: sent apart, the second waits 40 ms for the first's acknowledgement

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
