"""Documents that fit no item, in S3.

An object is named by its content: written again it is the same, and no delivery of an id can change what another one
left.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Transient

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PASSING = frozenset(
    {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"}
)
DIGEST_CHARS = 16


class Overflow:
    """What is too large for DynamoDB, under one beginning of a bucket's names."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str, prefix: str) -> None:
        """Work on this bucket; the client is made when it is first needed."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def keep(self, id_: str, data: bytes) -> str:
        """Keep bytes and return the name they are found under.

        Raises:
            Transient: Try again.
        """
        key = f"{self._prefix}/{id_}/{sha256(data).hexdigest()[:DIGEST_CHARS]}"
        call(lambda: self._client().put_object(Bucket=self._bucket, Key=key, Body=data))
        return key

    def fetch(self, key: str) -> bytes:
        """Return what is kept under a name.

        Raises:
            Transient: Try again.
        """

        def read() -> bytes:
            return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()

        data: bytes = call(read)
        return data


def call(work: Callable[[], Any]) -> Any:
    """Do something with S3; its passing failures come out as `Transient`."""
    try:
        return work()
    except ClientError as error:
        if error.response["Error"]["Code"] in PASSING:
            raise Transient(f"S3: {error.response['Error']['Code']}") from error
        raise
    except BotoCoreError as error:
        raise Transient(f"S3 cannot be reached: {type(error).__name__}") from error
