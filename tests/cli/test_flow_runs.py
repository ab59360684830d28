"""`whenflow flow-run`, against chosen answers."""

from typing import Any

import pytest

EVENT_ID = "01a1fa01-3153-758d-b42c-3c4e2e77ea89"
FIRING_ID = "7b1d8ab4-0000-5000-8000-000000000001"
FIRST_ID = "4b71a084-ccd3-5aba-85e9-2dfc3a1f54fe"
SECOND_ID = "9c71a084-ccd3-5aba-85e9-2dfc3a1f54fe"
CAUSED = {
    "id": FIRST_ID,
    "name": "brave-otter",
    "flow_name": "new_user_flow",
    "deployment_name": "main",
    "state_type": "COMPLETED",
    "state_name": "Completed",
    "parameters": {"name": "ü-1"},
    "created": "2026-11-20T21:00:00.700000Z",
    "start_time": "2026-11-20T21:00:01.000000Z",
    "end_time": "2026-11-20T21:00:03.500000Z",
    "created_by": {"id": "a-1", "type": "AUTOMATION", "display_value": "greet"},
    "firing_id": FIRING_ID,
    "event_id": EVENT_ID,
}
MANUAL = CAUSED | {"id": SECOND_ID, "name": "calm-lynx", "firing_id": None, "event_id": None, "created_by": None}
STATES: list[dict[str, Any]] = [
    {"type": "COMPLETED", "name": "Completed", "timestamp": "2026-11-20T21:00:03.500000Z", "message": None},
    {
        "type": "SCHEDULED",
        "name": "Scheduled",
        "timestamp": "2026-11-20T21:00:00.700000Z",
        "message": "by an automation",
    },
]
EVENT = {
    "id": EVENT_ID,
    "occurred": "2026-11-20T21:00:00.000000Z",
    "event": "user.signed-up",
    "resource": {"prefect.resource.id": "user-1"},
    "related": [],
}
FIRING = {"id": FIRING_ID, "automation_name": "greet new users", "triggered": "2026-11-20T21:00:00.412000Z"}


@pytest.fixture
def runs(at_server):
    """A server with two runs."""
    at_server.expect_request("/api/flow_runs/filter", method="POST").respond_with_json([CAUSED, MANUAL])
    at_server.expect_request("/api/flow_run_states/").respond_with_json(STATES)
    for run in (CAUSED, MANUAL):
        at_server.expect_request(f"/api/flow_runs/{run['id']}").respond_with_json(run)
    return at_server


@pytest.fixture
def causes(runs):
    """The server also has the firing and the event."""
    runs.expect_request(f"/api/firings/{FIRING_ID}").respond_with_json(FIRING)
    runs.expect_request(f"/api/events/{EVENT_ID}").respond_with_json(EVENT)
    return runs


def test_the_list_shows_which_flow_how_it_went_and_a_handle(cli, runs):
    header, first, _ = cli("flow-run", "ls").out.splitlines()

    assert header.split()[:4] == ["ID", "NAME", "DEPLOYMENT", "STATE"]
    assert first.split()[:4] == [FIRST_ID[:8], "brave-otter", "new_user_flow/main", "Completed"]


def test_a_list_on_80_columns_keeps_each_run_on_one_line(cli, runs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    lines = cli("flow-run", "ls").out.splitlines()

    assert len(lines) == 3
    assert max(map(len, lines)) <= 80
    assert FIRST_ID not in "".join(lines)


@pytest.mark.parametrize("handle", [FIRST_ID, FIRST_ID.upper(), FIRST_ID[:8], "brave-otter"])
def test_a_run_is_found_by_id_by_the_start_of_it_and_by_name(cli, causes, handle):
    assert cli("flow-run", "inspect", handle, "--json").document["flow_run"]["id"] == FIRST_ID


def test_inspect_tells_the_chain_from_the_event_to_the_states(cli, causes):
    out = cli("flow-run", "inspect", "brave-otter").out
    told = " ".join(out.split())

    assert told.startswith(f"Flow run brave-otter Completed id {FIRST_ID} deployment new_user_flow/main")
    assert 'parameters {"name": "ü-1"}' in told
    assert "took 2.500 s" in told
    order = [
        "event user.signed-up on user-1",
        "firing of the automation greet new users +0.412 s",
        "run brave-otter +0.700 s",
    ]
    order += ["Scheduled by an automation", "Completed"]
    places = [told.index(part, 60) for part in order]
    assert places == sorted(places)


def test_inspect_as_json_holds_the_exact_objects(cli, causes):
    document = cli("flow-run", "inspect", FIRST_ID, "--json").document

    assert document == {"flow_run": CAUSED, "states": STATES[::-1], "firing": FIRING, "event": EVENT}


def test_a_run_that_nothing_caused_says_so(cli, runs):
    assert "no event caused it" in cli("flow-run", "inspect", "calm-lynx").out


def test_causes_that_are_no_longer_stored_are_named_by_their_ids(cli, runs):
    runs.expect_request(f"/api/firings/{FIRING_ID}").respond_with_json({"detail": "gone"}, status=404)
    runs.expect_request(f"/api/events/{EVENT_ID}").respond_with_json({"detail": "gone"}, status=404)

    out = cli("flow-run", "inspect", FIRST_ID).out

    assert f"{EVENT_ID}  (no longer stored)" in out
    assert f"{FIRING_ID}  (no longer stored)" in out


def test_an_event_that_expired_is_told_from_its_firing(cli, runs):
    runs.expect_request(f"/api/firings/{FIRING_ID}").respond_with_json(FIRING | {"event": EVENT})
    runs.expect_request(f"/api/events/{EVENT_ID}").respond_with_json({"detail": "gone"}, status=404)

    assert "user.signed-up  on user-1" in cli("flow-run", "inspect", FIRST_ID).out


def test_where_the_event_came_from_another_run_the_way_there_is_shown(cli, runs):
    resource = {"prefect.resource.id": f"prefect.flow-run.{SECOND_ID}"}
    runs.expect_request(f"/api/firings/{FIRING_ID}").respond_with_json(FIRING)
    runs.expect_request(f"/api/events/{EVENT_ID}").respond_with_json(EVENT | {"resource": resource})

    assert f"whenflow flow-run inspect {SECOND_ID}" in cli("flow-run", "inspect", FIRST_ID).out


def test_an_unknown_name_is_answered_with_the_closest(cli, runs):
    outcome = cli("flow-run", "inspect", "brave-oter")

    assert outcome.code == 1
    assert "There is no flow run brave-oter." in outcome.err
    assert "Did you mean brave-otter? `whenflow flow-run ls` shows those there are." in outcome.err


def test_an_unknown_id_is_said_to_be_unknown(cli, at_server):
    at_server.expect_request(f"/api/flow_runs/{FIRST_ID}").respond_with_json(
        {"detail": "Flow run not found"}, status=404
    )

    outcome = cli("flow-run", "inspect", FIRST_ID)

    assert outcome.code == 1
    assert f"There is no flow run {FIRST_ID}." in outcome.err
    assert "whenflow flow-run ls" in outcome.err


def test_a_name_that_several_runs_have_lists_them(cli, at_server):
    twin = MANUAL | {"name": "brave-otter"}
    at_server.expect_request("/api/flow_runs/filter", method="POST").respond_with_json([CAUSED, twin])

    outcome = cli("flow-run", "inspect", "brave-otter")

    assert outcome.code == 2
    assert "may mean 2 flow runs" in outcome.err
    assert FIRST_ID in outcome.err and SECOND_ID in outcome.err


def test_a_message_of_several_lines_stays_readable(cli, causes, monkeypatch):
    failed = [STATES[0] | {"type": "FAILED", "name": "Failed", "message": "ValueError: no\n  second line"}]
    causes.clear()
    causes.expect_request("/api/flow_run_states/").respond_with_json(failed)
    causes.expect_request(f"/api/flow_runs/{FIRST_ID}").respond_with_json(MANUAL)

    assert "Failed  ValueError: no\n  second line\n" in cli("flow-run", "inspect", FIRST_ID).out


def test_parameters_too_long_to_read_are_cut_with_the_way_to_see_them(cli, at_server):
    long = MANUAL | {"parameters": {"text": "x" * 5000}}
    at_server.expect_request("/api/flow_run_states/").respond_with_json(STATES)
    at_server.expect_request(f"/api/flow_runs/{SECOND_ID}").respond_with_json(long)

    out = cli("flow-run", "inspect", SECOND_ID).out

    assert "x" * 1001 not in out
    assert "(--json shows all 5,012 characters)" in out


def test_a_list_goes_on_from_page_to_page_by_the_token_of_the_answer(cli, at_server):
    pages = at_server.expect_ordered_request
    pages("/api/flow_runs/filter", json={"limit": 20}).respond_with_json(
        [CAUSED], headers={"whenflow-next-page": "t-2"}
    )
    pages("/api/flow_runs/filter", json={"limit": 19, "page_token": "t-2"}).respond_with_json([MANUAL])

    lines = cli("flow-run", "ls").out.splitlines()

    assert [line.split()[1] for line in lines[1:]] == ["brave-otter", "calm-lynx"]


def test_a_list_says_where_the_api_stopped_looking(cli, at_server):
    headers = {"whenflow-stopped-early": "true", "whenflow-looked-until": "2026-11-01T00:00:00.000000Z"}
    at_server.expect_request("/api/flow_runs/filter").respond_with_json([CAUSED], headers=headers)

    result = cli("flow-run", "ls", "--state", "failed")

    assert "brave-otter" in result.out
    assert "no run made before 2026-11-01T00:00:00.000000Z was looked at" in result.err


def test_nothing_is_said_of_a_bound_where_the_list_is_as_long_as_asked_for(cli, at_server):
    headers = {"whenflow-stopped-early": "true", "whenflow-looked-until": "2026-11-01T00:00:00.000000Z"}
    at_server.expect_request("/api/flow_runs/filter").respond_with_json([CAUSED], headers=headers)

    assert cli("flow-run", "ls", "--limit", "1").err == ""
