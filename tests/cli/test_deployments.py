"""`whenflow deployment` and its schedules, against the product's own API."""

import pytest

from whenflow.flows import flow

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:flows:live"


@flow
def new_user_flow(name: str = "nobody") -> str:
    return name


@pytest.fixture(autouse=True)
def _deployed(product):
    product.deployment(name="main", flow_name="new_user_flow", parameters={})


def schedules(cli):
    return cli("deployment", "schedule", "ls", "main", "--json").document


def test_one_is_found_by_either_name_and_shown_with_what_starts_it(cli):
    cli("automation", "create", "--on", "user.signed-up", "--run", "main", "--name", "greet")

    told = cli("deployment", "inspect", "main").out

    assert told.startswith("Deployment new_user_flow/main\n")
    assert "  runs on     lambda\n" in told
    assert "  greet  (on user.signed-up)\n" in told
    assert cli("deployment", "inspect", "new_user_flow/main", "--json").document["automations"][0]["name"] == "greet"


def test_an_unknown_one_is_named_with_the_closest(cli):
    told = cli("deployment", "inspect", "new_usr_flow/main")

    assert told.code == 1
    assert "Did you mean new_user_flow/main?" in told.err


def test_it_is_run_by_hand(cli, product):
    made = cli("deployment", "run", "main", "-p", "name=Ann", "--name", "by-hand", "--tag", "mine", "--json").document

    assert made["parameters"] == {"name": "Ann"}
    assert (made["name"], made["tags"]) == ("by-hand", ["mine"])
    assert made["state_type"] == "SCHEDULED"


def test_the_same_key_twice_is_one_run(cli):
    ids = {cli("deployment", "run", "main", "--idempotency-key", "k", "--json").document["id"] for _ in range(2)}

    assert len(ids) == 1


def test_a_run_may_start_later(cli):
    made = cli("deployment", "run", "main", "--at", "2126-11-20T12:00:00+01:00", "--json").document

    assert made["state"]["state_details"]["scheduled_time"].startswith("2126-11-20T11:00:00")
    assert "It starts in" in cli("deployment", "run", "main", "--in", "3600.9").out


@pytest.mark.parametrize("words", [["--at", "soon"], ["--at", "2126-11-20T12:00:00Z", "--in", "5"], ["--in", "1e20"]])
def test_a_moment_that_is_none_is_a_wrong_call(cli, words):
    assert cli("deployment", "run", "main", *words).code == 2


def test_it_is_paused_and_resumed(cli):
    assert cli("deployment", "pause", "main").out == "Paused new_user_flow/main: its schedules make no runs.\n"
    assert cli("deployment", "pause", "main").out == "new_user_flow/main is paused already.\n"
    assert "paused" in cli("deployment", "ls").out
    assert cli("deployment", "resume", "main", "--json").document["paused"] is False


def test_it_is_removed_with_a_yes(cli, alone):
    assert cli("deployment", "delete", "main").code == 2
    assert "Removed the deployment new_user_flow/main" in cli("deployment", "delete", "main", "--yes").out
    assert cli("deployment", "ls").out.startswith("No deployments yet.")


def test_schedules_are_made_listed_paused_and_removed(cli, alone):
    assert cli("deployment", "schedule", "ls", "main").out.startswith("new_user_flow/main has no schedules.")
    made = cli("deployment", "schedule", "create", "main", "--cron", "0 6 * * *", "--timezone", "Europe/Berlin")
    assert made.code == 0, made.err
    cli("deployment", "schedule", "create", "main", "--interval", "5400", "--slug", "often", "-p", "name=Bob")

    assert [one["slug"] for one in schedules(cli)] == [None, "often"]
    told = cli("deployment", "schedule", "ls", "main").out
    assert "cron 0 6 * * * (Europe/Berlin)" in told
    assert "every 90 min" in told
    assert "Paused the schedule every 90 min" in cli("deployment", "schedule", "pause", "main", "often").out
    assert schedules(cli)[1]["active"] is False
    assert "is paused already" in cli("deployment", "schedule", "pause", "main", "often").out
    assert "Resumed" in cli("deployment", "schedule", "resume", "main", "often").out
    assert cli("deployment", "schedule", "delete", "main", "often").code == 2
    assert cli("deployment", "schedule", "delete", "main", "often", "--yes").code == 0
    assert len(schedules(cli)) == 1


@pytest.mark.parametrize(
    "words", [[], ["--cron", "0 6 * * *", "--interval", "5"], ["--cron", "* * * * *", "--anchor", "x"]]
)
def test_a_schedule_says_its_times_in_one_way(cli, words):
    assert cli("deployment", "schedule", "create", "main", *words).code == 2


def test_a_schedule_that_can_never_be_is_refused_with_the_reason(cli):
    told = cli("deployment", "schedule", "create", "main", "--cron", "nonsense")

    assert told.code == 1
    assert "cron" in told.err


def test_an_unknown_schedule_is_named_with_the_closest(cli):
    cli("deployment", "schedule", "create", "main", "--interval", "5400", "--slug", "often")

    assert "Did you mean often?" in cli("deployment", "schedule", "pause", "main", "oftn").err
