"""`whenflow key`, against the product's own API."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from whenflow.api.keyring import KIND, Keyring, key_hash
from whenflow.aws.config_store import DynamoConfigStore


@pytest.fixture
def ci(cli, product):
    """A key, made by the command."""
    return cli("key", "create", "ci", "--scope", "emit", "-s", "read", "--json").document


def test_a_key_is_made_and_shown_once(cli, product):
    outcome = cli("key", "create", "ci", "--scope", "emit")

    (stored,) = product.config.all(KIND)
    assert outcome.code == 0
    shown = next(line.strip() for line in outcome.out.splitlines() if line.startswith("  wfk_"))
    assert stored["hash"] == key_hash(shown)
    assert stored["scopes"] == ["emit"]
    assert "not shown again" in outcome.out


def test_a_key_for_one_webhook_is_made_by_the_webhooks_name(cli, product, hook):
    made = cli("key", "create", "hook-owner", "--webhook", "signups", "--json").document

    assert made["scopes"] == [f"webhook:{hook['id']}"]


def test_when_a_key_ends_may_be_said_as_a_length_of_time(cli, product):
    product.clock.now = lambda: datetime.now(UTC)

    made = cli("key", "create", "ci", "-s", "read", "--expires", "90d", "--json").document

    ends = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(days=89) < ends <= timedelta(days=90)


def test_what_a_key_may_do_has_to_be_said(cli, product):
    outcome = cli("key", "create", "ci")

    assert (outcome.code, product.config.all(KIND)) == (2, [])
    assert "--scope" in outcome.err


def test_keys_are_listed(cli, ci):
    outcome = cli("key", "ls")

    assert "ci" in outcome.out
    assert "emit, read" in outcome.out
    assert ci["key"] not in outcome.out
    assert cli("key", "ls", "--json").document == [{name: ci[name] for name in ci if name != "key"}]


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_key_is_inspected(cli, ci, by):
    outcome = cli("key", "inspect", ci[by])

    assert "emit, read" in outcome.text
    assert "last used never" in outcome.text


def test_a_key_is_revoked(cli, product, ci):
    outcome = cli("key", "revoke", "ci", "--yes")

    assert (outcome.code, product.config.all(KIND)) == (0, [])
    assert "Revoked" in outcome.out


def test_without_a_yes_nothing_is_revoked(cli, product, ci, person):
    person("no\n")

    assert cli("key", "revoke", "ci").code == 1

    assert len(product.config.all(KIND)) == 1


def test_a_key_that_is_not_there_is_said_to_be(cli, ci):
    outcome = cli("key", "inspect", "cii")

    assert outcome.code == 1
    assert "Did you mean ci?" in outcome.err


def test_what_a_key_lacks_is_said(cli, at_server):
    reason = "This needs the scope 'admin'; the key 'ci' has read."
    at_server.expect_request("/api/keys/filter").respond_with_json({"detail": reason}, status=403)

    outcome = cli("key", "ls")

    assert outcome.code == 1
    assert "needs the scope 'admin'" in outcome.err


class CloudFormation:
    """Knows a stack called whenflow, and one that is another thing. (moto's needs more than is installed.)"""

    def describe_stacks(self, StackName):
        if StackName not in ("whenflow", "other"):
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        outputs = (
            {"ConfigTableName": "ConfigTable", "ApiUrl": "https://x.example/api"} if StackName == "whenflow" else {}
        )
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]}]}


@pytest.fixture
def account(dynamodb, monkeypatch):
    """The config table of an AWS account with these stacks."""
    client = boto3.Session.client

    def made(self, service, *given, **named):
        return CloudFormation() if service == "cloudformation" else client(self, service, *given, **named)

    monkeypatch.setattr(boto3.Session, "client", made)
    return DynamoConfigStore(dynamodb, "ConfigTable")


def test_the_first_key_is_made_with_aws_credentials(cli, account, clock, ids):
    made = cli("key", "bootstrap", "--region", "eu-west-1", "--json").document

    assert made["api_url"] == "https://x.example/api"
    found = Keyring(account, clock, ids).find(made["key"])
    assert found is not None
    assert (found.name, list(found.scopes)) == ("first", ["admin"])


@pytest.mark.parametrize("stack", ["other", "nope"])
def test_where_there_is_no_whenflow_no_key_is_made(cli, account, stack):
    outcome = cli("key", "bootstrap", stack, "--region", "eu-west-1")

    assert outcome.code == 1
    assert stack in outcome.err
    assert account.all(KIND) == []
