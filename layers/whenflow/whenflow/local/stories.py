"""The stories of the README as documents: what is set up, and what sets it off."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
MARK = "Made by `make demo`, which replaces it when it plays again."

SIGNED_UP = "customer.signed-up"
OBJECT_CREATED = "aws.s3.object-created"
FILE_PROCESSED = "custom.file_processed"
PULL_REQUEST_OPENED = "github.pull_request.opened"

KEY = "incoming/clients.csv"
CSV = b"userid,name\nu-1,Ada\nu-2,Grace\n"

SIGNUPS: Document = {
    "name": "signups",
    "description": MARK,
    "template": """{
  "event": "customer.signed-up",
  "resource": {"prefect.resource.id": "customer.{{ body.userid }}", "prefect.resource.name": "{{ body.name }}"},
  "payload": {{ body | tojson }}
}""",
}

GITHUB: Document = {
    "name": "github",
    "description": MARK,
    "template": """{
  "event": "github.{{ headers['x-github-event'] }}.{{ body.action }}",
  "resource": {
    "prefect.resource.id": "github.pull-request.{{ body.repository.full_name }}/{{ body.number }}",
    "prefect.resource.name": {{ body.pull_request.title | tojson }}
  },
  "related": [
    {"prefect.resource.id": "github.repository.{{ body.repository.full_name }}", "prefect.resource.role": "repository"},
    {"prefect.resource.id": "github.user.{{ body.sender.login }}", "prefect.resource.role": "sender"}
  ],
  "payload": {"number": {{ body.number }}, "author": "{{ body.pull_request.user.login }}"}
}""",
}


def welcome_customers(deployment_id: str) -> Document:
    """Return the automation of the signup story."""
    parameters = {"name": "{{ event.payload.userid }}"}
    return _automation("Welcome new customers", SIGNED_UP, "customer.*", deployment_id, parameters)


def process_files(deployment_id: str, bucket: str) -> Document:
    """Return the first automation of the file story."""
    parameters = {"file_name": "{{ event.payload.key }}"}
    return _automation("Process new files", OBJECT_CREATED, f"s3://{bucket}/incoming/*", deployment_id, parameters)


def welcome_clients(deployment_id: str) -> Document:
    """Return the second automation of the file story: it reacts to what the first one's flow says."""
    parameters = {"name": "the clients in {{ event.resource.id }}"}
    return _automation("Welcome the clients of a file", FILE_PROCESSED, "file.*", deployment_id, parameters)


def thank_contributors(deployment_id: str) -> Document:
    """Return the automation of the GitHub story."""
    parameters = {"name": "{{ event.payload.author }}"}
    return _automation("Thank contributors", PULL_REQUEST_OPENED, "github.pull-request.*", deployment_id, parameters)


def for_clients(function_arn: str) -> Document:
    """Return the deployment that the second automation of the file story runs."""
    variables = {"function_arn": function_arn}
    return {"name": "clients", "flow_name": "new_user_flow", "work_pool_name": "lambda", "job_variables": variables}


def kafka_message(userid: str) -> bytes:
    """Return what the HTTP sink connector posts for a message of the signup topic."""
    return json.dumps({"userid": userid, "name": "Ada"}, ensure_ascii=False).encode()


def github_headers() -> dict[str, str]:
    """Return the headers of a fresh delivery by GitHub; the same delivery sent again has the same."""
    return {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-event": "pull_request",
        "x-github-delivery": str(uuid.uuid4()),
    }


def _automation(name: str, event: str, resource: str, deployment_id: str, parameters: dict[str, str]) -> Document:
    match = {"prefect.resource.id": resource}
    trigger = {"type": "event", "posture": "Reactive", "expect": [event], "match": match, "threshold": 1, "within": 0}
    run = {"type": "run-deployment", "source": "selected", "deployment_id": deployment_id, "parameters": parameters}
    return {"name": name, "description": MARK, "trigger": trigger, "actions": [run]}
