"""The first key of a deployed stack, made with the caller's own AWS credentials: whoever may write the table may."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.keys import create_api_key
from whenflow.aws.system import SystemClock, SystemIds
from whenflow.errors import NotFound, Transient

TABLE, URL = "ConfigTableName", "ApiUrl"


@dataclass(frozen=True, slots=True)
class FirstKey:
    """A key that may do everything, and where it is good; the key is not shown in `repr`."""

    key: str = field(repr=False)
    api_url: str


def bootstrap(stack: str, name: str, region: str | None = None) -> FirstKey:
    """Make a key that may do everything. Each call makes another.

    Args:
        stack: Name of the CloudFormation stack.
        name: What to call the key.
        region: Where the stack is; by default where the credentials' profile says.

    Raises:
        NotFound: There is no such stack, or it is none of Whenflow's.
        Transient: AWS refused, or could not be reached; the message says why.
    """
    try:
        session = boto3.Session(region_name=region)
        outputs = _outputs(session.client("cloudformation"), stack)
        if not {TABLE, URL} <= outputs.keys():
            raise NotFound(f"The stack {stack} is no Whenflow: it has no output {TABLE}.")
        store = DynamoConfigStore(session.client("dynamodb"), outputs[TABLE])
        key = create_api_key(store, name, SystemClock(), SystemIds(shards=1))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise NotFound(f"There is no stack {stack} in this region.") from None
        raise Transient(f"AWS refused: {error}") from None
    except BotoCoreError as error:
        raise Transient(f"AWS was not asked: {error}") from None
    return FirstKey(key, outputs[URL])


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
