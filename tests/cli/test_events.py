"""`whenflow event`, against chosen answers."""

import json
import uuid

import pytest
from werkzeug import Request, Response

from whenflow import events
from whenflow.cli import wire
from whenflow.cli.events import uuid7


@pytest.fixture
def received(at_server):
    """The events that the server was sent."""
    events = []

    def store(request: Request) -> Response:
        events.extend(request.get_json())
        return Response(status=204)

    at_server.expect_request("/api/events", method="POST").respond_with_handler(store)
    return events


def test_an_event_is_sent_with_a_time_and_an_id_of_its_own(cli, received):
    outcome = cli("event", "emit", "user.signed-up", "--resource-id", "user-1")

    assert outcome.code == 0
    assert f"Stored the event user.signed-up ({received[0]['id']})." in outcome.out
    assert uuid.UUID(received[0]["id"]).version == 7
    assert received[0]["occurred"].endswith("Z")
    assert received[0]["resource"] == {"prefect.resource.id": "user-1"}
    assert (received[0]["related"], received[0]["payload"]) == ([], {})


def test_all_parts_of_an_event_can_be_given(cli, received, tmp_path):
    (tmp_path / "payload.json").write_text('{"userid": 7}')
    tag = {"prefect.resource.id": "prefect.tag.eu", "prefect.resource.role": "tag"}

    cli(
        *["event", "emit", "user.signed-up", "--id", "0E6B2D1C-1111-7222-8333-444455556666"],
        *["--resource-id", "user-1", "--resource", "plan=free=yes", "-r", '{"country": "DE"}'],
        *["--related", json.dumps(tag), "--related", json.dumps([tag, tag]), "--payload", "@payload.json"],
    )

    assert received[0]["id"] == "0e6b2d1c-1111-7222-8333-444455556666"
    assert received[0]["resource"] == {"plan": "free=yes", "country": "DE", "prefect.resource.id": "user-1"}
    assert received[0]["related"] == [tag, tag, tag]
    assert received[0]["payload"] == {"userid": 7}


def test_the_resource_id_may_come_from_the_labels(cli, received):
    cli("event", "emit", "x.happened", "--resource", "prefect.resource.id=r-1")

    assert received[0]["resource"] == {"prefect.resource.id": "r-1"}


def test_with_json_the_event_is_shown_as_it_was_sent(cli, received):
    outcome = cli("event", "emit", "x.happened", "--resource-id", "r", "--payload", '{"a": [1, null]}', "--json")

    assert outcome.document == received[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give --resource-id"),
        (["--resource-id", ""], "give --resource-id"),
        (["--resource-id", "r", "--resource", "nonsense"], "KEY=VALUE"),
        (["--resource-id", "r", "--resource", "=x"], "KEY=VALUE"),
        (["--resource-id", "r", "--resource", "{"], "--resource is not valid JSON"),
        (["--resource-id", "r", "--payload", "[1]"], "--payload must be a JSON object"),
        (["--resource-id", "r", "--payload", "@nope.json"], "Cannot read the file nope.json"),
        (["--resource-id", "r", "--related", "7"], "--related must be a JSON object"),
        (["--resource-id", "r", "--id", "seven"], "--id must be a UUID"),
    ],
)
def test_a_wrong_part_is_told_before_anything_is_sent(cli, received, words, said):
    outcome = cli("event", "emit", "x.happened", *words)

    assert outcome.code == 2
    assert said in outcome.err
    assert received == []


def test_the_list_follows_the_pages_until_it_has_enough(cli, at_server):
    def page(request: Request) -> Response:
        start = int(request.args.get("page_token") or 0)
        size = int(request.args["limit"])
        assert size <= 200
        events = [{"id": str(n), "event": "x", "resource": {}} for n in range(start, min(start + min(size, 50), 120))]
        end = start + len(events)
        answer = {"events": events, "next_page": str(end) if end < 120 else None}
        return Response(json.dumps(answer), content_type="application/json")

    at_server.expect_request("/api/events", method="GET").respond_with_handler(page)

    assert [event["id"] for event in cli("event", "ls", "--limit", "70", "--json").document] == [
        str(n) for n in range(70)
    ]
    assert len(cli("event", "ls", "--limit", "500", "--json").document) == 120
    assert len(cli("event", "ls", "--json").document) == 20


def test_ids_made_here_sort_by_time_and_are_distinct():
    made = [uuid7() for _ in range(100)]

    assert len(set(made)) == 100
    assert all(uuid.UUID(id_).version == 7 and uuid.UUID(id_).variant == uuid.RFC_4122 for id_ in made)
    assert [id_[:8] for id_ in made] == sorted(id_[:8] for id_ in made)


def test_a_resource_is_listed_by_its_name_and_its_id(cli, at_server):
    named = {"prefect.resource.id": "prefect.flow-run.1", "prefect.resource.name": "brave-otter"}
    events = [{"event": "prefect.flow-run.Completed", "resource": named}, {"event": "x.happened", "resource": {}}]
    at_server.expect_request("/api/events", method="GET").respond_with_json({"events": events, "next_page": None})

    lines = cli("event", "ls").out.splitlines()

    assert "brave-otter · prefect.flow-run.1" in lines[1]
    assert "x.happened" in lines[2]


def test_the_command_uses_the_label_names_of_the_product():
    for name in ("RESOURCE_ID", "RESOURCE_NAME", "RESOURCE_ROLE"):
        assert getattr(wire, name) == getattr(events, name)
