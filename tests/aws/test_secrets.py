"""Secrets are remembered, and nobody can make the stack ask for them all the time."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from tests.outages import refusal

from whenflow.aws import secrets as module
from whenflow.aws.secrets import AwsSecrets
from whenflow.errors import NotFound, Transient

NAME = "/whenflow/webhooks/w-1/1"
REFERENCE = f"ssm:{NAME}"


class Stopwatch:
    """Seconds, set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.seconds


class Ssm:
    """A parameter store that counts how often it is asked.

    Attributes:
        kept: The parameters.
        asked: How often.
        error: What to raise.
    """

    def __init__(self) -> None:
        self.kept = {NAME: "open sesame"}
        self.asked = 0
        self.error: Exception | None = None

    def get_parameter(self, Name: str, WithDecryption: bool) -> Any:
        """Return a parameter."""
        assert WithDecryption
        self.asked += 1
        if self.error:
            raise self.error
        if Name not in self.kept:
            raise refusal("ParameterNotFound")
        return {"Parameter": {"Value": self.kept[Name]}}

    def put_parameter(self, **_: Any) -> None:
        """Fail, or do nothing."""
        if self.error:
            raise self.error

    delete_parameter = put_parameter


@pytest.fixture
def ssm() -> Ssm:
    """The parameter store."""
    return Ssm()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """The watch that the secrets look at."""
    watch = Stopwatch()
    monkeypatch.setattr(module, "time", watch)
    return watch


@pytest.fixture
def secrets(ssm: Ssm, watch: Stopwatch) -> AwsSecrets:
    """The secrets."""
    return AwsSecrets(lambda _service: ssm, "whenflow")


def test_a_secret_is_remembered_for_five_minutes(secrets, ssm, watch):
    secrets.get(REFERENCE)
    ssm.kept[NAME] = "open barley"

    watch.seconds += 299
    assert secrets.get(REFERENCE) == "open sesame"
    watch.seconds += 1
    assert secrets.get(REFERENCE) == "open barley"
    assert ssm.asked == 2


def test_asked_for_anew_it_is_read_anew(secrets, ssm, watch):
    secrets.get(REFERENCE)
    ssm.kept[NAME] = "open barley"
    watch.seconds += 30

    assert secrets.get(REFERENCE, fresh=True) == "open barley"


def test_hostile_requests_make_it_ask_at_most_twice_a_minute(secrets, ssm, watch):
    for _ in range(600):
        secrets.get(REFERENCE)
        secrets.get(REFERENCE, fresh=True)
        watch.seconds += 0.1

    assert ssm.asked <= 3


def test_a_secret_that_is_not_there_is_not_asked_for_all_the_time(secrets, ssm, watch):
    for _ in range(10):
        with pytest.raises(NotFound):
            secrets.get("ssm:/nope", fresh=True)
    assert ssm.asked == 1

    ssm.kept["/nope"] = "there now"
    watch.seconds += 30
    assert secrets.get("ssm:/nope") == "there now"


def test_many_secrets_do_not_fill_the_memory(secrets, ssm, monkeypatch):
    monkeypatch.setattr(module, "MAX_CACHED", 10)
    for number in range(100):
        ssm.kept[f"/n{number}"] = "x"
        secrets.get(f"ssm:/n{number}")

    assert len(secrets._cached) <= 10


def test_texts_of_one_secret_are_read_together(secrets, ssm):
    ssm.kept[NAME] = '{"a": "1", "b": "2"}'

    assert (secrets.get(f"{REFERENCE}#a"), secrets.get(f"{REFERENCE}#b")) == ("1", "2")
    assert ssm.asked == 1


@pytest.mark.parametrize("error", [refusal("ThrottlingException"), EndpointConnectionError(endpoint_url="https://x")])
def test_a_failure_that_passes_may_be_tried_again(secrets, ssm, error):
    ssm.error = error

    for work in (
        lambda: secrets.get(REFERENCE),
        lambda: secrets.put("webhooks/w-1/1", "s3cr3t"),
        lambda: secrets.delete(REFERENCE),
    ):
        with pytest.raises(Transient) as failure:
            work()
        assert "s3cr3t" not in str(failure.value)

    ssm.error = None
    assert secrets.get(REFERENCE) == "open sesame"


def test_a_secret_that_may_not_be_read_is_told(secrets, ssm):
    ssm.error = refusal("AccessDeniedException")

    with pytest.raises(NotFound, match="may not read it"):
        secrets.get(REFERENCE)


def test_no_client_is_made_before_it_is_needed():
    def client_of(_service: str) -> Any:
        raise AssertionError("a client was made")

    AwsSecrets(client_of, "whenflow").delete("secretsmanager:theirs")
