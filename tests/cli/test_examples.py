"""The example of a project, from its files to a run, with the command alone."""

import json
from pathlib import Path

from whenflow.flows import flow

EXAMPLE = Path(__file__).parents[2] / "examples" / "welcome"


@flow(log_prints=True)
def new_user_flow(name: str) -> str:
    print(name)
    return name


def test_files_become_a_deployment_and_an_automation_and_an_event_a_run(cli, product):
    automations = str(EXAMPLE / "automations.yaml")

    assert cli("automation", "test", automations).code == 0
    assert cli("deploy", str(EXAMPLE / "whenflow.yaml"), "--yes").out.endswith("Done: 1 change.\n")
    assert cli("automation", "apply", automations, "--yes").out.endswith("Done: 2 changes.\n")
    assert cli("automation", "plan", automations, "--check").code == 0
    payload = json.dumps({"name": "Ann"})
    event = cli("event", "emit", "user.signed-up", "--resource-id", "user.1", "--payload", payload, "--json").document
    preview = cli("automation", "preview", "-a", "greet new users", "-e", event["id"], "--json").document
    product.settle(new_user_flow)

    (run,) = cli("flow-run", "ls", "--state", "completed", "--json").document
    assert run["parameters"] == preview["actions"][0]["would"][0]["parameters"] == {"name": "Hello, Ann"}
    watched = cli("flow-run", "watch", run["id"])
    assert watched.code == 0
    assert "Hello, Ann" in watched.out
