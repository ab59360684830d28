"""Start ministack in this process, adapted, and stop it so that nothing under way is lost."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from typing import Any

from whenflow.local.emulator import (
    answers,
    capacity,
    code,
    invocations,
    journal,
    memory,
    meter,
    notifications,
    permissions,
    queues,
    streams,
    warmth,
)
from whenflow.local.emulator.controls import METER, WARM, Controls
from whenflow.local.emulator.engine import WrongEngine, check_version, engine
from whenflow.local.emulator.gate import GATE
from whenflow.local.emulator.origins import OwnOrigins
from whenflow.local.emulator.paths import ShortPaths, find_http_api
from whenflow.local.sockets import Sockets
from whenflow.local.sockets.api import AsgiApi

ANSWERS = {
    ("POST", METER): meter.METER.restart,
    ("GET", METER): meter.METER.reading,
    ("POST", WARM): warmth.warm,
}
FINISH_SECONDS = "5"  # how long work under way may take to finish at the end
KEEP_ALIVE_SECONDS = 75
HOST = "127.0.0.1"


def main() -> None:
    """Run until a signal, or until the process that holds our standard input is gone."""
    try:
        check_version()
    except WrongEngine as error:
        sys.exit(str(error))
    os.environ.pop("PYTHONPATH", None)  # functions find their code in their layers, not in our sources
    adapt()
    _allow_many_files()
    asyncio.run(serve(int(os.environ.pop("WHENFLOW_LOCAL_LISTENER")), int(os.environ["GATEWAY_PORT"])))


def adapt() -> None:
    """Apply every adaptation, in the order in which they build on each other."""
    answers.apply()
    permissions.apply()
    capacity.apply()
    code.apply()
    queue = invocations.apply()
    notifications.apply()
    queues.apply()
    streams.apply()
    memory.apply(queue)
    journal.apply()
    meter.apply()


async def serve(listener: int, port: int) -> None:
    """Serve on a listening socket of loopback until told to stop.

    Args:
        listener: The file descriptor of the socket, handed over by the parent.
        port: Its port.
    """
    from hypercorn.asyncio import serve as serve_asgi
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener}"]
    config.keep_alive_timeout, config.graceful_timeout = KEEP_ALIVE_SECONDS, 1.0
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    stack: Any = ShortPaths(engine("app").app, find_http_api)
    application: Any = OwnOrigins(Controls(Sockets(stack, AsgiApi(stack, port)), ANSWERS))
    opening = asyncio.create_task(_open_gate_when_answering(port))
    await serve_asgi(application, config, shutdown_trigger=_stop_request())
    opening.cancel()
    engine("core.lambda_runtime").reset()  # ends the functions' processes and removes their directories
    logging.shutdown()
    os._exit(0)  # everything is saved; threads of ministack that still wait for something may wait no longer


def _stop_request() -> Any:
    """Return what waits for the order to stop, and lets work under way finish first."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    if os.environ.get("WHENFLOW_LOCAL_WATCH_STDIN") == "1":
        threading.Thread(target=_stop_at_end_of_input, args=(loop, asked), daemon=True).start()

    async def wait() -> None:
        await asked.wait()
        GATE.close()
        await asyncio.to_thread(_finish)

    return wait


def _stop_at_end_of_input(loop: asyncio.AbstractEventLoop, asked: asyncio.Event) -> None:
    """Stop when the parent is gone, however it went: its end of our standard input closes."""
    while os.read(sys.stdin.fileno(), 1024):
        continue
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(asked.set)


def _finish() -> None:
    """Wait until no function and no execution is running, but not for long."""
    functions, machines = engine("services.lambda_svc"), engine("services.stepfunctions")
    deadline = time.monotonic() + float(os.environ.get("WHENFLOW_LOCAL_FINISH_SECONDS", FINISH_SECONDS))
    while time.monotonic() < deadline:
        executing = any(one.get("status") == memory.RUNNING for one in machines._executions._data.values())
        if not executing and functions.executions_in_flight()[0] == 0:
            return
        time.sleep(0.05)
    logging.getLogger("whenflow").warning("stopped with work under way; it is taken up at the next start")


async def _open_gate_when_answering(port: int) -> None:
    """Open the gate as soon as functions get answers from the emulator."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET /_ministack/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    await reader.readline()
    writer.close()
    GATE.open()


def _allow_many_files() -> None:
    """Raise the limit of open files: a burst holds a connection for each caller."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
