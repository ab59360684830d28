"""Signs the client's requests with AWS credentials, where the API is guarded by IAM."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import httpx2

from whenflow.cli.errors import NotAuthorized, NotConnected
from whenflow.errors import Forbidden

if TYPE_CHECKING:
    from whenflow.aws.signing import Signer

SIGNED = ("host", "content-type")


class SignedByAws(httpx2.Auth):
    """Signs each request."""

    requires_request_body = True

    def __init__(self) -> None:
        """Find credentials.

        Raises:
            NotConnected: boto3 is not installed.
        """
        self._signer = _signer()

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign a request and send it.

        Raises:
            NotAuthorized: There are no credentials.
        """
        given = {name: value for name in SIGNED if (value := request.headers.get(name))}
        try:
            signed = self._signer.headers(request.method, str(request.url), request.content, given)
        except Forbidden as error:
            raise NotAuthorized(str(error), hint="`aws sts get-caller-identity` shows who you are.") from None
        request.headers.update(signed)
        yield request


def _signer() -> "Signer":
    try:
        from whenflow.aws.signing import Signer
    except ModuleNotFoundError as error:
        raise NotConnected(f"Signing needs {error.name}.", hint="Install it: pip install boto3") from None
    return Signer()
