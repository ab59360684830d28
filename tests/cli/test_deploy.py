"""`whenflow deploy`, against the product's own API."""

import pytest

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:flows:live"
FILE = f"""
deployments:
  - name: main
    flow_name: new_user_flow
    description: Greets.
    work_pool: {{name: lambda, job_variables: {{function_arn: "{ARN}"}}}}
    parameters: {{name: nobody}}
    schedules:
      - {{cron: "0 6 * * *", timezone: Europe/Berlin, slug: daily}}
    triggers:
      - expect: [user.signed-up]
        match: {{prefect.resource.id: user.*}}
        parameters: {{name: "{{{{ event.payload.name }}}}"}}
      - name: silence
        posture: Proactive
        expect: [ping]
        within: 300
        schedule_after: 5
"""


@pytest.fixture
def deploy(cli, product, tmp_path):
    """Return a function that writes whenflow.yaml and deploys it, without being asked."""

    def run(text: str, *words: str):
        (tmp_path / "whenflow.yaml").write_text(text)
        product.clock.advance(1)
        return cli("deploy", *words, *(() if "--dry-run" in words else ("--yes",)))

    return run


def automations(cli):
    return {one["name"]: one for one in cli("automation", "ls", "--json").document}


def test_a_file_makes_deployments_with_schedules_and_triggers(cli, deploy):
    told = deploy(FILE)

    assert told.code == 0, told.err
    assert "+ deployment new_user_flow/main\n" in told.out
    assert "+ automation main__automation_1\n" in told.out
    assert told.out.endswith("Done: 3 changes.\n")
    made = cli("deployment", "inspect", "main", "--json").document
    assert made["job_variables"] == {"function_arn": ARN}
    assert made["schedules"][0]["schedule"]["cron"] == "0 6 * * *"
    first, second = automations(cli)["main__automation_1"], automations(cli)["silence"]
    assert first["owner_resource"] == f"prefect.deployment.{made['id']}"
    assert first["actions"][0]["deployment_id"] == made["id"]
    assert first["trigger"]["posture"] == "Reactive"
    assert (second["trigger"]["within"], second["actions"][0]["schedule_after"]) == (300, 5)


def test_D13_deployed_twice_there_is_one_set_of_everything_and_nothing_to_do(cli, deploy):
    deploy(FILE)
    before = automations(cli), cli("deployment", "inspect", "main", "--json").document

    again = deploy(FILE)

    assert again.out == "There is nothing to do: 3 the same.\n"
    assert (automations(cli), cli("deployment", "inspect", "main", "--json").document) == before


def test_what_changes_is_changed_and_a_trigger_that_stays_keeps_its_id(cli, deploy):
    deploy(FILE)
    before = automations(cli)

    told = deploy(FILE.replace("Greets.", "Says hello.").replace("within: 300", "within: 600"))

    assert 'description: "Greets." → "Says hello."' in told.out
    assert "trigger.within: 300 → 600" in told.out
    after = automations(cli)
    assert after["main__automation_1"] == before["main__automation_1"]
    assert after["silence"]["id"] == before["silence"]["id"]


def test_a_trigger_that_the_file_says_no_more_goes_and_others_stay(cli, deploy):
    deploy(FILE)
    cli("automation", "create", "--on", "x", "--run", "main", "--name", "by hand")

    told = deploy(FILE.partition("      - name: silence")[0])

    assert "- automation silence" in told.out
    assert set(automations(cli)) == {"main__automation_1", "by hand"}


def test_where_the_file_is_silent_on_triggers_and_schedules_they_stay(cli, deploy):
    deploy(FILE)

    told = deploy(FILE.partition("    schedules:")[0])

    assert told.out == "There is nothing to do: 1 the same.\n"
    assert len(automations(cli)) == 2
    assert len(cli("deployment", "schedule", "ls", "main", "--json").document) == 1


def test_a_dry_run_changes_nothing(cli, deploy):
    told = deploy(FILE, "--dry-run")

    assert told.out.endswith("3 to add.\n")
    assert '"new_user_flow/main"' in told.out
    assert cli("deployment", "ls", "--json").document == []


def test_one_of_several_is_chosen_by_name(cli, deploy):
    two = FILE + "  - {name: other, flow_name: f, work_pool_name: lambda, job_variables: {function_arn: a}}\n"

    assert "There" not in deploy(two, "whenflow.yaml", "--only", "other").out
    assert [one["name"] for one in cli("deployment", "ls", "--json").document] == ["other"]
    unknown = deploy(two, "whenflow.yaml", "--only", "third")
    assert unknown.code == 1
    assert "It holds new_user_flow/main, f/other." in unknown.err


def test_all_that_is_wrong_is_told_before_anything_is_sent(cli, deploy):
    bad = FILE.replace("expect: [ping]", "expct: [ping]") + "  - {name: other, descrption: x}\n"

    told = deploy(bad)

    assert told.code == 1
    assert "deployment main: expct: Extra inputs are not permitted" in told.err
    assert "deployment other: descrption: there is no such field" in told.err
    assert cli("deployment", "ls", "--json").document == []


def test_one_that_is_refused_keeps_no_other_from_being_made(cli, deploy):
    two = "deployments:\n  - {name: bad, flow_name: f, work_pool_name: nowhere}\n" + FILE.partition("deployments:\n")[2]

    told = deploy(two)

    assert told.code == 1
    assert "NOT done: add deployment f/bad" in told.err
    assert "done: add deployment new_user_flow/main" in told.err
    assert [one["name"] for one in cli("deployment", "ls", "--json").document] == ["main"]


@pytest.mark.parametrize("text", ["", "deployments: []", "deployments: {}", "- 1"])
def test_a_file_without_deployments_is_told_so(deploy, text):
    assert deploy(text).code == 1


def test_an_entrypoint_gives_the_flow_its_name_and_the_schema_of_its_parameters(cli, deploy, tmp_path):
    code = "from whenflow import flow\n\n\n@flow(description='Counts.')\ndef counting(to: int) -> None: ...\n"
    (tmp_path / "flows.py").write_text(code)

    pool = "work_pool_name: lambda, job_variables: {function_arn: a}"
    text = f"deployments:\n  - {{name: d, entrypoint: 'flows.py:counting', {pool}}}"
    told = deploy(text)

    assert told.code == 0, told.err
    made = cli("deployment", "inspect", "counting/d", "--json").document
    assert made["description"] == "Counts."
    assert made["parameter_openapi_schema"]["properties"]["to"]["type"] == "integer"
    assert deploy(text).out == "There is nothing to do: 1 the same.\n"


def test_a_trigger_that_was_paused_stays_paused_whatever_else_changes(cli, deploy):
    deploy(FILE)
    cli("automation", "pause", "silence")

    deploy(FILE.replace("user.signed-up", "user.came"))

    assert automations(cli)["silence"]["enabled"] is False
    assert automations(cli)["main__automation_1"]["trigger"]["expect"] == ["user.came"]


def test_a_deployment_that_somebody_changes_meanwhile_is_not_overwritten_and_what_changed_is_told(
    cli, deploy, product, monkeypatch
):
    deploy(FILE)
    answer = product._api
    changed: list[bool] = []

    def meanwhile(event, context):
        found = answer(event, context)
        if event["rawPath"].endswith("/automations/filter") or changed:
            return found
        if event["rawPath"].endswith("/deployments/filter"):
            changed.append(True)
            product.clock.advance(1)
            cli("deployment", "pause", "main")
        return found

    monkeypatch.setattr(product, "_api", meanwhile)
    told = deploy(FILE.replace("Greets.", "Says hello."))

    assert told.code == 1
    assert "NOT done: change deployment new_user_flow/main: Somebody changed it after the plan was made" in told.err
    assert "paused: false → true" in told.err
    assert cli("deployment", "inspect", "main", "--json").document["description"] == "Greets."
    assert deploy(FILE.replace("Greets.", "Says hello.")).code == 0
