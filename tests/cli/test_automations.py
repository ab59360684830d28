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
@pytest.mark.parametrize("option", [[], ["--from-file"], ["-f"]])
def test_an_automation_comes_from_a_file_of_either_kind(cli, received, tmp_path, name, option):
    (tmp_path / name).write_text(json.dumps(AUTOMATION))

    outcome = cli("automation", "create", *option, name)

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


def test_the_automations_of_several_files_are_made_in_their_order(cli, received, tmp_path):
    for name, names in (("one.yaml", ["one"]), ("more.json", ["two", "three"]), ("last.yaml", ["four"])):
        (tmp_path / name).write_text(json.dumps([AUTOMATION | {"name": one} for one in names]))

    outcome = cli("automation", "create", "one.yaml", "more.json", "--from-file", "last.yaml")

    assert outcome.code == 0, outcome.err
    assert [made["name"] for made in received] == ["one", "two", "three", "four"]


def test_where_one_of_several_files_is_wrong_none_of_them_is_sent(cli, received, tmp_path):
    (tmp_path / "good.yaml").write_text(json.dumps(AUTOMATION))
    (tmp_path / "bad.yaml").write_text("just text")

    outcome = cli("automation", "create", "good.yaml", "bad.yaml")

    assert outcome.code == 2
    assert "bad.yaml holds no automation" in outcome.err
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
    "words",
    [
        [],
        ["--from-json", "{}", "--from-file", "x"],
        ["x", "--from-json", "{}"],
        ["--from-json", "[]"],
        ["--from-json", "[1]"],
    ],
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
    assert cells[1][:4] == ["greet", "yes", "user.signed-up", "run-deployment new_user_flow/main"]
    assert cells[2][:4] == ["silence", "no", "no ping", "run-deployment new_user_flow/main"]
    assert cells[3][:4] == ["both", "yes", "compound", "-"]


@pytest.fixture
def greeting(cli, product):
    """The product has an automation called `greet`, made from options alone."""
    product.deployment(name="main", flow_name="new_user_flow")
    words = ("--on", "user.signed-up", "--run", "new_user_flow/main", "--param", "name={{ event.payload.name }}")
    return cli("automation", "create", *words, "--name", "greet", "--json").document


def test_the_common_case_is_said_in_options(greeting):
    assert greeting["trigger"]["expect"] == ["user.signed-up"]
    assert greeting["trigger"]["posture"] == "Reactive"
    (action,) = greeting["actions"]
    assert (action["type"], action["parameters"]) == ("run-deployment", {"name": "{{ event.payload.name }}"})


def test_options_say_absence_keys_and_conditions(cli, greeting):
    words = ["--on", "ping", "--absent", "--within", "60", "--after", "pong", "--for-each", "prefect.resource.id"]
    words += ["--match", "prefect.resource.id=a.*", "--match", "prefect.resource.id=b.*", "--match", "stage=!test"]
    words += ["--run", "main", "-p", "count=5", "-p", 'text="5"', "--tag", "one", "--tag", "two", "--disabled"]

    made = cli("automation", "create", *words, "--json").document

    trigger = made["trigger"]
    assert made["name"] == "main without ping"
    assert (trigger["posture"], trigger["within"], trigger["after"]) == ("Proactive", 60, ["pong"])
    assert trigger["match"] == {"prefect.resource.id": ["a.*", "b.*"], "stage": "!test"}
    assert made["actions"][0]["parameters"] == {"count": 5, "text": "5"}
    assert (made["tags"], made["enabled"]) == (["one", "two"], False)


def test_options_say_a_message(cli, product):
    cli("notification", "create", "team", "slack-webhook", "url=https://hooks.slack.com/services/T0/B0/x")

    made = cli("automation", "create", "--on", "x.*", "--notify", "team", "--message", "{{ event.name }}", "--json")

    assert made.code == 0, made.err
    assert made.document["actions"][0]["body"] == "{{ event.name }}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--run", "a/b"], "Say on which event"),
        (["--on", "x"], "Say what to do"),
        (["--on", "x", "--absent", "--run", "a/b"], "Say how long to wait"),
        (["--on", "x", "--notify", "t"], "Say what the message is"),
        (["--on", "x", "--notify", "t", "--message", "m", "--param", "a=1"], "--param is for the deployment"),
        (["--on", "x", "--run", "a/b", "--message", "m"], "--message and --subject are for"),
        (["--on", "x", "--run", "a/b", "--param", "novalue"], "--param must be NAME=VALUE"),
        (["--on", "x", "--run", "a/b", "--from-json", "{}"], "Give either a file, or --from-json"),
    ],
)
def test_options_that_say_too_little_or_too_much_are_a_wrong_call(cli, product, words, told):
    outcome = cli("automation", "create", *words)

    assert outcome.code == 2
    assert told in outcome.err


def test_one_is_shown_with_names_for_ids(cli, greeting):
    told = cli("automation", "inspect", "greet").out

    assert told.startswith("Automation greet  enabled\n")
    assert "    expect: user.signed-up\n" in told
    assert "Then: run-deployment\n  deployment: new_user_flow/main\n" in told
    assert "    name: {{ event.payload.name }}\n" in told
    assert cli("automation", "inspect", greeting["id"], "--json").document["id"] == greeting["id"]


def test_it_is_switched_off_and_on_and_told_so_when_it_is_already(cli, greeting):
    assert cli("automation", "pause", "greet").out == "Switched the automation greet off.\n"
    assert cli("automation", "pause", "greet").out == "The automation greet is switched off already.\n"
    assert cli("automation", "inspect", "greet").out.startswith("Automation greet  switched off\n")
    assert cli("automation", "resume", greeting["id"]).out == "Switched the automation greet on.\n"
    assert cli("automation", "resume", "greet", "--json").document["enabled"] is True


def test_it_is_renamed_and_all_else_stays(cli, greeting):
    assert cli("automation", "update", "greet", "--rename", "hello", "-d", "Says it.").code == 0

    after = cli("automation", "inspect", "hello", "--json").document
    assert (after["name"], after["description"]) == ("hello", "Says it.")
    assert {key: after[key] for key in ("id", "trigger", "actions")} == {
        key: greeting[key] for key in ("id", "trigger", "actions")
    }


def test_it_is_replaced_by_what_a_file_says(cli, greeting, tmp_path):
    (tmp_path / "new.json").write_text(json.dumps(AUTOMATION | {"name": "greet", "tests": []}))

    assert cli("automation", "update", "greet", "--from-file", "new.json").code == 0

    assert cli("automation", "inspect", "greet", "--json").document["actions"][0]["parameters"] == {"name": "x"}


def test_it_is_removed_only_after_a_yes(cli, greeting, person, alone):
    assert "Give --yes if that is meant." in cli("automation", "delete", "greet").err
    person("n\n")
    assert cli("automation", "delete", "greet").code == 1
    assert len(cli("automation", "ls", "--json").document) == 1

    assert cli("automation", "delete", "greet", "--yes").out == f"Removed the automation greet ({greeting['id']}).\n"
    assert "There is no automation greet." in cli("automation", "delete", "greet", "--yes").err


def test_of_two_with_one_name_the_id_is_asked_for(cli, greeting):
    cli("automation", "create", "--on", "x", "--run", "main", "--name", "greet")

    told = cli("automation", "pause", "greet")

    assert told.code == 2
    assert "greet may mean 2 automations." in told.err
    assert greeting["id"] in told.err


def test_the_closest_name_is_proposed(cli, greeting):
    told = cli("automation", "inspect", "gret")

    assert told.code == 1
    assert "Did you mean greet?" in told.err


def test_they_are_listed_by_tag(cli, greeting):
    cli("automation", "update", "greet", "--tag", "prod")

    assert len(cli("automation", "ls", "--tag", "prod", "--json").document) == 1
    assert cli("automation", "ls", "--tag", "dev").out == "No automation has the tag dev.\n"
