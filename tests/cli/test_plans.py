"""`whenflow automation plan` and `apply`, against the product's own API."""

import json

import pytest
from tests.stories import order_document

from whenflow.automations.plan import Step
from whenflow.cli import plans

GREET = """
project: welcome
automations:
  - key: greet
    name: greet new users
    trigger:
      expect: [user.signed-up]
      posture: Reactive
      threshold: 2
      within: 60
    actions:
      - type: run-deployment
        deployment: new_user_flow/main
        parameters: {name: "{{ event.payload.name }}"}
"""
SILENCE = """
  - name: silence
    trigger: {posture: Proactive, expect: [ping], within: PT5M}
    actions: [{type: do-nothing}]
"""


@pytest.fixture(autouse=True)
def _deployed(product):
    product.deployment(name="main", flow_name="new_user_flow")


@pytest.fixture
def files(tmp_path):
    """Return a function that writes automations.yaml."""

    def write(text: str, name: str = "automations.yaml") -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    return write


def names(cli):
    return sorted(one["name"] for one in cli("automation", "ls", "--json").document)


def test_a_plan_shows_each_field_and_changes_nothing(cli, files):
    files(GREET + SILENCE)

    told = cli("automation", "plan", "automations.yaml")

    assert told.code == 0, told.err
    assert "+ automation greet new users  (key greet)\n" in told.out
    assert '    trigger.expect: ["user.signed-up"]\n' in told.out
    assert "    trigger.threshold: 2\n" in told.out
    assert '    actions.0.deployment: "new_user_flow/main"\n' in told.out
    assert told.out.endswith("2 to add.\n")
    assert names(cli) == []


def test_what_is_applied_twice_is_there_once(cli, files, product):
    files(GREET + SILENCE)

    assert "Done: 2 changes." in cli("automation", "apply", "automations.yaml", "--yes").out
    before = cli("automation", "ls", "--json").document
    product.clock.advance(1)
    again = cli("automation", "apply", "automations.yaml", "--yes")

    assert again.code == 0
    assert again.out == "There is nothing to do: 2 the same.\n"
    assert cli("automation", "ls", "--json").document == before
    assert len(before) == 2


def test_a_changed_field_is_told_with_both_values_and_the_trigger_keeps_its_id(cli, files):
    files(GREET)
    cli("automation", "apply", "automations.yaml", "--yes")
    (before,) = cli("automation", "ls", "--json").document
    files(GREET.replace("event.payload.name", "event.payload.userid").replace("greet new users", "greet all"))

    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert "~ automation greet all  (key greet)" in told.out
    assert 'name: "greet new users" → "greet all"' in told.out
    assert "actions.0.parameters.name:" in told.out
    (after,) = cli("automation", "ls", "--json").document
    assert after["id"] == before["id"]
    assert after["trigger"]["id"] == before["trigger"]["id"]


def test_an_automation_made_by_hand_is_taken_over_by_its_name(cli, files):
    cli("automation", "create", "--name", "silence", "--on", "ping", "--run", "new_user_flow/main")
    files("automations:" + SILENCE)

    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert 'trigger.posture: "Reactive" → "Proactive"' in told.out
    assert names(cli) == ["silence"]


def test_what_is_in_no_file_any_more_goes_only_if_asked_and_only_of_this_project(cli, files):
    cli("automation", "create", "--name", "by hand", "--on", "ping", "--run", "new_user_flow/main")
    files("project: other\nautomations:" + SILENCE, "other.yaml")
    cli("automation", "apply", "other.yaml", "--yes")
    files(GREET + SILENCE.replace("silence", "old"))
    cli("automation", "apply", "automations.yaml", "--yes")
    files(GREET)

    assert "nothing to do" in cli("automation", "plan", "automations.yaml").out
    told = cli("automation", "apply", "automations.yaml", "--yes", "--prune")

    assert "- automation old" in told.out
    assert names(cli) == ["by hand", "greet new users", "silence"]


def test_one_that_was_paused_stays_paused_unless_the_file_says_otherwise(cli, files):
    files(GREET)
    cli("automation", "apply", "automations.yaml", "--yes")
    cli("automation", "pause", "greet new users")

    assert "nothing to do" in cli("automation", "plan", "automations.yaml").out
    files(GREET.replace("  - key: greet", "  - key: greet\n    enabled: true"))
    assert "enabled: false → true" in cli("automation", "plan", "automations.yaml").out


def test_variables_are_made_and_changed_and_never_removed(cli, files):
    files("variables: {greeting: hello, limits: {a: 1}}" + GREET)
    cli("automation", "apply", "automations.yaml", "--yes")
    files("variables: {limits: {a: 2}}" + GREET)

    told = cli("automation", "apply", "automations.yaml", "--yes", "--prune")

    assert "~ variable limits\n    value.a: 1 → 2\n" in told.out
    assert cli("variable", "get", "greeting").out == "hello\n"
    assert cli("variable", "get", "limits", "--json").document == {"a": 2}


def test_a_directory_is_read_as_a_whole(cli, files):
    files(GREET, "team/a.yaml")
    files("automations:" + SILENCE, "team/deep/b.yml")
    files("services: {web: {image: nginx}}", "team/compose.yaml")

    told = cli("automation", "plan", "team")

    assert told.out.endswith("2 to add.\n")
    assert "Left out, for they hold no automations: team/compose.yaml" in told.err


def test_all_that_is_wrong_is_told_at_once(cli, files):
    files(
        GREET.replace("threshold: 2", "treshold: 2").replace("new_user_flow/main", "new_usr_flow/main"), "team/a.yaml"
    )
    files("automations:\n  - {name: x, trigger: {expect: [a]}, actions: []}", "team/b.yaml")
    files("a: [", "team/c.yaml")

    told = cli("automation", "apply", "team", "--yes")

    assert told.code == 1
    assert "3 things in team cannot be taken:" in told.err
    assert "There is no deployment new_usr_flow/main." in told.err
    assert "trigger.posture: Field required" in told.err
    assert "team/c.yaml" in told.err
    assert names(cli) == []


def test_a_misspelt_field_is_refused_although_the_api_would_not_look_at_it(cli, files):
    files(GREET.replace("threshold: 2", "treshold: 2"))

    told = cli("automation", "plan", "automations.yaml")

    assert told.code == 1
    assert "trigger.treshold: there is no such field" in told.err


def test_two_of_one_key_are_refused(cli, files):
    files(GREET + SILENCE.replace("name: silence", "name: silence\n    key: greet"))

    told = cli("automation", "plan", "automations.yaml")

    assert told.code == 1
    assert "2 automations have the key or name 'greet'" in told.err


def test_nothing_is_done_without_a_yes(cli, files, person, alone):
    files(GREET)

    assert cli("automation", "apply", "automations.yaml").code == 2
    person("n\n")
    told = cli("automation", "apply", "automations.yaml")

    assert told.code == 1
    assert "Nothing was changed." in told.err
    assert names(cli) == []


def test_it_asks_and_does_what_was_shown(cli, files, person):
    files(GREET)
    person("y\n")

    assert "Done: 1 change." in cli("automation", "apply", "automations.yaml").out
    assert names(cli) == ["greet new users"]


def test_what_somebody_else_changes_while_it_asks_is_not_overwritten(cli, files, product, monkeypatch):
    files(GREET)
    cli("automation", "apply", "automations.yaml", "--yes")
    files(GREET.replace("threshold: 2", "threshold: 3"))

    def meanwhile(_question: str, _yes: bool) -> None:
        product.clock.advance(1)
        cli("automation", "update", "greet new users", "--description", "mine")

    monkeypatch.setattr("whenflow.cli.carrying_out.confirm", meanwhile)
    told = cli("automation", "apply", "automations.yaml")

    assert told.code == 1
    assert "Meanwhile somebody changed something; nothing was done." in told.err
    (one,) = cli("automation", "ls", "--json").document
    assert (one["description"], one["trigger"]["threshold"]) == ("mine", 2)


def test_one_that_is_refused_keeps_no_other_from_being_done_and_all_is_told(cli, files):
    loop = """
  - name: loop
    trigger: {posture: Reactive, expect: [prefect.flow-run.Running]}
    actions: [{type: run-deployment, source: inferred}]
"""
    files(f"variables: {{huge: {'x' * 9_000}, greeting: hello}}" + GREET + SILENCE)

    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert told.code == 1
    assert "1 of 4 were not done." in told.err
    assert "NOT done: add variable huge: The API refused it:" in told.err
    assert "done: add automation silence" in told.err
    assert names(cli) == ["greet new users", "silence"]
    files("variables: {'no good': 1}" + GREET + loop)
    assert "variables.no good: a name has" in cli("automation", "plan", "automations.yaml").err
    assert "would start run after run" in cli("automation", "plan", "automations.yaml").err


def test_a_pipeline_learns_whether_there_is_something_to_do(cli, files):
    files(GREET)
    assert cli("automation", "plan", "automations.yaml", "--check").code == 3
    cli("automation", "apply", "automations.yaml", "--yes")

    assert cli("automation", "plan", "automations.yaml", "--check").code == 0


def test_a_plan_as_json_has_each_field_with_both_values(cli, files):
    files(GREET)
    cli("automation", "apply", "automations.yaml", "--yes", "--json")
    files(GREET.replace("threshold: 2", "threshold: 3"))

    plan = cli("automation", "plan", "automations.yaml", "--json").document
    done = cli("automation", "apply", "automations.yaml", "--yes", "--json").document

    assert plan["summary"] == {"add": 0, "change": 1, "remove": 0, "same": 0}
    assert plan["changes"][0]["fields"] == [{"path": "trigger.threshold", "before": 2, "after": 3}]
    assert done["changes"][0]["outcome"] == "done"


def test_what_somebody_changes_between_plan_and_deed_is_not_overwritten(cli, files, product, monkeypatch):
    files(GREET)
    cli("automation", "apply", "automations.yaml", "--yes")
    files(GREET.replace("threshold: 2", "threshold: 3") + SILENCE)
    answer = product._api
    changed: list[bool] = []

    def meanwhile(event, context):
        if event["requestContext"]["http"]["method"] == "GET" and not changed:
            changed.append(True)
            product.clock.advance(1)
            cli("automation", "update", "greet new users", "--description", "mine")
        return answer(event, context)

    monkeypatch.setattr(product, "_api", meanwhile)
    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert told.code == 1
    assert "NOT done: change automation greet new users: Somebody changed it after the plan was made" in told.err
    assert 'description: "" → "mine"' in told.err
    assert "done: add automation silence" in told.err
    assert cli("automation", "inspect", "greet new users", "--json").document["description"] == "mine"


def test_what_somebody_changes_right_before_the_deed_is_not_overwritten_either(cli, files, product, monkeypatch):
    files(GREET + "variables: {greeting: hello}")
    cli("automation", "apply", "automations.yaml", "--yes")
    files(GREET.replace("threshold: 2", "threshold: 3") + "variables: {greeting: bye}")
    answer = product._api
    changed: list[str] = []

    def meanwhile(event, context):
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        if method in {"PUT", "PATCH"} and path not in changed and len(changed) < 2:
            changed.append(path)
            product.clock.advance(1)
            if "variables" in path:
                cli("variable", "set", "greeting", "theirs", "--overwrite")
            else:
                cli("automation", "pause", "greet new users")
        return answer(event, context)

    monkeypatch.setattr(product, "_api", meanwhile)
    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert told.code == 1
    assert told.err.count("after you read it; nothing is done. Read it again") == 2
    (one,) = cli("automation", "ls", "--json").document
    assert (one["enabled"], one["trigger"]["threshold"]) == (False, 2)


def test_an_api_that_fails_on_the_way_ends_it_and_the_next_time_does_the_rest(cli, files, product, monkeypatch):
    files(GREET + SILENCE)
    answer = product._api

    def failing(event, context):
        is_creation = event["rawPath"] == "/api/automations/" and event["requestContext"]["http"]["method"] == "POST"
        return {"statusCode": 500, "body": "{}"} if is_creation else answer(event, context)

    monkeypatch.setattr(product, "_api", failing)
    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert told.code == 1
    assert "2 of 2 were not done." in told.err
    assert "NOT done: add automation silence: not tried" in told.err
    monkeypatch.setattr(product, "_api", answer)
    assert "Done: 2 changes." in cli("automation", "apply", "automations.yaml", "--yes").out


def test_an_answer_that_got_lost_makes_no_second_automation(cli, files, product, monkeypatch):
    files(GREET)
    answer = product._api
    lost: list[bool] = []

    def losing(event, context):
        said = answer(event, context)
        if event["rawPath"] == "/api/automations/" and not lost:
            lost.append(True)
            return {"statusCode": 504, "body": "{}"}
        return said

    monkeypatch.setattr(product, "_api", losing)
    assert cli("automation", "apply", "automations.yaml", "--yes").code == 1

    assert "nothing to do" in cli("automation", "apply", "automations.yaml", "--yes").out
    assert names(cli) == ["greet new users"]


def test_stopped_on_the_way_it_tells_how_far_it_got(cli, files, monkeypatch):
    files(GREET + SILENCE)
    do_step = plans.do_step
    done: list[Step] = []

    def stopped(api, step):
        if done:
            raise KeyboardInterrupt
        done.append(step)
        do_step(api, step)

    monkeypatch.setattr(plans, "do_step", stopped)
    told = cli("automation", "apply", "automations.yaml", "--yes")

    assert told.code == 130
    assert "done: add automation greet new users" in told.err
    assert "NOT done: add automation silence" in told.err


def test_the_same_file_is_tested_and_previewed_and_created_from(cli, files, product):
    test = """
    tests:
      - name: two sign-ups
        given: [{event: user.signed-up, resource: u}, {event: user.signed-up, resource: u}]
        expect: [{event: 2}]
"""
    files("variables: {greeting: hello}" + GREET.rstrip() + test)

    assert cli("automation", "test", "automations.yaml").out.endswith("1 passed, 0 failed\n")
    assert cli("automation", "plan", "automations.yaml").out.endswith("2 to add.\n")
    refused = cli("automation", "create", "-f", "automations.yaml")
    assert refused.code == 2
    assert "holds more than automations: variables." in refused.err
    files(GREET.rstrip() + test)
    files(json.dumps(order_document(payload={"name": "Ann"})), "event.json")
    assert cli("automation", "preview", "-a", "automations.yaml", "--event-file", "event.json").code == 0
    assert cli("automation", "create", "-f", "automations.yaml").code == 0
