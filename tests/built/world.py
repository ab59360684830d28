"""What the samples in events/ refer to: a webhook, automations, a deployment, an API key and four flow runs."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from tests.built.stack import World, sample_writer
from tests.template.loading import ROOT

from whenflow.api.keyring import ApiKey, key_hash
from whenflow.automations import automation_from_document
from whenflow.automations.model import with_identity
from whenflow.ports import Reference
from whenflow.runs import FlowRun, StateDetails, StateType
from whenflow.webhooks.model import SLUG_KIND, slug_hash

TEMPLATE = """{
  "event": "user.signed-up",
  "resource": {"prefect.resource.id": "user.{{ body.userid }}", "prefect.resource.name": "{{ body.name }}"},
  "payload": {{ body | tojson }}
}"""
ROLE = "arn:aws:iam::000000000000:role/test"
NEW_USER_RUN = "880ac44d-a898-5def-b864-960f78564099"
EXECUTION_RUN = "20c6356d-2297-5ff9-b996-cac6e05f9e88"
FAILED_RUN = "efceb367-a990-593d-a97a-0736e6b7cc7d"
SCHEDULED_RUN = "4b1d7c3e-6f20-5a8b-9c4d-1e2f3a4b5c77"


def prepare(world: World) -> None:
    """Set it all up."""
    _webhook(world)
    _automation(world)
    _silence(world)
    _deployment(world)
    hashed = key_hash(_key_in("api_post_events"))
    key = ApiKey(hashed, world.ids.new(), "samples", ["emit"], world.clock.now())
    world.config.create("api-key", hashed, key.as_stored())
    world.firings.put(sample_writer().welcome(sample_writer().signup()))
    for run_id, flow, parameters in (
        (NEW_USER_RUN, "new-user-flow", {"name": "u-4711"}),
        (EXECUTION_RUN, "process-new-file", {"file_name": "incoming/clients.csv"}),
        (FAILED_RUN, "new-user-flow", {"name": "u-4712"}),
    ):
        world.ledger.create(_run(world, run_id, flow, parameters))
        world.ledger.move(run_id, StateType.PENDING)
    _scheduled_run(world)


def _webhook(world: World) -> None:
    now = world.clock.now().isoformat()
    slug = _sample("webhook_signup")["pathParameters"]["slug"]
    webhook_id = sample_writer().WEBHOOK
    webhook = {
        "id": webhook_id,
        "name": "signups",
        "template": TEMPLATE,
        "created": now,
        "updated": now,
        "slug_hash": slug_hash(slug),
    }
    world.config.create("webhook", webhook_id, webhook, [Reference(SLUG_KIND, slug_hash(slug))])


def _automation(world: World) -> None:
    document = {
        "name": "welcome new users",
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["user.signed-up"]},
        "actions": [{"type": "do-nothing"}],
    }
    id_ = sample_writer().AUTOMATION
    begun = sample_writer().NOW  # before the event of the sample was received
    automation = with_identity(automation_from_document(document), id_, begun, begun)
    world.config.create("automation", id_, automation.as_stored())


def _silence(world: World) -> None:
    """An automation that has been waiting for an order for an hour, and tells after each minute without one."""
    ring = json.loads(_sample("timer_ring")["Records"][0]["body"])
    document = {
        "name": "no order",
        "trigger": {"type": "event", "posture": "Proactive", "expect": ["order.placed"], "within": 60},
        "actions": [{"type": "do-nothing"}],
    }
    begun = world.clock.now() - timedelta(hours=1)
    automation = with_identity(automation_from_document(document), ring["automation_id"], begun, begun).as_stored()
    automation["trigger"]["id"] = ring["trigger_id"]
    world.config.create("automation", ring["automation_id"], automation)


def _deployment(world: World) -> None:
    world.state_machine_arn = world.client("stepfunctions").create_state_machine(
        name=f"machine-{sha256(str(world.tables).encode()).hexdigest()[:8]}",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    deployment = {
        "id": sample_writer().DEPLOYMENT,
        "name": "welcome",
        "flow_id": world.ids.new(),
        "flow_name": "new-user-flow",
        "work_pool_name": "step-functions",
        "job_variables": {"state_machine_arn": world.state_machine_arn},
        "parameters": {},
        "tags": [],
    }
    world.config.create("deployment", deployment["id"], deployment)


def _scheduled_run(world: World) -> None:
    """A run of the state machine that was scheduled for a second ago."""
    due = StateDetails(scheduled_time=world.clock.now() - timedelta(seconds=1))
    run = replace(
        _run(world, SCHEDULED_RUN, "process-new-file", {"file_name": "incoming/late.csv"}),
        work_pool_name="step-functions",
        job_variables={"state_machine_arn": world.state_machine_arn},
        states=(world.ledger.new_state(SCHEDULED_RUN, StateType.SCHEDULED, details=due),),
    )
    world.ledger.create(run)


def _run(world: World, run_id: str, flow: str, parameters: dict[str, str]) -> FlowRun:
    return FlowRun(
        id=run_id,
        name=f"sample-{run_id[:4]}",
        flow_id=world.ids.new(),
        flow_name=flow,
        deployment_id=None,
        deployment_name=None,
        work_pool_name="lambda",
        parameters=parameters,
        tags=(),
        created=world.clock.now(),
        states=(world.ledger.new_state(run_id, StateType.SCHEDULED),),
    )


def _sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return loaded


def _key_in(name: str) -> str:
    return str(_sample(name)["headers"]["authorization"]).removeprefix("Bearer ")
