"""`whenflow notification`, against the product in memory."""

import pytest
from tests.cli.product import Product, running_product

from whenflow.errors import Transient

URL = "https://hooks.slack.com/services/T0/B0/canary"


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch):
    """The product, for the command to talk to."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
        yield product


@pytest.fixture
def team(cli, product: Product, tmp_path):
    """A target called team."""
    (tmp_path / "url.txt").write_text(URL + "\n")
    assert cli("notification", "create", "team", "slack-webhook", "url=@url.txt").code == 0
    return product.targets.all()[0]


def test_a_target_is_made_of_settings_and_files(cli, product, team):
    assert team["type"] == "slack-webhook"
    assert product.secrets.get(team["data"]["url"]) == URL


def test_lists_objects_and_numbers_are_json(cli, product):
    outcome = cli(
        "notification", "create", "ops", "mattermost-webhook", "hostname=chat.example.com", "token=12345",
        "port=8443", 'channels=["a", "b"]', "--default",
    )  # fmt: skip

    assert outcome.code == 0
    (target,) = product.targets.all()
    assert (target["data"]["port"], target["data"]["channels"]) == (8443, ["a", "b"])
    assert product.secrets.get(target["data"]["token"]) == "12345"
    assert target["is_default"] is True


def test_what_is_wrong_is_said_by_its_place(cli, product):
    outcome = cli("notification", "create", "team", "slack-webhook", "url=nonsense")

    assert outcome.code == 1
    assert "data.url" in outcome.text
    assert "Traceback" not in outcome.text


def test_a_setting_without_a_value_is_a_wrong_call(cli, product):
    outcome = cli("notification", "create", "team", "slack-webhook", "url")

    assert outcome.code == 2
    assert "'url' is not name=value." in outcome.text


def test_targets_are_listed(cli, product, team):
    lines = cli("notification", "ls").out.splitlines()

    assert "team" in lines[1]
    assert "slack-webhook" in lines[1]
    assert cli("notification", "ls", "--json").document == [team]


def test_no_targets_yet_says_how_to_make_one(cli, product):
    assert "whenflow notification create" in cli("notification", "ls").out


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_target_is_shown_without_its_secret(cli, product, team, by):
    outcome = cli("notification", "inspect", team[by], "--json")
    told = cli("notification", "inspect", team[by]).out

    assert outcome.document == team
    assert told.startswith("Notification target team\n")
    assert f"  url  {team['data']['url']}\n" in told
    assert "canary" not in outcome.text + told


def test_a_target_is_changed(cli, product, team):
    assert cli("notification", "update", "team", f"url={URL}2", "--name", "crew", "--default").code == 0

    (changed,) = product.targets.all()
    assert (changed["name"], changed["is_default"]) == ("crew", True)
    assert product.secrets.get(changed["data"]["url"]) == URL + "2"
    assert cli("notification", "update", "crew", "--no-default").code == 0
    assert product.targets.all()[0]["is_default"] is False


def test_a_target_is_removed(cli, product, team):
    assert cli("notification", "delete", "team", "--yes").code == 0

    assert product.targets.all() == []


def test_a_trial_is_sent(cli, product, team):
    assert cli("notification", "test", "team").out == "Sent a message to team.\n"

    assert len(product.http.sent) == 1


def test_a_trial_that_fails_says_why(cli, product, team):
    product.http.answers = [Transient("hooks.slack.com has no address."), Transient("again")]

    outcome = cli("notification", "test", "team")

    assert outcome.code == 1
    assert "hooks.slack.com has no address." in outcome.err
    assert cli("notification", "test", "team", "--json").document == {"sent": False, "reason": "again"}


def test_a_target_that_is_not_there_is_named_with_one_that_is(cli, product, team):
    outcome = cli("notification", "test", "taem")

    assert outcome.code == 1
    assert "There is no notification target taem." in outcome.text
    assert "Did you mean team?" in outcome.text
