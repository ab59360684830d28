"""`prefect global-concurrency-limit …`, `prefect concurrency-limit …`, and programs that hold slots of them."""

import re

from tests.e2e.stacks import Stack, eventually
from tests.prefect_client.conftest import Prefect, stored_event

V2 = "/v2/concurrency_limits"


def test_global_limits_are_made_listed_changed_switched_and_removed(prefect: Prefect, name: str) -> None:
    assert "Created global concurrency limit" in prefect("gcl", "create", name, "--limit", "3").output
    assert "already exists" in prefect("gcl", "create", name, "--limit", "3", code=1).output
    assert name in prefect("gcl", "ls").output
    prefect("gcl", "update", name, "--limit", "5", "--slot-decay-per-second", "0.5", "--active-slots", "2")

    shown = prefect("gcl", "inspect", name, "--output", "json").document
    assert (shown["limit"], shown["slot_decay_per_second"], shown["active"]) == (5, 0.5, True)
    assert shown["active_slots"] <= 2
    assert "Disabled" in prefect("gcl", "disable", name).output
    assert "already disabled" in prefect("gcl", "disable", name, code=1).output
    assert "Enabled" in prefect("gcl", "enable", name).output
    assert "Deleted" in prefect("gcl", "delete", name).output
    assert "not found" in prefect("gcl", "inspect", name, code=1).output


def test_limits_of_tags_are_made_listed_shown_reset_and_removed(prefect: Prefect, name: str) -> None:
    assert "Created concurrency limit" in prefect("concurrency-limit", "create", name, "2").output
    assert name in prefect("concurrency-limit", "ls").output
    assert prefect("concurrency-limit", "inspect", name, "--output", "json").document["concurrency_limit"] == 2
    assert "Reset" in prefect("concurrency-limit", "reset", name).output
    assert "Deleted" in prefect("concurrency-limit", "delete", name).output
    assert "No concurrency limit found" in prefect("concurrency-limit", "inspect", name, code=1).output


def test_a_program_holds_slots_and_others_wait(prefect: Prefect, stack: Stack, name: str) -> None:
    stack.post(f"{V2}/", {"name": name, "limit": 1})

    said = prefect.python(
        f"""
import threading, time
from prefect.concurrency.sync import concurrency
from prefect.client.orchestration import get_client

inside, most = 0, 0
def work():
    global inside, most
    with concurrency("{name}", occupy=1, strict=True):
        inside += 1
        most = max(most, inside)
        time.sleep(0.2)
        inside -= 1

threads = [threading.Thread(target=work) for _ in range(3)]
for one in threads: one.start()
for one in threads: one.join()
print("most at once:", most)
with concurrency("{name}"):
    with get_client(sync_client=True) as client:
        print("taken:", client.read_global_concurrency_limit_by_name("{name}").active_slots)
"""
    )

    assert "most at once: 1" in said.output
    assert "taken: 1" in said.output
    assert eventually(lambda: stack.get(f"{V2}/{name}")["active_slots"] == 0, "the slots to come back")
    assert stored_event(stack, "prefect.concurrency-limit.released")["resource"]["prefect.resource.name"] == name


def test_a_program_that_waits_too_long_is_told(prefect: Prefect, stack: Stack, name: str) -> None:
    stack.post(f"{V2}/", {"name": name, "limit": 1})
    stack.post(f"{V2}/increment-with-lease", {"names": [name], "slots": 1})

    said = prefect.python(
        f"""
from prefect.concurrency.sync import concurrency
try:
    with concurrency("{name}", timeout_seconds=1): ...
except TimeoutError as error:
    print("told:", error)
try:
    with concurrency("{name}", occupy=2): ...
except Exception as error:
    print("told:", error)
"""
    )

    assert "timed out after 1" in said.output
    assert "greater than the limit" in said.output


def test_a_program_keeps_to_a_rate(prefect: Prefect, stack: Stack, name: str) -> None:
    stack.post(f"{V2}/", {"name": name, "limit": 2, "slot_decay_per_second": 2.0})

    said = prefect.python(
        f"""
import time
from prefect.concurrency.sync import rate_limit
rate_limit("{name}")
begun = time.monotonic()
for _ in range(5): rate_limit("{name}")
print("seconds:", time.monotonic() - begun)
"""
    )

    assert float(re.findall(r"seconds: ([0-9.]+)", said.output)[0]) >= 1.5


def test_tasks_with_a_tag_run_one_after_the_other(prefect: Prefect, stack: Stack, name: str) -> None:
    prefect("concurrency-limit", "create", name, "1")

    said = prefect.python(
        f"""
import time
from prefect import flow, task

inside, most = 0, 0
@task(tags=["{name}"])
def work(number):
    global inside, most
    inside += 1
    most = max(most, inside)
    time.sleep(0.2)
    inside -= 1

@flow(name="{name}")
def hello():
    work.map(range(3)).wait()

hello()
print("most at once:", most)
"""
    )

    assert "most at once: 1" in said.output
