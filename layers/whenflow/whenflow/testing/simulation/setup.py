"""What is set up in a simulated stack: deployments on each kind of target, and automations of each kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from whenflow.automations import Automation
from whenflow.testing.factories import an_automation

ORDER, FILE, DOOR, STARTED, DONE = "order.placed", "file.arrived", "door.opened", "job.started", "job.done"
REFUSED, LATER, NOTE, REPORT = "order.refused", "order.later", "note.sent", "report.wanted"
TARGET = "00000000-0000-4000-8000-0000000000aa"
WAIT_SECONDS = 45
BEATS_SECONDS = 30.0
ABSENT_AFTER_SECONDS = 40
DEPLOYMENTS: Mapping[str, str] = {
    "welcome": "lambda",
    "process": "step-functions",
    "follow-up": "step-functions",
    "refused": "lambda",
    "long": "lambda",
}
EACH = ["prefect.resource.id"]


def deployments() -> list[dict[str, Any]]:
    """Return the deployments, as they are stored."""
    return [
        {
            "id": deployment_id(name),
            "name": name,
            "flow_id": f"00000000-0000-4000-8000-0000000f{number:04d}",
            "flow_name": name,
            "work_pool_name": pool,
            "job_variables": {"function_arn": "f"} if pool == "lambda" else {"state_machine_arn": "m"},
            "parameters": {},
            "tags": [],
            "paused": False,
            "schedules": [],
        }
        for number, (name, pool) in enumerate(DEPLOYMENTS.items())
    ]


def deployment_id(name: str) -> str:
    """Return the id of a deployment."""
    return f"00000000-0000-4000-8000-0000000d{list(DEPLOYMENTS).index(name):04d}"


def target() -> dict[str, Any]:
    """Return the notification target, as it is stored."""
    data = {"topic_arn": "arn:aws:sns:eu-west-1:123456789012:notes"}
    return {"id": TARGET, "name": "notes", "type": "sns", "data": data}


def automations() -> Sequence[Automation]:
    """Return the automations."""
    completed = {"prefect.resource.id": f"prefect.deployment.{deployment_id('welcome')}"}
    note = {"type": "send-notification", "block_document_id": TARGET, "subject": "A note", "body": "It was sent."}
    missing: dict[str, Any] = {"posture": "Proactive", "after": [STARTED], "within": ABSENT_AFTER_SECONDS}
    return [
        an_automation("order", expect=[ORDER], actions=[_run("welcome")]),
        an_automation("file", expect=[FILE], actions=[_run("process"), {"type": "do-nothing"}]),
        an_automation("door", expect=[DOOR], threshold=3, within=60, for_each=EACH, actions=[_run("process")]),
        an_automation("absence", expect=[DONE], **missing, for_each=EACH, actions=[_run("follow-up")]),
        an_automation(
            "chain", expect=["prefect.flow-run.Completed"], match_related=completed, actions=[_run("follow-up")]
        ),
        an_automation("later", expect=[LATER], actions=[_run("welcome", schedule_after=WAIT_SECONDS)]),
        an_automation("refused", expect=[REFUSED], actions=[_run("refused")]),
        an_automation("report", expect=[REPORT], actions=[_run("long")]),
        an_automation("note", expect=[NOTE], actions=[note]),
    ]


def _run(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "run-deployment", "source": "selected", "deployment_id": deployment_id(name), **more}
