"""emit_event in a flow: the event relates to whatever runs."""

import pytest
from tests.world import World

from whenflow.events import Event
from whenflow.flows import emit_event, flow, task
from whenflow.flows.runtime import NotConnected

FILE = {"prefect.resource.id": "file.clients.csv"}


def emitted(world: World) -> Event:
    (event,) = world.events.named("custom.file_processed")
    return event


def roles(event: Event) -> list[str]:
    return [one["prefect.resource.role"] for one in event.related]


def test_an_event_of_a_flow_relates_to_its_run(world, serve):
    @flow
    def process() -> None:
        emit_event("custom.file_processed", FILE)

    serve(process)

    assert roles(emitted(world)) == ["flow-run", "flow", "deployment", "work-queue", "work-pool", "creator"]
    assert emitted(world).related[0] == {
        "prefect.resource.id": f"prefect.flow-run.{world.run().id}",
        "prefect.resource.role": "flow-run",
        "prefect.resource.name": world.run().name,
    }


def test_an_event_of_a_task_relates_to_the_task_run_as_well(world, serve):
    @task
    def announce() -> None:
        emit_event("custom.file_processed", FILE)

    @flow
    def process() -> None:
        announce()

    serve(process)

    assert roles(emitted(world))[:2] == ["flow-run", "task-run"]
    task_run = world.events.named("prefect.task-run.Running")[0].resource_id
    assert emitted(world).related[1]["prefect.resource.id"] == task_run


def test_an_event_after_a_task_does_not_relate_to_it(world, serve):
    @task
    def loads() -> None: ...

    @flow
    def process() -> None:
        loads()
        emit_event("custom.file_processed", FILE)

    serve(process)

    assert "task-run" not in roles(emitted(world))


def test_related_resources_of_ones_own_come_first(world, serve):
    own = {"prefect.resource.id": "s3://incoming", "prefect.resource.role": "bucket"}

    @flow
    def process() -> None:
        emit_event("custom.file_processed", FILE, related=[own])

    serve(process)

    assert emitted(world).related[0] == own


def test_what_is_named_already_is_not_related_a_second_time(world, serve):
    @flow
    def process() -> None:
        run = {"prefect.resource.id": f"prefect.flow-run.{world.run().id}"}
        emit_event("custom.file_processed", run)

    serve(process)

    assert "flow-run" not in roles(emitted(world))


def test_who_does_not_know_where_to_send_events_is_told_how_to_say_it():
    with pytest.raises(NotConnected, match="set WHENFLOW_API_URL and WHENFLOW_API_KEY"):
        emit_event("e", FILE)
