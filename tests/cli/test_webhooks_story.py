"""The life of a webhook, told with the command alone, against the product's own API over HTTP."""

import hashlib
import hmac
import json

import pytest
from tests.cli.hooks import OTHER, TEMPLATE, names, post

from whenflow.webhooks.presets import PRESETS


def test_a_webhook_is_found_by_its_name_and_by_its_id_and_keeps_its_secrets(cli, hook):
    by_name, by_id = cli("webhook", "inspect", "signups"), cli("webhook", "inspect", hook["id"])

    assert by_name.out == by_id.out
    assert by_name.out.startswith("Webhook signups\n")
    assert '  "event": "customer.signed-up",' in by_name.out
    assert hook["slug"] not in by_name.out + cli("webhook", "inspect", "signups", "--json").out


def test_an_unknown_webhook_is_said_to_be_so_with_the_name_that_was_meant(cli, hook):
    outcome = cli("webhook", "inspect", "signup")

    assert outcome.code == 1
    assert outcome.err.splitlines()[0] == "Error: There is no webhook signup."
    assert "Did you mean signups?" in outcome.err
    assert "There is no webhook 01a1fa01" in cli("webhook", "inspect", "01a1fa01-3153-758d-b42c-3c4e2e77ea89").err


def test_of_two_with_one_name_the_id_is_asked_for(cli, hook):
    other = cli("webhook", "create", "others", "--template", TEMPLATE, "--json").document
    cli("webhook", "update", "others", "--name", "signups")

    outcome = cli("webhook", "toggle", "signups")

    assert outcome.code == 2
    assert hook["id"] in outcome.err and other["id"] in outcome.err
    assert cli("webhook", "toggle", other["id"]).code == 0


def test_made_a_second_time_it_is_said_to_be_there_and_stays_as_it_is(cli, product, hook):
    outcome = cli("webhook", "create", "signups", "--template", OTHER)

    assert outcome.code == 1
    assert f"There is a webhook signups already ({hook['id']})." in outcome.err
    assert "whenflow webhook update signups" in outcome.err
    assert len(product.config.all("webhook")) == 1


def test_what_is_updated_changes_and_all_else_stays(cli, product, hook):
    before = cli("webhook", "inspect", "signups", "--json").document

    assert cli("webhook", "update", "signups", "--template", OTHER, "--name", "returns", "--log-requests").code == 0

    after = cli("webhook", "inspect", "returns", "--json").document
    changed = {key for key in after if after[key] != before[key]}
    assert changed - {"updated"} == {"template", "name", "log_requests"}
    assert post(hook["url"]) == 204
    assert names(product) == ["customer.came-back"]


def test_an_update_of_nothing_says_what_can_be_updated(cli, hook):
    outcome = cli("webhook", "update", "signups")

    assert outcome.code == 2
    assert "Nothing is to change." in outcome.err


def test_a_webhook_is_switched_off_and_on_again(cli, hook):
    assert "signups is off" in cli("webhook", "toggle", "signups").out
    assert post(hook["url"]) == 404
    assert cli("webhook", "toggle", "signups", "--off", "--json").document["enabled"] is False
    assert "signups is on" in cli("webhook", "toggle", "signups", "--on").out
    assert post(hook["url"]) == 204


def test_a_rotated_url_is_shown_once_and_the_old_one_is_gone(cli, hook):
    out = cli("webhook", "rotate", "signups", "--yes").out

    url = next(line.strip() for line in out.splitlines() if line.startswith("  http"))
    assert post(hook["url"]) == 404
    assert post(url) == 204
    assert "not shown again" in " ".join(out.split())


@pytest.mark.parametrize("command", ["delete", "rotate"])
def test_what_cannot_be_undone_is_asked_for_first(cli, hook, person, command):
    person("no\n")

    outcome = cli("webhook", command, "signups")

    assert outcome.code == 1
    assert "Nothing was changed." in outcome.err
    assert post(hook["url"]) == 204


@pytest.mark.parametrize("command", ["delete", "rotate"])
def test_where_nobody_can_be_asked_yes_must_be_given(cli, hook, alone, command):
    outcome = cli("webhook", command, "signups")

    assert outcome.code == 2
    assert "Give --yes" in outcome.err
    assert post(hook["url"]) == 204


def test_a_webhook_is_removed_after_a_yes_and_a_second_time_is_told_that_it_is_not_there(cli, product, hook, person):
    person("yes\n")

    assert "Removed the webhook signups" in cli("webhook", "delete", "signups").out
    assert post(hook["url"]) == 404
    assert cli("webhook", "delete", "signups", "--yes").code == 1
    assert product.secrets.kept == {}


def test_a_secret_that_whenflow_makes_is_shown_once_and_lets_the_caller_in(cli, hook):
    out = cli("webhook", "create", "safe", "--template", TEMPLATE, "--auth", "bearer").out

    url, secret = (line.strip() for line in out.splitlines() if line.startswith(("  http", "  secret: ")))
    secret = secret.removeprefix("secret: ")
    assert '-H "authorization: Bearer $SECRET"' in out
    assert post(url) == 401
    assert post(url, headers={"authorization": f"Bearer {secret}"}) == 204
    assert secret not in cli("webhook", "inspect", "safe", "--json").out + cli("webhook", "ls", "--json").out


@pytest.mark.parametrize("way", ["file", "stdin", "environment", "question"])
def test_a_secret_is_taken_from_where_nobody_else_sees_it(cli, product, tmp_path, monkeypatch, person, way):
    (tmp_path / "secret.txt").write_text("a-secret-of-mine\n")
    monkeypatch.setenv("MINE", "a-secret-of-mine")
    person("a-secret-of-mine\n")
    given = {"file": "@secret.txt", "stdin": "@-", "environment": "env:MINE", "question": "ask"}[way]

    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--secret", given, "--json").document

    assert "secret" not in made
    assert post(made["url"], headers={"authorization": "Bearer a-secret-of-mine"}) == 204


def test_a_secret_on_the_command_line_is_refused_with_better_ways(cli, product):
    outcome = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--secret", "a-secret-of-mine")

    assert outcome.code == 2
    assert "a-secret-of-mine" not in outcome.err
    assert "env:NAME" in outcome.err
    assert cli("webhook", "ls", "--json").document == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--secret", "env:NOT_SET"], "the environment variable NOT_SET is not set"),
        (["--secret", "@missing.txt"], "Cannot read the file missing.txt"),
        (["--secret", "@empty.txt"], "the secret is empty"),
        (["--secret", "ask"], "There is no terminal to ask"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_clear_error(cli, product, tmp_path, alone, words, said):
    (tmp_path / "empty.txt").write_text("\n")

    outcome = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", *words)

    assert outcome.code == 2
    assert said in outcome.err


def test_a_reference_to_a_secret_of_ones_own_is_kept_as_it_is(cli, product):
    product.secrets.kept["ssm:/mine/token"] = "a-secret-of-mine"

    made = cli(
        "webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--secret", "ssm:/mine/token", "--json"
    ).document

    assert made["secrets"]["current"] == "ssm:/mine/token"
    assert post(made["url"], headers={"authorization": "Bearer a-secret-of-mine"}) == 204


def test_basic_auth_has_a_name(cli, product):
    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "basic", "--username", "shop", "--json").document
    out = cli("webhook", "create", "v", "-t", TEMPLATE, "--auth", "basic", "--username", "shop").out

    assert made["auth"]["username"] == "shop"
    assert "-u shop:$SECRET" in out


def test_an_hmac_of_ones_own_making_is_given_as_an_object(cli, product):
    auth = json.dumps({"type": "hmac", "header": "x-signature", "encoding": "hex"})
    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", auth, "--json").document
    signature = hmac.new(made["secret"].encode(), b'{"userid": "u-17"}', hashlib.sha256).hexdigest()

    assert post(made["url"], headers={"x-signature": signature}) == 204
    assert "header x-signature" in cli("webhook", "inspect", "w").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--auth", "githup"], "There is no auth 'githup'. Did you mean github?"),
        (["--auth", '{"type": "hmac", "secret": "s"}'], "--auth holds a secret"),
        (["--auth", '{"type": "hmac"}'], "auth.header: Field required"),
        (["--username", "me"], "--username goes with --auth basic"),
        (["--secret", "ask"], "--secret has no use where nothing is checked"),
        (["--max-body-bytes", "99999999"], "max_body_bytes"),
        (["--preset", "gitlab"], "Invalid value"),
    ],
)
def test_what_cannot_be_is_told_by_field(cli, product, words, said):
    outcome = cli("webhook", "create", "w", "-t", TEMPLATE, *words)

    assert outcome.code in (1, 2)
    assert said in outcome.text
    assert "Traceback" not in outcome.err
    assert product.config.all("webhook") == []


def test_a_new_secret_leaves_the_old_one_good_for_a_while(cli, product):
    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--json").document

    out = cli("webhook", "rotate-secret", "w", "--grace", "2h").out

    new = next(line for line in out.splitlines() if line.startswith("  secret: ")).removeprefix("  secret: ")
    assert "is accepted for another 2 hours" in out
    assert "the secret before is accepted until" in cli("webhook", "inspect", "w").out
    for secret in (new, made["secret"]):
        assert post(made["url"], headers={"authorization": f"Bearer {secret}"}) == 204
    product.clock.advance(7_199)
    assert post(made["url"], headers={"authorization": f"Bearer {made['secret']}"}) == 204
    product.clock.advance(2)
    assert post(made["url"], headers={"authorization": f"Bearer {made['secret']}"}) == 401
    assert post(made["url"], headers={"authorization": f"Bearer {new}"}) == 204


def test_without_grace_the_old_secret_is_refused_at_once(cli, product):
    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--json").document

    assert "the one before is not any longer" in cli("webhook", "rotate-secret", "w", "--grace", "0s").out

    assert post(made["url"], headers={"authorization": f"Bearer {made['secret']}"}) == 401


def test_a_webhook_without_a_secret_has_none_to_rotate(cli, hook):
    outcome = cli("webhook", "rotate-secret", "signups")

    assert outcome.code == 2
    assert "has no secret" in outcome.err


def test_the_presets_are_listed_without_a_server(cli):
    lines = cli("webhook", "presets").out.splitlines()

    assert [line.split()[0] for line in lines[1:8]] == list(PRESETS)
    assert [preset["name"] for preset in cli("webhook", "presets", "--json").document] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_webhook(cli, product, monkeypatch, name):
    monkeypatch.setenv("THEIRS", "a-secret-of-theirs")
    secret = ["--secret", "env:THEIRS"] if name in ("slack", "shopify") else []

    made = cli("webhook", "create", name, "--preset", name, *secret, "--json").document

    assert made["auth"]["type"] == PRESETS[name].auth["type"]
    assert made["template"] == PRESETS[name].template


def test_slack_s_secret_is_asked_for_as_only_slack_has_it(cli, product, person, alone):
    refused = cli("webhook", "create", "slack", "--preset", "slack")
    person("a-secret-of-slack\n")

    assert refused.code == 2
    assert "signing secret, from the app's page Basic Information" in refused.err
    assert cli("webhook", "create", "slack", "--preset", "slack").code == 0
    assert list(product.secrets.kept.values()) == ["a-secret-of-slack"]


def test_stripe_s_secret_comes_later_and_until_then_nobody_is_let_in(cli, product, monkeypatch):
    out = cli("webhook", "create", "stripe", "--preset", "stripe").out
    url = next(line.strip() for line in out.splitlines() if line.startswith("  http"))
    (command,) = [line.split() for line in out.splitlines() if "rotate-secret" in line]
    monkeypatch.setenv("THEIRS", "whsec_of-stripe")

    assert post(url) == 401
    assert cli(*command[1:4], "--secret", "env:THEIRS", "--grace", "0s").code == 0

    time = str(int(product.clock.now().timestamp()))
    body = {"id": "evt_1", "type": "charge.failed", "data": {"object": {"id": "ch_1", "object": "charge"}}}
    signed = f"{time}.{json.dumps(body)}".encode()
    signature = hmac.new(b"whsec_of-stripe", signed, hashlib.sha256).hexdigest()
    assert post(url, body, {"stripe-signature": f"t={time},v1={signature}"}) == 204


def test_a_preset_gives_way_to_what_is_said_besides(cli, product):
    made = cli("webhook", "create", "k", "--preset", "kafka", "-t", TEMPLATE, "--auth", "none", "--json").document

    assert made["template"] == TEMPLATE
    assert made["auth"] == {"type": "none"}
    assert made["delivery_id"] == PRESETS["kafka"].delivery_id


def test_updating_the_template_of_a_webhook_with_a_secret_leaves_the_secret(cli, product):
    made = cli("webhook", "create", "w", "-t", TEMPLATE, "--auth", "bearer", "--json").document

    assert cli("webhook", "update", "w", "-t", OTHER, "--auth", "bearer").code == 0

    assert post(made["url"], headers={"authorization": f"Bearer {made['secret']}"}) == 204


def test_a_preset_taken_again_does_not_ask_again_for_the_secret(cli, product, monkeypatch, alone):
    monkeypatch.setenv("THEIRS", "a-secret-of-slack")
    cli("webhook", "create", "slack", "--preset", "slack", "--secret", "env:THEIRS")

    assert cli("webhook", "update", "slack", "--preset", "slack", "-d", "for the team").code == 0
    assert list(product.secrets.kept.values()) == ["a-secret-of-slack"]


def test_another_auth_gets_another_secret_which_is_shown(cli, product, hook):
    out = cli("webhook", "update", "signups", "--auth", "bearer").out

    secret = next(line for line in out.splitlines() if line.startswith("  secret: ")).removeprefix("  secret: ")
    assert post(hook["url"]) == 401
    assert post(hook["url"], headers={"authorization": f"Bearer {secret}"}) == 204


def test_without_a_template_there_is_a_hint_at_the_presets(cli, product):
    outcome = cli("webhook", "create", "w")

    assert outcome.code == 2
    assert "--preset github" in outcome.err


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ('"{{ body }}"', {"userid": 17}),
        ("{{ body | tojson }}", {"userid": 17}),
        ('{"id": "{{ body.userid }}"}', {"id": "17"}),
    ],
)
def test_a_payload_of_one_expression_is_the_value_whether_quoted_or_not(cli, product, payload, kept):
    template = f'{{"payload": {payload}, "event": "x", "resource": {{"prefect.resource.id": "{{{{ body.userid }}}}"}}}}'
    if payload.startswith('"'):
        template = template.replace("{{ body.userid }}", "u-{{ body.userid }}")

    url = cli("webhook", "create", "w", "-t", template, "--json").document["url"]

    assert post(url, {"userid": 17}) == 204
    (event,) = product.events.stored.values()
    assert event.payload == kept


def test_a_template_in_yaml_is_the_event_itself(cli, product, tmp_path):
    (tmp_path / "t.yaml").write_text(
        'event: customer.signed-up\nresource:\n  prefect.resource.id: "customer.{{ body.userid }}"\n'
        'payload: "{{ body }}"\n'
    )

    made = cli("webhook", "create", "w", "-t", "@t.yaml", "--json").document

    assert post(made["url"], {"userid": 17}) == 204
    (event,) = product.events.stored.values()
    assert (event.resource_id, event.payload) == ("customer.17", {"userid": 17})
    assert 'payload": "{{ body }}"' in cli("webhook", "inspect", "w").out


def test_the_commands_that_change_something_say_as_json_what_they_did(cli, product, hook):
    assert cli("webhook", "update", "signups", "-d", "of the shop", "--json").document["description"] == "of the shop"
    assert cli("webhook", "rotate", "signups", "--yes", "--json").document["url"] != hook["url"]
    assert cli("webhook", "delete", "signups", "--yes", "--json").document == {"removed": [hook["id"]]}
