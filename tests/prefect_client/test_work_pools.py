"""`prefect work-pool …`: the places where flow runs are launched."""

from tests.prefect_client.conftest import Prefect


def test_ls_shows_the_places_where_flow_runs_are_launched(prefect: Prefect) -> None:
    said = prefect("work-pool", "ls")

    assert "lambda" in said.output and "step-functions" in said.output


def test_inspect(prefect: Prefect, name: str) -> None:
    assert "lambda" in prefect("work-pool", "inspect", "lambda").output
    prefect("work-pool", "inspect", name, code=1)


def test_pause_and_resume(prefect: Prefect) -> None:
    try:
        assert "Paused" in prefect("work-pool", "pause", "lambda").output
        assert "is_paused=True" in prefect("work-pool", "inspect", "lambda").output.replace(" ", "")
    finally:
        assert "Resumed" in prefect("work-pool", "resume", "lambda").output


def test_a_concurrency_limit_is_set_and_cleared(prefect: Prefect) -> None:
    try:
        prefect("work-pool", "set-concurrency-limit", "lambda", "3")
        assert "concurrency_limit=3" in prefect("work-pool", "inspect", "lambda").output.replace(" ", "")
    finally:
        prefect("work-pool", "clear-concurrency-limit", "lambda")
    assert "concurrency_limit=3" not in prefect("work-pool", "inspect", "lambda").output.replace(" ", "")
