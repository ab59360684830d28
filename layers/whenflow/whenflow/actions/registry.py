"""What performs each type of action."""

from collections.abc import Mapping
from typing import Any

from whenflow.actions import flow_runs, messages, switches
from whenflow.actions.do_nothing import do_nothing
from whenflow.actions.outcome import Executed
from whenflow.actions.tools import Perform, Tools
from whenflow.automations.firing import Firing
from whenflow.events import Event


def _run_deployment(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    return tools.deployments.run(action, firing, index, event)


PERFORMERS: dict[str, Perform] = {
    "do-nothing": do_nothing,
    "run-deployment": _run_deployment,
    "pause-deployment": switches.switch_deployment,
    "resume-deployment": switches.switch_deployment,
    "pause-work-pool": switches.switch_work_pool,
    "resume-work-pool": switches.switch_work_pool,
    "pause-work-queue": switches.switch_work_queue,
    "resume-work-queue": switches.switch_work_queue,
    "pause-automation": switches.switch_automation,
    "resume-automation": switches.switch_automation,
    "cancel-flow-run": flow_runs.cancel_flow_run,
    "suspend-flow-run": flow_runs.suspend_flow_run,
    "resume-flow-run": flow_runs.resume_flow_run,
    "delete-flow-run": flow_runs.delete_flow_run,
    "change-flow-run-state": flow_runs.change_flow_run_state,
    "send-notification": messages.send_notification,
    "send-email-notification": messages.send_email_notification,
    "call-webhook": messages.call_webhook,
    "declare-incident": messages.declare_incident,
}
