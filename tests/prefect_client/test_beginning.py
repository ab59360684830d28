"""Versions, keys, health: before anything else works."""

from tests.e2e.stacks import Stack
from tests.prefect_client.conftest import Prefect


def test_the_client_takes_the_stack_for_a_server_of_its_own_version(prefect: Prefect, stack: Stack) -> None:
    assert stack.url in prefect("server", "status").output
    assert prefect("api", "GET", "/admin/version").document == "3.9.1"


def test_prefect_version(prefect: Prefect) -> None:
    assert "3.9.1" in prefect("version").output


def test_a_key_may_be_given_as_an_api_key(prefect: Prefect, stack: Stack) -> None:
    with_key = prefect.with_settings(PREFECT_API_AUTH_STRING=None, PREFECT_API_KEY=stack.api_key)

    assert "Automations" in with_key("automation", "ls").output


def test_a_wrong_key_is_refused_in_words(prefect: Prefect) -> None:
    stranger = prefect.with_settings(PREFECT_API_AUTH_STRING="whenflow:wrong")

    assert "Unauthorized" in stranger("automation", "ls", code=1).output
    assert "Unauthorized" in stranger("event", "emit", "x", "--resource-id", "r", code=1).output


def test_without_a_key_nothing_is_shown(prefect: Prefect) -> None:
    stranger = prefect.with_settings(PREFECT_API_AUTH_STRING=None)

    assert "Unauthorized" in stranger("automation", "ls", code=1).output
    assert "no token provided" in stranger("event", "emit", "x", "--resource-id", "r", code=1).output
