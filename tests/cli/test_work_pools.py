"""`whenflow target`, against the product's own API."""

import pytest

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:reports:live"


@pytest.fixture(autouse=True)
def _here(product):
    """The product is there."""


def test_the_two_of_every_stack_are_listed(cli):
    assert {one["name"] for one in cli("target", "ls", "--json").document} >= {"lambda", "step-functions"}
    assert "lambda" in cli("target", "ls").out


def test_one_of_ones_own_gives_its_settings_to_its_deployments(cli, product):
    assert cli("target", "create", "reports", "lambda", f"function_arn={ARN}").code == 0

    assert f"function_arn={ARN}" in cli("target", "ls").out
    assert ARN in cli("target", "inspect", "reports").out
    product.deployment(name="weekly", flow_name="report", work_pool_name="reports", job_variables={})
    made = cli("deployment", "run", "weekly", "--json").document
    assert made["job_variables"] == {"function_arn": ARN}


def test_it_is_paused_and_resumed(cli):
    assert cli("target", "pause", "lambda").out == "Paused the target lambda.\n"
    assert cli("target", "pause", "lambda").out == "The target lambda is paused already.\n"
    assert "paused    yes: runs are made, and wait" in cli("target", "inspect", "lambda").out
    assert cli("target", "resume", "lambda").out == "Resumed the target lambda.\n"


def test_one_that_is_used_is_removed_only_with_a_yes(cli, product, person):
    cli("target", "create", "reports", "lambda", f"function_arn={ARN}")
    product.deployment(name="weekly", flow_name="report", work_pool_name="reports", job_variables={})
    person("y\n")

    refused = cli("target", "delete", "reports")

    assert refused.code == 2
    assert "The target reports is used by report/weekly." in refused.err


def test_one_that_nobody_uses_is_removed(cli):
    cli("target", "create", "reports", "lambda", f"function_arn={ARN}")

    assert cli("target", "delete", "reports", "--yes").out.startswith("Removed the target reports (")
    assert "There is no target reports." in cli("target", "inspect", "reports").err


def test_an_unknown_type_is_refused_with_the_known_ones(cli):
    told = cli("target", "create", "x", "kubernetes")

    assert told.code == 1
    assert "step-functions" in told.err


def test_its_limit_is_set_seen_and_taken_away(cli):
    assert cli("target", "set-concurrency-limit", "lambda", "3").out == "The target lambda lets 3 runs work at once.\n"
    assert "at once   3" in cli("target", "inspect", "lambda").out
    assert cli("target", "set-concurrency-limit", "lambda", "1").out == "The target lambda lets 1 run work at once.\n"

    told = cli("target", "clear-concurrency-limit", "lambda").out

    assert told == "The target lambda lets any number of runs work at once.\n"
    assert cli("target", "inspect", "lambda", "--json").document["concurrency_limit"] is None
    assert cli("target", "set-concurrency-limit", "lambda", "-1").code != 0


def test_it_is_made_with_a_limit(cli):
    cli("target", "create", "reports", "lambda", f"function_arn={ARN}", "--concurrency-limit", "2")

    (made,) = (one for one in cli("target", "ls", "--json").document if one["name"] == "reports")
    assert made["concurrency_limit"] == 2
