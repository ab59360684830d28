"""`whenflow webhook` and the other lists, against chosen answers."""

import json
import shlex

import pytest

from whenflow.cli.webhook_text import curl

URL = "http://127.0.0.1:4566/hooks/AERylZ_uewzpDx-8fcweHQ"
WEBHOOK = {
    "id": "01a1fa01-3153-758d-b42c-3c4e2e77ea89",
    "name": "signups",
    "enabled": True,
    "description": "",
    "created": "2026-11-20T21:00:00Z",
    "template": '{"event": "x", "resource": {"prefect.resource.id": "{{ body.userid }}"}}',
    "auth": {"type": "none"},
}


def test_the_url_is_shown_once_with_a_command_to_try_it(cli, at_server, tmp_path):
    (tmp_path / "t.json").write_text('{"event": "x", "resource": {"prefect.resource.id": "{{ body.userid }}"}}')
    made = WEBHOOK | {"slug": "AERylZ_uewzpDx-8fcweHQ", "url": URL}
    at_server.expect_oneshot_request("/api/webhooks/filter", method="POST").respond_with_json([])
    at_server.expect_oneshot_request("/api/webhooks/", method="POST").respond_with_json(made, status=201)

    outcome = cli(
        "webhook", "create", "signups", "--template", "@t.json", "-d", "from the shop", "--delivery-id", "{{ body.id }}"
    )

    sent = at_server.log[1][0].get_json()
    assert sent == {
        "name": "signups",
        "description": "from the shop",
        "enabled": True,
        "template": '{"event": "x", "resource": {"prefect.resource.id": "{{ body.userid }}"}}',
        "delivery_id": "{{ body.id }}",
        "auth": {"type": "none"},
    }
    assert f"\n  {URL}\n" in outcome.out
    assert f"curl -i {URL} -H 'content-type: application/json' -d '{{\"userid\": \"...\"}}'" in outcome.out


def test_the_command_to_try_it_has_a_body_of_the_kind_the_template_reads():
    words = shlex.split(
        curl(URL, "{{ body.user.name }} {{ body.user.id }} {{ body['x'] }} {{ headers.a }} {{ body.n }}")
    )

    assert words[:2] == ["curl", "-i"]
    assert json.loads(words[-1]) == {"user": {"name": "...", "id": "..."}, "n": "..."}


def test_a_body_that_is_read_as_text_and_as_object_makes_no_trouble():
    assert json.loads(shlex.split(curl(URL, "{{ body.a }} {{ body.a.b }}"))[-1]) == {"a": {"b": "..."}}


def test_as_json_the_object_is_exactly_that_of_the_api(cli, at_server):
    made = WEBHOOK | {"url": URL}
    at_server.expect_request("/api/webhooks/filter", method="POST").respond_with_json([])
    at_server.expect_request("/api/webhooks/", method="POST").respond_with_json(made, status=201)

    assert cli("webhook", "create", "signups", "--template", "{}", "--json").document == made


def test_the_list_shows_what_webhooks_there_are(cli, at_server):
    at_server.expect_request("/api/webhooks/filter", method="POST").respond_with_json(
        [WEBHOOK, WEBHOOK | {"enabled": False}]
    )

    lines = cli("webhook", "ls").out.splitlines()

    assert lines[0].split()[:5] == ["NAME", "ENABLED", "AUTH", "CREATED", "ID"]
    assert [line.split()[:3] for line in lines[1:]] == [["signups", "yes", "none"], ["signups", "no", "none"]]


@pytest.mark.parametrize(
    ("words", "path", "answer", "next_step"),
    [
        (["webhook", "ls"], "webhooks/filter", [], "whenflow webhook create"),
        (["automation", "ls"], "automations/filter", [], "whenflow automation create"),
        (["deployment", "ls"], "deployments/filter", [], "make demo"),
        (["flow-run", "ls"], "flow_runs/filter", [], "whenflow automation ls"),
        (["event", "ls"], "events", {"events": [], "next_page": None}, "whenflow event emit"),
    ],
)
def test_an_empty_list_says_what_to_do_next_and_is_an_empty_list_for_programs(
    cli, at_server, words, path, answer, next_step
):
    at_server.expect_request(f"/api/{path}").respond_with_json(answer)

    assert next_step in cli(*words).out
    assert cli(*words, "--json").document == []


def test_deployments_are_listed_by_the_name_that_automations_use(cli, at_server):
    listed = [{"id": "d-1", "name": "main", "flow_name": "new_user_flow", "work_pool_name": "lambda"}]
    at_server.expect_request("/api/deployments/filter", method="POST").respond_with_json(listed)

    assert cli("deployment", "ls").out.splitlines()[1].split()[:2] == ["new_user_flow/main", "lambda"]
