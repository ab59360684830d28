"""The local stack enforces IAM. Without this, all other tests would say nothing about the template's roles."""

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Stack, unique

pytestmark = pytest.mark.stack


def test_who_was_granted_nothing_reads_nothing(stack: Stack, machine: LocalStack) -> None:
    iam, user = stack.aws("iam"), unique("nobody")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    stranger = boto3.client(
        "dynamodb",
        endpoint_url=stack.aws("dynamodb").meta.endpoint_url,
        region_name=stack.aws("dynamodb").meta.region_name,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.scan(TableName=stack.outputs["EventsTableName"])
