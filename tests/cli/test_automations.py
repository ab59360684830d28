"""`whenflow automation`, against chosen answers."""

import json

import pytest
from werkzeug import Request, Response

DEPLOYMENTS = [
    {"id": "d-1", "name": "main", "flow_name": "new_user_flow"},
    {"id": "d-2", "name": "main", "flow_name": "process_new_file"},
]
AUTOMATION = {
    "name": "greet",
    "trigger": {"type": "event", "posture": "Reactive", "expect": ["user.signed-up"]},
    "actions": [{"type": "run-deployment", "deployment": "new_user_flow/main", "parameters": {"name": "x"}}],
}


@pytest.fixture
def received(at_server):
    """The automations that the server was sent; it accepts all but those named `bad`."""
    documents = []

    def create(request: Request) -> Response:
        document = request.get_json()
        if document["name"] == "bad":
            detail = [{"loc": ["actions"], "msg": "Field required", "type": "missing"}]
            answer = {"exception_message": "This is not a valid automation.", "exception_detail": detail}
            return Response(json.dumps(answer), 422, content_type="application/json")
        documents.append(document)
        return Response(json.dumps(document | {"id": f"a-{len(documents)}"}), 201, content_type="application/json")

    at_server.expect_request("/api/automations/", method="POST").respond_with_handler(create)
    at_server.expect_request("/api/deployments/filter", method="POST").respond_with_json(DEPLOYMENTS)
    return documents


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json", "automation"])
def test_an_automation_comes_from_a_file_of_either_kind(cli, received, tmp_path, name):
    (tmp_path / name).write_text(json.dumps(AUTOMATION))

    outcome = cli("automation", "create", "--from-file", name)

    assert outcome.code == 0, outcome.err
    assert outcome.out == "Made the automation greet (a-1).\n"
    assert received[0]["trigger"] == AUTOMATION["trigger"]


def test_an_action_may_name_its_deployment_instead_of_giving_its_id(cli, received):
    cli("automation", "create", "--from-json", json.dumps(AUTOMATION))

    assert received[0]["actions"] == [{"type": "run-deployment", "deployment_id": "d-1", "parameters": {"name": "x"}}]


def test_an_unknown_deployment_is_named_with_the_closest_one(cli, received):
    action = {"type": "run-deployment", "deployment": "new_usr_flow/main"}

    outcome = cli("automation", "create", "--from-json", json.dumps(AUTOMATION | {"actions": [action]}))

    assert outcome.code == 1
    assert "There is no deployment new_usr_flow/main." in outcome.err
    assert "Did you mean new_user_flow/main? `whenflow deployment ls` shows" in outcome.err
    assert received == []


@pytest.mark.parametrize("wrap", [lambda many: many, lambda many: {"automations": many}])
def test_several_are_made_in_their_order(cli, received, wrap):
    many = wrap([AUTOMATION | {"name": name} for name in ("one", "two")])

    outcome = cli("automation", "create", "--from-json", json.dumps(many), "--json")

    assert [made["name"] for made in outcome.document] == ["one", "two"]
    assert [made["name"] for made in received] == ["one", "two"]


def test_where_one_of_several_is_refused_the_error_says_which_and_what_is_made(cli, received):
    many = [AUTOMATION | {"name": name} for name in ("one", "bad", "three")]

    outcome = cli("automation", "create", "--from-json", json.dumps(many))

    assert outcome.code == 1
    assert "Automation 2 of 3, bad: " in outcome.err
    assert "actions: Field required" in outcome.err
    assert "made already: one (a-1)" in outcome.err
    assert len(received) == 1


def test_one_automation_is_answered_as_one_object(cli, received):
    assert cli("automation", "create", "--from-json", json.dumps(AUTOMATION), "--json").document["id"] == "a-1"


@pytest.mark.parametrize(
    "words", [[], ["--from-json", "{}", "--from-file", "x"], ["--from-json", "[]"], ["--from-json", "[1]"]]
)
def test_what_holds_no_automation_is_a_wrong_call(cli, received, words):
    outcome = cli("automation", "create", *words)

    assert outcome.code == 2
    assert "name, trigger and actions" in outcome.err


def test_the_list_tells_when_and_then(cli, at_server):
    listed = [
        AUTOMATION | {"id": "a-1", "enabled": True, "created": "2026-11-20T21:00:00Z"},
        AUTOMATION | {"id": "a-2", "name": "silence", "enabled": False}
        | {"trigger": {"type": "event", "posture": "Proactive", "expect": ["ping"]}},
        AUTOMATION | {"id": "a-3", "name": "both", "trigger": {"type": "compound"}, "actions": []},
    ]  # fmt: skip
    at_server.expect_request("/api/automations/filter", method="POST").respond_with_json(listed)

    rows = [line.split("  ") for line in cli("automation", "ls").out.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]

    assert cells[0][:4] == ["NAME", "ENABLED", "WHEN", "THEN"]
    assert cells[1][:4] == ["greet", "yes", "user.signed-up", "run-deployment"]
    assert cells[2][:4] == ["silence", "no", "no ping", "run-deployment"]
    assert cells[3][:4] == ["both", "yes", "compound", "-"]
