"""What caused what, and once more what was missed: `whenflow lineage` and `whenflow replay`, as somebody types them."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.e2e.stacks import Document, Stack, eventually, unique

pytestmark = pytest.mark.stack

MANY = 160
AT_ONCE = 50  # firings that the command starts with one request
ENOUGH_SECONDS = 60
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours, and where the cursor goes
BAR = re.compile(r"Starting\D+(\d+)%")
STOPPED = re.compile(r"Stopped: (\d+) of (\d+) were started\. Run it again to go on; nothing is started twice\.")


class Terminal:
    """Somebody who types commands at the stack."""

    def __init__(self, stack: Stack) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("WHENFLOW_")}
        self.environment = {
            **own,
            "WHENFLOW_API_URL": stack.url,
            "WHENFLOW_API_KEY": stack.api_key,
            "COLUMNS": "160",
            "TERM": "xterm",
        }

    def run(self, *arguments: str) -> str:
        """Run a command that works; return what it writes."""
        done = subprocess.run(_command(arguments), env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def interrupted(self, *arguments: str) -> tuple[int, str]:
        """Run a command at a terminal, press Ctrl-C as soon as its bar moves; return exit code and what was seen."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            _command(arguments),
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen, pressed = "", False
        while chunk := _read(ours):
            seen += chunk
            if not pressed and any(int(percent) > 0 for percent in BAR.findall(STYLE.sub("", seen))):
                os.killpg(process.pid, signal.SIGINT)
                pressed = True
        os.close(ours)
        assert pressed, f"no bar was seen: {seen}"
        return process.wait(ENOUGH_SECONDS), STYLE.sub("", seen)


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "whenflow.cli", *arguments]


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 65_536).decode("utf-8", "replace")
    except OSError:  # the other end is closed
        return ""


@pytest.fixture
def terminal(stack: Stack) -> Terminal:
    """Somebody with a key."""
    return Terminal(stack)


def placed(stack: Stack, order: str, count: int) -> list[str]:
    """Place orders in the last minutes; return the ids of the events."""
    ids, now = [], datetime.now(UTC)
    for number in range(count):
        moment = now - timedelta(minutes=10) + timedelta(seconds=number)
        ids.append(f"{unique('x')[2:]}-0000-4000-8000-{number:012d}")
        document: Document = {"id": ids[-1], "occurred": moment.isoformat(), "event": "order.placed"}
        stack.post("/events", [document | {"resource": {"prefect.resource.id": f"{order}.{number}"}}])
    return ids


def counts_of(terminal: Terminal, automation: str, *more: str) -> Document:
    """Return what a plan counts."""
    (plan,) = json.loads(terminal.run("replay", "--since", "1h", "-a", automation, "--json", *more))["plan"]
    counts: Document = plan["counts"]
    return counts


def watching(stack: Stack, order: str, actions: list[Document]) -> str:
    """Make an automation that acts on each order; return its id."""
    trigger: Document = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
    trigger["match"] = {"prefect.resource.id": f"{order}.*"}
    made = stack._make("/automations", {"name": unique("orders"), "trigger": trigger, "actions": actions})
    return str(made["id"])


def test_what_was_missed_is_planned_then_started_once_and_its_lineage_shown(stack: Stack, terminal: Terminal) -> None:
    order = unique("order")
    events = placed(stack, order, 2)
    deployment = stack.deployment("new_user_flow")
    run_it = {"type": "run-deployment", "deployment_id": deployment["id"], "parameters": {"name": "{{ event.id }}"}}
    automation = watching(stack, order, [run_it])
    stack.settle()

    assert counts_of(terminal, automation, "--plan")["missing"] == 2
    assert stack.runs(deployment, among=20) == [], "a plan starts nothing"
    assert "Started 2 of 2." in terminal.run("replay", "--since", "1h", "-a", automation, "--yes")

    runs = stack.ended_runs(deployment, 2)
    assert {run["parameters"]["name"] for run in runs} == set(events)
    assert counts_of(terminal, automation)["stored"] == 2
    shown = terminal.run("lineage", events[0])
    (of_the_first,) = [run for run in runs if run["event_id"] == events[0]]
    assert shown.startswith("event order.placed")
    assert "└─ closed: firing of" in shown
    assert f"started: flow run {of_the_first['name']} (new_user_flow, Completed)" in shown
    above = terminal.run("lineage", of_the_first["id"])
    assert above.index("event order.placed") < above.index("flow run")


def test_a_firing_that_was_lost_is_made_again_and_what_it_started_is_not(stack: Stack, terminal: Terminal) -> None:
    order = unique("order")
    deployment = stack.deployment("new_user_flow")
    run_it = {"type": "run-deployment", "deployment_id": deployment["id"], "parameters": {"name": "Ann"}}
    automation = watching(stack, order, [run_it])
    stack.settle()
    placed(stack, order, 1)
    (run,) = stack.ended_runs(deployment)
    stack.aws("dynamodb").delete_item(TableName=stack.outputs["FiringsTableName"], Key={"id": {"S": run["firing_id"]}})

    assert "Started 1 of 1." in terminal.run("replay", "--since", "1h", "-a", automation, "--yes")

    eventually(lambda: stack.get(f"/firings/{run['firing_id']}") or None, "the firing")
    stack.settle()
    assert [one["id"] for one in stack.runs(deployment, among=20)] == [run["id"]]


def test_it_can_be_stopped_half_way_and_goes_on_where_it_was(stack: Stack, terminal: Terminal) -> None:
    order = unique("order")
    placed(stack, order, MANY)
    automation = watching(stack, order, [{"type": "do-nothing"}])
    stack.settle()

    code, seen = terminal.interrupted("replay", "--since", "1h", "-a", automation, "--yes")

    assert code == 130, seen
    stopped = STOPPED.search(" ".join(seen.split()))
    assert stopped, seen
    assert AT_ONCE <= int(stopped[1]) < int(stopped[2]) == MANY
    time.sleep(2)  # the request that was under way is seen through by the API
    left = counts_of(terminal, automation, "--plan")
    assert left["missing"] + left["stored"] == MANY
    assert left["stored"] >= int(stopped[1])
    assert left["missing"] > 0
    assert f"Started {left['missing']} of {left['missing']}." in terminal.run(
        "replay", "--since", "1h", "-a", automation, "--yes"
    )
    assert counts_of(terminal, automation, "--plan") == left | {"stored": MANY, "missing": 0}
