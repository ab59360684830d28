"""Every keeper of secrets."""

from collections.abc import Callable
from typing import Any

import pytest

from whenflow.aws.secrets import AwsSecrets
from whenflow.errors import NotFound
from whenflow.ports import Secrets
from whenflow.testing import MemorySecrets

Keep = Callable[[str, str], str]


@pytest.fixture(params=["memory", "aws"])
def kind(request: pytest.FixtureRequest) -> Any:
    """Which keeper."""
    return request.param


@pytest.fixture
def secrets(kind: str, request: pytest.FixtureRequest) -> Secrets:
    """The secrets, none kept."""
    if kind == "memory":
        return MemorySecrets()
    request.getfixturevalue("aws")
    import boto3

    return AwsSecrets(boto3.client, "whenflow")  # type: ignore[arg-type]


@pytest.fixture
def elsewhere(kind: str, secrets: Any) -> Keep:
    """A function that keeps a secret as the user does himself, by its reference."""

    def keep(reference: str, value: str) -> str:
        if kind == "memory":
            secrets.kept[reference] = value
            return reference
        import boto3

        service, _, name = reference.partition(":")
        if service == "ssm":
            boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
        else:
            boto3.client("secretsmanager").create_secret(Name=name, SecretString=value)
        return reference

    return keep


def test_a_secret_is_kept_below_the_stacks_own_prefix(secrets):
    reference = secrets.put("webhooks/w-1/1", "open sesame")

    assert reference == "ssm:/whenflow/webhooks/w-1/1"
    assert secrets.get(reference) == "open sesame"


def test_a_secret_is_kept_over_the_one_that_was_there(secrets):
    reference = secrets.put("webhooks/w-1/1", "open sesame")
    assert secrets.get(reference) == "open sesame"

    assert secrets.put("webhooks/w-1/1", "open barley") == reference
    assert secrets.get(reference) == "open barley"


@pytest.mark.parametrize("reference", ["ssm:/team/github", "secretsmanager:team-github"])
def test_a_secret_that_the_user_keeps_is_found(secrets, elsewhere, reference):
    assert secrets.get(elsewhere(reference, "theirs")) == "theirs"


@pytest.mark.parametrize("reference", ["ssm:/team/hooks", "secretsmanager:team-hooks"])
def test_one_text_of_a_secret_that_is_json_is_found(secrets, elsewhere, reference):
    elsewhere(reference, '{"github": "theirs", "n": 7, "none": ""}')

    assert secrets.get(f"{reference}#github") == "theirs"
    for key in ("slack", "n", "none"):
        with pytest.raises(NotFound, match=f"has no text {key}"):
            secrets.get(f"{reference}#{key}")


@pytest.mark.parametrize("value", ["no json", "[1]", "7"])
def test_a_secret_that_is_no_object_has_no_texts_and_is_not_told(secrets, elsewhere, value):
    elsewhere("ssm:/team/plain", value)

    with pytest.raises(NotFound) as missing:
        secrets.get("ssm:/team/plain#key")
    assert value not in str(missing.value)


@pytest.mark.parametrize("reference", ["ssm:/whenflow/nope", "secretsmanager:nope", "vault:nope", "nope", ""])
def test_a_secret_that_nobody_kept_is_not_found(secrets, reference):
    with pytest.raises(NotFound):
        secrets.get(reference)


def test_a_secret_that_was_forgotten_is_not_found(secrets):
    reference = secrets.put("webhooks/w-1/1", "open sesame")
    assert secrets.get(reference)

    secrets.delete(reference)

    with pytest.raises(NotFound):
        secrets.get(reference)


def test_forgetting_twice_is_no_fault(secrets):
    reference = secrets.put("webhooks/w-1/1", "open sesame")

    secrets.delete(reference)
    secrets.delete(reference)


@pytest.mark.parametrize("reference", ["ssm:/team/github", "secretsmanager:team-github"])
def test_a_secret_that_the_user_keeps_is_not_ours_to_forget(secrets, elsewhere, reference):
    elsewhere(reference, "theirs")

    secrets.delete(reference)

    assert secrets.get(reference, fresh=True) == "theirs"
