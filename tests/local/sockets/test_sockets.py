"""F10 and F11: events in and out over WebSockets."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.calls import KEY
from tests.local.sockets.conftest import Client, play
from tests.stories import order_document, order_placed

from whenflow.events import iso

IN, OUT, LOGS = "/api/events/in", "/api/events/out", "/api/logs/out"
ALL = {"type": "filter", "filter": {}}
BOTH = pytest.mark.parametrize("path", [IN, OUT, f"{IN}/", LOGS])


# ---- beginning ----


@BOTH
@pytest.mark.parametrize("token", [KEY, f"anybody:{KEY}"])
def test_f10_the_right_key_is_let_in(connect, path, token):
    async def story():
        client = await connect(path, token)
        assert await client.hears() == {"type": "auth_success"}
        await client.leaves()

    play(story())


@BOTH
@pytest.mark.parametrize("token", ["wrong", f"{KEY}x", 7, ["a"], "new\nline", "☃", "user:"])
def test_f10_a_wrong_key_is_turned_away(connect, path, token):
    async def story():
        assert await (await connect(path, token)).hears_close() == (1008, "Invalid token")

    play(story())


@BOTH
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_key_nobody_is_let_in(connect, path, token):
    async def story():
        assert await (await connect(path, token)).hears_close() == (1008, "Auth required but no token provided")

    play(story())


@BOTH
@pytest.mark.parametrize("first", ["", "{", "[]", '{"type": "filter"}', '{"token": "wfk_tests"}', "[" * 9_000])
def test_the_key_comes_first(sockets, path, first):
    async def story():
        client = Client(sockets, path, ["prefect"])
        await client.next()
        await client.says(first)
        assert await client.hears_close() == (1008, "Expected 'auth' message")

    play(story())


@BOTH
@pytest.mark.parametrize("offered", [[], ["graphql-ws"]])
def test_a_client_that_does_not_offer_the_subprotocol_is_told_which(sockets, path, offered):
    async def story():
        client = Client(sockets, path, offered)
        assert (await client.next())["subprotocol"] is None
        assert await client.hears_close() == (1002, "Use the subprotocol 'prefect'")

    play(story())


def test_a_client_that_says_nothing_is_not_waited_for(sockets, monkeypatch):
    monkeypatch.setattr("whenflow.local.sockets.socket.PATIENCE", 0.01)

    async def story():
        client = Client(sockets, IN, ["prefect"])
        await client.next()
        assert await client.hears_close() == (1008, "Expected 'auth' message")

    play(story())


def test_other_sockets_and_requests_go_on(memory):
    from whenflow.local.sockets import Sockets

    seen = []

    async def application(scope, *_):
        seen.append(scope["type"])

    async def story():
        sockets = Sockets(application, memory)
        await sockets({"type": "websocket", "path": "/elsewhere"}, None, None)
        await sockets({"type": "http", "path": IN}, None, None)
        await sockets({"type": "lifespan"}, None, None)

    play(story())
    assert seen == ["websocket", "http", "lifespan"]


# ---- in ----


def test_f10_an_event_that_is_sent_is_stored(world, let_in):
    document = order_document()

    async def story():
        client = await let_in(IN)
        await client.says(document)
        await client.leaves()

    play(story())
    event = world.events.get(document["id"])
    assert event is not None and event.received == world.clock.now()


def test_what_was_sent_before_leaving_is_stored_all_of_it_and_in_order(world, let_in, memory):
    async def story():
        client = await let_in(IN)
        for number in range(450):
            await client.says(order_document(number, event=f"e.{number}"))
        await client.leaves()

    play(story())
    assert sorted(world.events.names()) == sorted(f"e.{number}" for number in range(450))
    assert memory.calls.count(("POST", "/events")) < 20


@pytest.mark.parametrize(
    "bad",
    ["nonsense", "[]", "7", "null", '{"event": "no.resource"}', "{" * 5_000, json.dumps({"a": "b" * 4_000_001})],
    ids=["word", "list", "number", "null", "incomplete", "deep", "huge"],
)
def test_f10_an_event_that_is_not_valid_does_not_lose_the_next(world, let_in, bad, caplog):
    async def story():
        client = await let_in(IN)
        await client.says(order_document(1, event="before"))
        await client.says(bad)
        await client.says(order_document(2, event="after"))
        await client.leaves()

    play(story())
    assert sorted(world.events.names()) == ["after", "before"]
    assert "an event was refused" in caplog.text


def test_an_event_sent_again_after_a_reconnect_is_one_event(world, let_in):
    document = order_document()

    async def story():
        for _ in range(2):
            client = await let_in(IN)
            await client.says(document)
            await client.leaves()

    play(story())
    assert len(world.events.names()) == 1


def test_while_the_api_is_busy_events_wait(world, let_in, memory):
    async def story():
        client = await let_in(IN)
        memory.refuse = [503, 429, 500]
        await client.says(order_document())
        await client.leaves()

    play(story())
    assert len(world.events.names()) == 1


def test_a_client_is_sent_away_rather_than_its_events_lost_in_silence(world, let_in, memory):
    async def story():
        client = await let_in(IN)
        memory.refuse = [503] * 8
        await client.says(order_document())
        code, reason = await client.hears_close()
        assert code == 1013 and "send again" in reason

    play(story())
    assert world.events.names() == []


def test_a_key_that_was_revoked_meanwhile_stores_nothing(world, let_in, memory):
    async def story():
        client = await let_in(IN)
        memory.refuse = [401]
        await client.says(order_document())
        assert await client.hears_close() == (1008, "This key may not emit events")

    play(story())
    assert world.events.names() == []


def test_bytes_are_read_as_text(world, let_in):
    async def story():
        client = await let_in(IN)
        await client._to_server.put({"type": "websocket.receive", "bytes": json.dumps(order_document()).encode()})
        await client.leaves()

    play(story())
    assert len(world.events.names()) == 1


# ---- out ----


@pytest.mark.parametrize("first", ["{", "[]", '{"type": "auth"}', '"filter"'])
def test_f11_a_filter_is_wanted(let_in, first):
    async def story():
        client = await let_in(OUT)
        await client.says(first)
        assert await client.hears_close() == (1002, "Expected 'filter' message")

    play(story())


@pytest.mark.parametrize(
    "given", [7, [], {"colour": 1}, {"event": {"name": 7}}, {"occurred": {"since": "soon"}}, {"a" * 500: 1}]
)
def test_a_filter_that_is_not_valid_is_refused_with_its_fault(let_in, given):
    async def story():
        client = await let_in(OUT)
        await client.says({"type": "filter", "filter": given})
        code, reason = await client.hears_close()
        assert code == 1002 and reason.startswith("Invalid filter: ") and len(reason.encode()) <= 123

    play(story())


def test_f11_first_the_past_in_order_then_each_event_as_it_comes_and_each_once(world, let_in):
    now = world.clock.now()
    for minutes in (1, 14, 5):
        world.events.put(order_placed(occurred=now - timedelta(minutes=minutes), name=f"past.{minutes}"))

    async def story():
        client = await let_in(OUT)
        await client.says(ALL)
        assert [(await client.hears())["event"]["event"] for _ in range(3)] == ["past.14", "past.5", "past.1"]
        world.events.put(order_placed(name="live.1"))
        assert (await client.hears())["event"]["event"] == "live.1"
        world.events.put(order_placed(name="live.2"))
        shown = await client.hears()
        assert shown["type"] == "event" and shown["event"]["event"] == "live.2"
        await client.hears_nothing()
        await client.leaves()

    play(story())


def test_the_past_ends_a_quarter_of_an_hour_ago_whatever_is_asked(world, let_in):
    now = world.clock.now()
    old = now - timedelta(minutes=16)
    world.events.put(order_placed(occurred=old, name="too.old"))
    world.events.put(order_placed(occurred=now - timedelta(minutes=2), name="kept"))

    async def story():
        client = await let_in(OUT)
        await client.says({"type": "filter", "filter": {"occurred": {"since": iso(now - timedelta(days=9))}}})
        assert (await client.hears())["event"]["event"] == "kept"
        await client.hears_nothing()
        await client.leaves()

    play(story())


def test_f11_without_backfill_only_what_comes_now(world, let_in):
    earlier = world.clock.now() - timedelta(seconds=5)
    world.events.put(order_placed(occurred=earlier, name="past"))

    async def story():
        client = await let_in(OUT)
        await client.says(ALL | {"backfill": False})
        await client.hears_nothing()
        world.events.put(order_placed(name="live"))
        assert (await client.hears())["event"]["event"] == "live"
        await client.leaves()

    play(story())


def test_the_filter_of_the_client_holds_for_past_and_present(world, let_in):
    given: dict[str, Any] = {
        "event": {"prefix": ["wanted"], "exclude_prefix": None, "name": None},
        "related": None,
        "id": {"id": []},
        "text": None,
        "order": "DESC",
    }
    for name in ("wanted.past", "other.past"):
        world.events.put(order_placed(name=name))

    async def story():
        client = await let_in(OUT)
        await client.says({"type": "filter", "filter": given, "backfill": True})
        assert (await client.hears())["event"]["event"] == "wanted.past"
        world.events.put(order_placed(name="other.live"))
        world.events.put(order_placed(name="wanted.live"))
        assert (await client.hears())["event"]["event"] == "wanted.live"
        await client.leaves()

    play(story())


def test_a_long_past_comes_whole(world, let_in):
    for number in range(450):
        world.events.put(order_placed(name=f"e.{number}"))

    async def story():
        client = await let_in(OUT)
        await client.says(ALL)
        names = {(await client.hears())["event"]["event"] for _ in range(450)}
        assert len(names) == 450
        await client.hears_nothing()
        await client.leaves()

    play(story())


def test_basic_credentials_are_no_token():
    """Only the auth string itself is: `user:key`, not what HTTP makes of it."""
    from whenflow.api.credentials import key_in, password_in

    encoded = base64.b64encode(f"me:{KEY}".encode()).decode()
    assert key_in(f"Basic {encoded}") == KEY
    assert password_in(encoded) != KEY
