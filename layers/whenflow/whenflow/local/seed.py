"""What a fresh local stack needs before anybody can use it: an API key, and the example deployments."""

from typing import Any

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.keys import create_api_key
from whenflow.aws.system import SystemClock, SystemIds
from whenflow.local.client import UNAUTHORIZED, Api, ApiError
from whenflow.local.process import endpoint
from whenflow.local.room import Room
from whenflow.local.stack import aws_client

KEY_NAME = "local"


def ensure_key(room: Room, port: int, outputs: dict[str, str]) -> str:
    """Return the API key of this room: the one of the last start where it still works, a new one otherwise."""
    known = room.memory().get("api_key")
    if isinstance(known, str) and _works(known, port):
        return known
    store = DynamoConfigStore(aws_client("dynamodb", port), outputs["ConfigTableName"])
    key = create_api_key(store, KEY_NAME, SystemClock(), SystemIds(shards=1))
    room.remember(api_key=key)
    return key


def ensure_deployments(api: Api, outputs: dict[str, str]) -> None:
    """Register the example flows; the API keeps those that are there."""
    for deployment in example_deployments(outputs):
        api.post("/deployments/", deployment)


def example_deployments(outputs: dict[str, str]) -> list[dict[str, Any]]:
    """Return the deployments of the README's example flows."""
    in_lambda = {"work_pool_name": "lambda", "job_variables": {"function_arn": outputs["FlowsFunctionArn"]}}
    in_machine = {
        "work_pool_name": "step-functions",
        "job_variables": {"state_machine_arn": outputs["ProcessNewFileStateMachineArn"]},
    }
    return [
        {"name": "lambda", "flow_name": "new_user_flow", **in_lambda},
        {"name": "lambda", "flow_name": "process_new_file", **in_lambda},
        {"name": "step-functions", "flow_name": "process_new_file", **in_machine},
    ]


def _works(key: str, port: int) -> bool:
    with Api(f"{endpoint(port)}/api", key) as api:
        try:
            api.get("/events", limit=1)
        except ApiError as error:
            if error.status == UNAUTHORIZED:
                return False
            raise
    return True
