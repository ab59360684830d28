"""Ports and environments of the embedded AWS."""

import pytest

from whenflow.local import process


def test_a_taken_port_is_passed_over() -> None:
    with process.listen(0) as first:
        taken = first.getsockname()[1]
        with process.listen(taken) as second:
            assert second.getsockname()[1] > taken


def test_only_loopback_is_listened_on() -> None:
    with process.listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_tools_talk_to_the_emulator_and_to_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")

    environment = process.client_environment(4566)

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in environment and "AWS_SESSION_TOKEN" not in environment
