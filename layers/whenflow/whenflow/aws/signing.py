"""Requests signed with AWS credentials (SigV4), for an API that IAM guards."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from whenflow.errors import Forbidden

SERVICE = "execute-api"
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.")


class Signer:
    """Signs with the credentials of the environment, the profile or the machine."""

    def __init__(self) -> None:
        """Find the credentials when they are first needed; they may have to be renewed later."""
        self._session = boto3.Session()

    def headers(self, method: str, url: str, body: bytes, given: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that make a request a signed one.

        Args:
            method: In capitals.
            url: Whole, with its query.
            body: As it is sent.
            given: Headers to be signed as well.

        Raises:
            Forbidden: There are no credentials, or no region is known.
        """
        try:
            credentials = self._session.get_credentials()
            frozen = credentials.get_frozen_credentials() if credentials else None
        except BotoCoreError as error:
            raise Forbidden(f"No AWS credentials: {error}") from None
        if frozen is None:
            raise Forbidden("No AWS credentials were found: set AWS_PROFILE, or log in.")
        request = AWSRequest(method, url, headers=dict(given), data=body)
        SigV4Auth(frozen, SERVICE, self._region(url)).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    def _region(self, url: str) -> str:
        named = _REGION.search(urlsplit(url).hostname or "")
        region = named[1] if named else self._session.region_name
        if not region:
            raise Forbidden("No region is known to sign for: set AWS_REGION.")
        return str(region)
