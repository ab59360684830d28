"""The commands of the local room: up, demo, down, clean, status. Each returns the exit code."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from rich.text import Text

from whenflow.local import process, seed, stack
from whenflow.local.client import Api
from whenflow.local.errors import LocalError
from whenflow.local.moving import move
from whenflow.local.room import Room, Running, find_room
from whenflow.local.say import complain, console, note, step
from whenflow.local.watch import follow

DONE, FAILED, INTERRUPTED = 0, 1, 130
STOP_SECONDS = 40.0


class _Stopped(BaseException):
    """Somebody asked us to stop."""


@dataclass
class Live:
    """A stack that this process runs."""

    emulator: process.Emulator
    running: Running
    outputs: dict[str, str]


def up() -> int:
    """Start the stack, say where it is, show what happens until told to stop."""
    return _guarded(_up)


def demo() -> int:
    """Play the stories on the running stack, or on one started for them."""
    return _guarded(_demo)


def down() -> int:
    """Stop the stack that another process runs."""
    return _guarded(_down)


def clean() -> int:
    """Stop, and remove all data."""
    return _guarded(_clean)


def status() -> int:
    """Say what runs."""
    return _guarded(_status)


def _up() -> int:
    room = find_room()
    with room.occupied() as ours:
        if not ours:
            return _say_what_runs(room)
        with contextlib.suppress(_Stopped), _signals(), started(room) as live:
            _say_where(live.running)
            _show_what_happens(room, live)
    return DONE


def _demo() -> int:
    from whenflow.local.demo import play

    room = find_room()
    with room.occupied() as ours:
        if ours:
            with _signals(), started(room) as live:
                return play(live.running, live.outputs)
    if (running := _await_running(room)) is None:
        return _say_what_runs(room)
    note(f"Playing on the stack that runs at {running.ui_url}")
    with _signals():
        return play(running, stack.outputs(running.port))


def _down() -> int:
    room = find_room()
    if (owner := room.owner()) is None:
        console.print("Nothing runs here.")
        return DONE
    os.kill(owner, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    with step(f"Stopping (process {owner})", "Stopped; the data is kept"):
        while room.is_occupied():
            if time.monotonic() > deadline:
                raise LocalError(f"Process {owner} did not stop within {STOP_SECONDS:.0f} seconds.")
            time.sleep(0.1)
    return DONE


def _clean() -> int:
    room = find_room()
    if room.is_occupied():
        _down()
    room.clear()
    console.print(f"Removed {room.home}.")
    return DONE


def _status() -> int:
    room = find_room()
    if room.is_occupied():
        return _say_what_runs(room)
    console.print("Nothing runs here. Start it with `make up`.")
    return FAILED


@contextlib.contextmanager
def started(room: Room) -> Iterator[Live]:
    """Run the stack while the block lasts: build, start, deploy, seed; in the end stop, whatever happened."""
    target, memory = stack.this_machine(), room.memory()
    with step(f"Building for {target.runtime} on {target.architecture}", "Built"):
        build_id = stack.build(room, target)
    listener = process.listen(int(memory.get("port") or process.PREFERRED_PORT))
    port = int(listener.getsockname()[1])
    if (last := int(memory.get("port") or port)) != port:
        note(f"Port {last} is taken; moving to {port}.")
        move(room.home / "state", last, port)
    room.remember(port=port)
    with step("Starting the embedded AWS", f"Embedded AWS on {process.endpoint(port)}"):
        emulator = process.start(room.home, listener)
    try:
        if not stack.is_deployed(port, build_id):
            with step("Deploying template.yaml (sam deploy)", "Deployed"):
                stack.deploy(room, target, port, build_id)
        live = _seeded(room, emulator)
        process.warm(port)
        yield live
    finally:
        with step("Stopping and saving", f"Stopped; data is in {room.home.name}/"):
            room.local_file.unlink(missing_ok=True)
            stack.settle(port)
            emulator.stop()


def _seeded(room: Room, emulator: process.Emulator) -> Live:
    """Make the stack usable, and tell others about it."""
    with step("Making an API key and the example deployments", "API key and example deployments"):
        outputs = stack.outputs(emulator.port)
        key = seed.ensure_key(room, emulator.port, outputs)
        running = Running.at(emulator.port, api_key=key, region=process.REGION, bucket=outputs["IncomingBucketName"])
        with Api(running.api_url, key) as api:
            seed.ensure_deployments(api, outputs)
    room.publish(running)
    return Live(emulator, running, outputs)


def _say_where(running: Running) -> None:
    console.print()
    for name, value in (
        ("UI", running.ui_url),
        ("API", running.api_url),
        ("Webhooks", f"{running.hooks_url}/<slug>"),
        ("S3 bucket", f"s3://{running.bucket}/  (AWS_ENDPOINT_URL={running.endpoint_url})"),
        ("API key", running.api_key),
        ("Try", ".venv/bin/whenflow event emit hello --resource-id me"),
    ):
        console.print(Text.assemble((f"  {name:<10}", "bold"), value))
    console.print()
    note("  This is what happens, as it happens. Ctrl-C stops and keeps the data.")
    console.print()


def _say_what_runs(room: Room) -> int:
    running, owner = room.running(), room.owner()
    if running is None:
        console.print(f"A local stack is starting or stopping here (process {owner}).")
        return DONE
    console.print(f"A local stack runs here (process {running.pid}):")
    for name, value in (("UI", running.ui_url), ("API", running.api_url), ("Webhooks", running.hooks_url)):
        console.print(Text.assemble((f"  {name:<10}", "bold"), value))
    note("`make down` stops it.")
    return DONE


def _await_running(room: Room) -> Running | None:
    """Wait until a stack that another process is just starting is there."""
    deadline = time.monotonic() + STOP_SECONDS
    while room.is_occupied() and time.monotonic() < deadline:
        if running := room.running():
            return running
        time.sleep(0.2)
    return None


def _show_what_happens(room: Room, live: Live) -> None:
    """Print a line for everything that happens, until the emulator ends by itself."""
    with Api(live.running.api_url, live.running.api_key) as api:
        for lines in follow(api, room.function_log):
            for line in lines:
                console.print(line)
            if not live.emulator.is_running:
                raise LocalError(f"The embedded AWS ended by itself; {live.emulator.log} has its last words.")


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into an orderly end, and let nothing disturb that end."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _guarded(command: Callable[[], int]) -> int:
    """Run a command; what goes wrong becomes a sentence and an exit code."""
    try:
        return command()
    except LocalError as error:
        complain(str(error))
        return FAILED
    except _Stopped:
        return INTERRUPTED
