"""Following what an event sets off, on an API that is only a table of answers."""

import time
from typing import Any

import pytest

from whenflow.local.demo import lines_of
from whenflow.local.errors import LocalError
from whenflow.local.stage import Stage
from whenflow.local.stories import MARK

WHEN = "2026-11-20T21:57:24.994263Z"
EVENT = {"id": "e-1", "event": "arrived", "resource": {"prefect.resource.id": "file.a"}, "received": WHEN}
AUTOMATION = {"id": "a-1", "name": "Process files"}


class Api:
    """Answers from memory."""

    def __init__(self, state: str = "COMPLETED") -> None:
        self.run: dict[str, Any] = {
            "id": "r-1",
            "name": "swift-owl",
            "event_id": "e-1",
            "firing_id": "f-1",
            "flow_name": "load",
            "work_pool_name": "lambda",
            "parameters": {"file": "a"},
            "created": WHEN,
            "created_by": {"id": "a-1"},
            "state_type": state,
            "state_name": state.title(),
            "state": {"message": "no such file"},
        }
        self.stored = [{"id": "1", "name": "signups", "description": MARK}]
        self.deleted: list[str] = []

    def get(self, path: str, **_: Any) -> Any:
        states = [{"type": "COMPLETED", "name": "Completed", "timestamp": WHEN}]
        answers = {
            "/events": {"events": [EVENT]},
            "/flow_runs/r-1": self.run,
            "/firings/f-1": {"automation_name": "Process files", "triggered": WHEN},
            "/flow_run_states/": states,
        }
        return answers[path]

    def post(self, path: str, body: Any) -> Any:
        answers = {
            "/flow_runs/filter": [{**self.run, "id": "r-0", "created_by": {"id": "another"}}, self.run],
            "/logs/filter": [{"message": "Loading a"}],
            "/task_runs/count": 3,
            "/webhooks/filter": self.stored,
            "/webhooks/": {**body, "id": "2"},
        }
        return answers[path]

    def delete(self, path: str) -> None:
        self.deleted.append(path)


def stage(api: Api) -> Stage:
    return Stage(api, patience=0.3)  # type: ignore[arg-type]


def test_a_chain_has_event_firing_run_states_and_prints() -> None:
    chain = stage(Api()).follow("arrived", "file.a", AUTOMATION, set())

    assert (chain.event["id"], chain.run["id"], chain.firing["automation_name"]) == ("e-1", "r-1", "Process files")
    assert chain.tasks == 3
    lines = [line.plain for line in lines_of(chain, time.time())]
    assert [line.split()[2] if " s " in line else line.split()[0] for line in lines] == [
        "event",
        "firing",
        "run",
        "state",
        "print",
    ]


def test_an_event_that_was_there_before_is_not_waited_for() -> None:
    with pytest.raises(LocalError, match="in vain for the event arrived on file.a"):
        stage(Api()).follow("arrived", "file.a", AUTOMATION, {"e-1"})


def test_a_run_of_another_automation_does_not_count() -> None:
    with pytest.raises(LocalError, match="in vain for a flow run of the automation 'Greet'"):
        stage(Api()).follow("arrived", "file.a", {"id": "a-2", "name": "Greet"}, set())


def test_a_run_that_does_not_end_is_named() -> None:
    with pytest.raises(LocalError, match="in vain for the end of the flow run swift-owl"):
        stage(Api("RUNNING")).follow("arrived", "file.a", AUTOMATION, set())


def test_a_run_that_fails_is_an_error_with_its_reason() -> None:
    with pytest.raises(LocalError, match="swift-owl ended as Failed: no such file"):
        stage(Api("FAILED")).follow("arrived", "file.a", AUTOMATION, set())


def test_only_what_an_earlier_demo_made_is_replaced() -> None:
    api = Api()
    api.stored = [
        {"id": "1", "name": "signups", "description": MARK},
        {"id": "3", "name": "signups", "description": "mine"},
        {"id": "4", "name": "others", "description": MARK},
    ]

    made = stage(api).put("webhooks", {"name": "signups", "description": MARK})

    assert (made["id"], api.deleted) == ("2", ["/webhooks/1"])
