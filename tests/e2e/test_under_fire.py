"""200 people sign up at once, everything is delivered twice, and all function processes are killed twice meanwhile."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import httpx2
import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Document, Stack, all_at_once, eventually, unique
from tests.e2e.test_stories import signup_template

pytestmark = pytest.mark.stack

PEOPLE = 200
SIGNED_UP = "customer.signed-up"
TRIES = 50
FIRED = (
    "prefect.automation.triggered",
    "prefect.automation.action.triggered",
    "prefect.automation.action.executed",
)
ONCE = ("prefect.flow-run.Scheduled", "prefect.flow-run.Pending", "prefect.flow-run.Completed")
HOT = ("WebhookFunction", "MatcherFunction", "ActionFunction", "FlowsFunction")


class Sink:
    """Kafka's HTTP sink connector: sends each message, and again until it is accepted."""

    def __init__(self, stack: Stack, webhook: dict) -> None:
        self._stack, self._webhook = stack, webhook
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self._lock = threading.Lock()

    def delivery(self, message: dict) -> Callable[[], None]:
        return lambda: self._deliver(message)

    def _deliver(self, message: dict) -> None:
        for _ in range(TRIES):
            try:
                answer = str(self._stack.hook(self._webhook, message).status_code)
            except httpx2.TransportError as error:
                answer = type(error).__name__
            with self._lock:
                if answer == "204":
                    self.accepted += 1
                    return
                self.refused[answer] += 1
            time.sleep(0.2)  # the connector's own pause between tries
        raise AssertionError(f"never accepted: {message}, {self.refused}")


@pytest.fixture
def customers(stack: Stack) -> Iterator[str]:
    """The prefix of the customers of this test; their resources have it in common."""
    yield unique("customer")


def test_200_signups_delivered_twice_with_processes_killed_twice_are_200_events_and_200_completed_runs(
    stack: Stack, machine: LocalStack, customers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    webhook = stack.webhook(signup_template(customers), delivery_id="{{ body.userid }}")
    deployment = stack.deployment("new_user_flow")
    automation = stack.automation(SIGNED_UP, f"{customers}.*", deployment["id"], {"name": "{{ event.payload.userid }}"})
    fired = f"prefect.automation.{automation['id']}"
    stack.settle()
    machine.await_processes_of("WebhookFunction")
    messages = [{"userid": f"u-{number}", "name": f"Number {number}"} for number in range(PEOPLE)]
    sink = Sink(stack, webhook)
    killed: list[list[str]] = []

    def kill_twice() -> None:
        for accepted in (PEOPLE // 2, PEOPLE * 3 // 2):
            while sink.accepted < accepted:
                time.sleep(0.01)
            machine.await_processes_of(*HOT)
            killed.append(machine.kill())

    begun = time.monotonic()
    killer = threading.Thread(target=kill_twice)
    killer.start()
    all_at_once([sink.delivery(message) for message in messages * 2])
    killer.join()
    delivered = time.monotonic()
    runs = stack.ended_runs(deployment, PEOPLE, patience=180)
    completed = time.monotonic()

    def all_told() -> list[Document] | None:
        events = list(stack.events())
        return events if told(events, [fired])["prefect.automation.action.executed"] >= PEOPLE else None

    events = eventually(all_told, "the events of the actions")
    assert len(killed) == 2 and all(set(HOT) <= set(names) for names in killed)
    assert Counter(run["state_name"] for run in runs) == {"Completed": PEOPLE}
    assert {run["parameters"]["name"] for run in runs} == {message["userid"] for message in messages}
    assert len(stack.runs(deployment, among=PEOPLE * 2)) == PEOPLE
    assert told(events, [f"{customers}.{message['userid']}" for message in messages]) == {SIGNED_UP: PEOPLE}
    done = told(events, [fired])
    assert {name: done[name] for name in FIRED} == dict.fromkeys(FIRED, PEOPLE)
    ended = told(events, [f"prefect.flow-run.{run['id']}" for run in runs])
    assert {name: ended[name] for name in ONCE} == dict.fromkeys(ONCE, PEOPLE)
    retried = sum("Retrying" in stack.states(run) for run in runs if run["run_count"] > 1)
    with capsys.disabled():
        print(
            f"\n{PEOPLE} signups delivered twice, processes of {len(killed[0])} and {len(killed[1])} functions killed: "
            f"accepted in {delivered - begun:.1f} s, completed in {completed - begun:.1f} s, "
            f"checked in {time.monotonic() - completed:.1f} s; refused {dict(sink.refused)}, runs taken over {retried}"
        )


def told(events: list[Document], resources: list[str]) -> Counter[str]:
    """Count the events about these resources, by name."""
    wanted = set(resources)
    return Counter(one["event"] for one in events if one["resource"]["prefect.resource.id"] in wanted)
