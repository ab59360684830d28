"""Events on their way: sent in the background, in order, tried again, never lost in silence."""

import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from tests.stories import order_placed

from whenflow.errors import Rejected, Transient
from whenflow.flows.outbox import EventsNotDelivered, Outbox


class Sink:
    """Takes events one at a time; answers as it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[Any] = []
        self.open = threading.Event()
        self.open.set()

    def put(self, event):
        self.open.wait(5)
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(event)
        return event


class Batches(Sink):
    """Takes several at a time."""

    def put_many(self, events):
        self.open.wait(5)
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(list(events))
        return list(events)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(patience=0.5)


def test_events_are_stored_in_the_order_in_which_they_were_emitted(outbox):
    sink, orders = Sink(), [order_placed(number) for number in range(50)]

    for order in orders:
        outbox.send(sink, order)
    outbox.flush()

    assert sink.taken == orders


def test_whoever_emits_does_not_wait_for_the_store(outbox):
    sink = Sink()
    sink.open.clear()

    outbox.send(sink, order_placed())

    assert sink.taken == []
    sink.open.set()
    outbox.flush()
    assert sink.taken == [order_placed()]


def test_a_sink_that_takes_several_gets_several(outbox):
    sink = Batches()
    sink.open.clear()
    for number in range(30):
        outbox.send(sink, order_placed(number))
    sink.open.set()

    outbox.flush()

    assert len(sink.taken) < 30
    assert [event for some in sink.taken for event in some] == [order_placed(number) for number in range(30)]


def test_what_cannot_be_stored_now_is_tried_again(outbox):
    sink = Sink(Transient("busy"))

    outbox.send(sink, order_placed())
    outbox.flush()

    assert sink.taken == [order_placed()]


@pytest.mark.parametrize("error", [Rejected("no such key"), ValueError("a bug")])
def test_what_cannot_be_stored_at_all_is_told_once_and_costs_the_others_nothing(outbox, error, caplog):
    sink = Sink(error)
    outbox.send(sink, order_placed(7))
    outbox.send(sink, order_placed(8))

    with caplog.at_level(logging.ERROR), pytest.raises(EventsNotDelivered, match=order_placed(7).id) as loss:
        outbox.flush()

    assert [event for event, _ in loss.value.events] == [order_placed(7)]
    assert sink.taken == [order_placed(8)]
    assert order_placed(7).id in caplog.text
    outbox.flush()


def test_patience_ends(outbox, caplog):
    sink = Sink(*[Transient("busy")] * 20)
    outbox.send(sink, order_placed())

    with caplog.at_level(logging.ERROR), pytest.raises(EventsNotDelivered, match="busy"):
        outbox.flush()


def test_a_flush_that_may_not_take_long_tells_what_is_still_waiting(outbox):
    sink = Sink()
    sink.open.clear()
    for number in range(3):
        outbox.send(sink, order_placed(number))

    with pytest.raises(EventsNotDelivered, match="no time left"):
        outbox.flush(0.05)

    sink.open.set()
    outbox.flush()
    assert len(sink.taken) == 3


def test_the_outbox_holds_only_so_much_and_then_makes_the_caller_wait():
    outbox, sink = Outbox(max_waiting=2), Sink()
    sink.open.clear()
    for number in range(2):
        outbox.send(sink, order_placed(number))
    third = threading.Thread(target=outbox.send, args=(sink, order_placed(2)))
    third.start()
    third.join(0.1)
    assert third.is_alive()

    sink.open.set()
    third.join(5)
    outbox.flush()

    assert len(sink.taken) == 3


def test_a_process_that_ends_sends_what_it_emitted(httpserver, monkeypatch, tmp_path):
    httpserver.expect_request("/api/events", method="POST").respond_with_data(status=204)
    monkeypatch.setenv("WHENFLOW_API_URL", httpserver.url_for("/api"))
    monkeypatch.delenv("WHENFLOW_EVENTS_TABLE", raising=False)
    program = "from whenflow import emit_event; emit_event('order.placed', {'prefect.resource.id': 'order.7'})"

    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=30)

    ((request, _),) = httpserver.log
    assert request.get_json()[0]["event"] == "order.placed"


def test_a_flow_whose_events_cannot_be_stored_fails_and_says_which(world, serve):
    from whenflow.flows import emit_event, flow

    put = world.events.put

    def refuse(event):
        if event.event == "custom.done":
            raise Rejected("no room")
        return put(event)

    world.events.put = refuse

    @flow
    def process() -> None:
        emit_event("custom.done", {"prefect.resource.id": "file.a"})

    serve(process)

    assert world.run().state.name == "Failed"
    assert "custom.done" in world.run().state.message
    assert "no room" in world.run().state.message
