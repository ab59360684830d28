"""The cast of the tests: Ann signs up, clients.csv arrives, order 7 is placed. Told here once, used everywhere."""

from typing import Any

from whenflow.events import Event
from whenflow.testing import an_event
from whenflow.testing.doubles import START

NOON = START
"""The moment at which every story begins."""

ANN: dict[str, Any] = {"userid": "u-1", "name": "Ann"}
"""Ann's message, as the Kafka sink connector posts it."""

BUCKET = {
    "prefect.resource.id": "s3://incoming",
    "prefect.resource.role": "bucket",
    "prefect.resource.name": "incoming",
}

SIGNUP_TEMPLATE = """{
    "event": "user.signed-up",
    "resource": {"prefect.resource.id": "user.{{ body.userid }}", "prefect.resource.name": "{{ body.name }}"},
    "payload": {{ body | tojson }}
}"""

NOBODY = "00000000-0000-4000-8000-00000000dead"
"""An id that nothing has."""


def ann_signs_up(**changes: Any) -> Event:
    """Ann signs up."""
    return an_event(
        **{
            "name": "user.signed-up",
            "resource": {"prefect.resource.id": "user.u-1", "prefect.resource.name": "Ann"},
            "payload": ANN,
            **changes,
        }
    )


def clients_csv_arrives(**changes: Any) -> Event:
    """clients.csv is put into the bucket `incoming`."""
    return an_event(
        **{
            "name": "aws.s3.object-created",
            "resource": {
                "prefect.resource.id": "s3://incoming/clients.csv",
                "prefect.resource.name": "clients.csv",
            },
            "related": [BUCKET],
            "payload": {"bucket": "incoming", "key": "clients.csv", "size": 1024},
            **changes,
        }
    )


def order_placed(number: int = 7, **changes: Any) -> Event:
    """An order is placed, number 7 unless another is given."""
    return an_event(
        **{
            "name": "order.placed",
            "resource": f"order.{number}",
            "payload": {"number": number, "total": 12.5, "express": True, "lines": ["tea", "cups"], "note": None},
            **changes,
        }
    )


def order_document(number: int = 7, **changes: Any) -> dict[str, Any]:
    """Order 7 as a client sends it to the API."""
    return {
        "id": f"0190163d-8694-7000-8000-{number:012d}",
        "occurred": "2026-11-20T12:00:00Z",
        "event": "order.placed",
        "resource": {"prefect.resource.id": f"order.{number}"},
        "payload": {"number": number},
        **changes,
    }


def clients_csv_notification(key: str = "clients.csv", **changes: Any) -> dict[str, Any]:
    """What EventBridge tells when an object is put into the bucket `incoming`."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-20T12:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::incoming"],
        "detail": {
            "version": "0",
            "bucket": {"name": "incoming"},
            "object": {
                "key": key,
                "size": 1024,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "sequencer": "00617F08299329D189",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "1.2.3.4",
            "reason": "PutObject",
        },
        **changes,
    }


def signup_webhook(**changes: Any) -> dict[str, Any]:
    """The webhook of the signup story, as a client creates it."""
    return {"name": "signup", "template": SIGNUP_TEMPLATE, **changes}


def welcome_deployment(**changes: Any) -> dict[str, Any]:
    """The deployment that welcomes new users, on Lambda, as a client creates it."""
    return {
        "name": "welcome",
        "flow_name": "new-user-flow",
        "work_pool_name": "lambda",
        "job_variables": {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:flows"},
        **changes,
    }


def file_deployment(**changes: Any) -> dict[str, Any]:
    """The deployment that processes new files, on Step Functions, as a client creates it."""
    return {
        "name": "process",
        "flow_name": "process-new-file",
        "work_pool_name": "step-functions",
        "job_variables": {"state_machine_arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:process_new_file"},
        **changes,
    }


def run_of(deployment: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The action that runs a deployment."""
    return {"type": "run-deployment", "source": "selected", "deployment_id": deployment["id"], **changes}


def welcoming(deployment: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The automation that welcomes whoever signs up, as a client creates it."""
    return {
        "name": "welcome new users",
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["user.signed-up"]},
        "actions": [run_of(deployment, parameters={"name": "{{ event.payload.name }}"})],
        **changes,
    }
