"""`prefect event …`, `emit_event`, subscribers: all over WebSockets, but for reading."""

import json

from tests.e2e.stacks import Stack, eventually
from tests.prefect_client.conftest import Prefect, stored_event


def test_emit_with_related_resources_and_a_payload(prefect: Prefect, stack: Stack, name: str) -> None:
    related = [{"prefect.resource.id": "other", "prefect.resource.role": "friend"}]

    said = prefect(
        "event", "emit", name, "--resource-id", "r.1", "--payload", '{"n": 1}', "--related", json.dumps(related)
    )

    event = stored_event(stack, name)
    assert event["id"] in said.output
    assert (event["payload"], event["related"]) == ({"n": 1}, related)


def test_emit_with_labels(prefect: Prefect, stack: Stack, name: str) -> None:
    prefect("event", "emit", name, "--resource-id", "r.1", "-r", "env=prod")

    assert stored_event(stack, name)["resource"] == {"prefect.resource.id": "r.1", "env": "prod"}


def test_stream_shows_what_happens_meanwhile(prefect: Prefect, stack: Stack, name: str) -> None:
    streaming = prefect.start("event", "stream", "--format", "json")
    try:
        assert streaming.stdout is not None and "Subscribing" in streaming.stdout.readline()
        stack.emit(name, "r.1")
        while name not in (line := streaming.stdout.readline()):
            assert line, "the stream ended"
        assert json.loads(line)["resource"] == {"prefect.resource.id": "r.1"}
    finally:
        streaming.kill()
        streaming.communicate()


def test_many_events_of_a_program_arrive_once_each(prefect: Prefect, stack: Stack, name: str) -> None:
    prefect.python(
        f"""
from prefect.events import emit_event
for number in range(800):
    emit_event("{name}", {{"prefect.resource.id": f"r.{{number}}"}}, payload={{"n": number}})
"""
    )

    asked = {"filter": {"event": {"name": [name]}}}

    def counted() -> int:
        return sum(one["count"] for one in stack.post("/events/count-by/event", asked))

    eventually(lambda: counted() >= 800 or None, "800 events")
    assert counted() == 800


def test_a_subscriber_sees_the_past_and_the_present_each_once(prefect: Prefect, stack: Stack, name: str) -> None:
    stack.emit(f"{name}.past", "r.1")

    said = prefect.python(
        f"""
import asyncio
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.events import Event

async def main():
    wanted = EventFilter(event=EventNameFilter(prefix=["{name}"]))
    async with get_events_subscriber(filter=wanted) as subscriber, get_events_client() as client:
        print((await anext(subscriber)).event)
        for number in range(3):
            await client.emit(Event(event=f"{name}.{{number}}", resource={{"prefect.resource.id": "r.1"}}))
        for _ in range(3):
            print((await anext(subscriber)).event)

asyncio.run(asyncio.wait_for(main(), 60))
"""
    )

    shown = [line for line in said.output.split() if line.startswith(name)]
    assert shown[0] == f"{name}.past" and sorted(shown[1:]) == [f"{name}.{number}" for number in range(3)]


def test_the_client_reads_events_page_by_page(prefect: Prefect, stack: Stack, name: str) -> None:
    for number in range(5):
        stack.emit(name, f"r.{number}")

    said = prefect.python(
        f"""
import asyncio
from prefect.client.orchestration import get_client
from prefect.events.filters import EventFilter, EventNameFilter

async def main():
    async with get_client() as client:
        wanted = EventFilter(event=EventNameFilter(name=["{name}"]))
        page = await client.read_events(filter=wanted, limit=2)
        seen, sizes = [], []
        while page:
            seen += [event.id for event in page.events]
            sizes.append(len(page.events))
            page = await page.get_next_page(client)
        print(len(set(seen)), sizes, (await client.read_events(filter=wanted)).total)

asyncio.run(main())
"""
    )

    assert said.output.strip().endswith("5 [2, 2, 1] 5")
