"""Where IAM is enforced: roles and policies count, and loopback counts as TLS."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.local.emulator.cloud import Cloud

from whenflow.local import process

ONLY_TLS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An embedded AWS that enforces IAM."""
    emulator = process.start(tmp_path_factory.mktemp("strict"), process.listen(0), {"AUTH": "true"})
    yield Cloud(emulator)
    emulator.stop()


def test_a_queue_that_insists_on_tls_takes_messages_on_loopback(strict: Cloud) -> None:
    url, _ = strict.queue(Policy=json.dumps(ONLY_TLS))

    strict.client("sqs").send_message(QueueUrl=url, MessageBody="1")

    assert strict.messages(url) == [1]


def test_a_bucket_that_insists_on_tls_takes_objects_on_loopback(strict: Cloud) -> None:
    client = strict.client("s3")
    client.create_bucket(Bucket="insists")
    client.put_bucket_policy(Bucket="insists", Policy=json.dumps(ONLY_TLS))

    client.put_object(Bucket="insists", Key="clients.csv", Body=b"1")

    assert client.get_object(Bucket="insists", Key="clients.csv")["Body"].read() == b"1"


def test_who_has_no_permission_is_refused(strict: Cloud, tmp_path: Path) -> None:
    iam = strict.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    client = boto3.client(
        "dynamodb",
        endpoint_url=strict.emulator.endpoint_url,
        region_name=process.REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_tables()
