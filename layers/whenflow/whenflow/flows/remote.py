"""The REST API, for flows and deployments outside the stack. Standard library only, but where requests are signed."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlparse

from whenflow.errors import Conflict, Forbidden, Locked, NotFound, Rejected, Transient

if TYPE_CHECKING:
    from whenflow.aws.signing import Signer

JSON = "application/json"
TIMEOUT_SECONDS = 10
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
LOCKED = 423
STATE_FILE = Path(".whenflow") / "local.json"
KINDS: Mapping[int, type[Exception]] = {404: NotFound, 409: Conflict, 410: NotFound}


class Client(Protocol):
    """Calls the REST API of one Whenflow."""

    def call(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Send a request and return the status and the parsed body.

        Args:
            method: Of HTTP.
            path: Below the API's address, from its slash on.
            document: What is sent as JSON.

        Raises:
            Rejected: The API refuses it.
            NotFound: There is no such thing.
            Conflict: It does not go with what is there.
            Locked: All slots of a concurrency limit are taken.
            Transient: The API cannot be reached, or asks to try again.
        """
        ...


@dataclass(frozen=True, slots=True)
class RemoteClient:
    """Calls the API over HTTP.

    Attributes:
        signer: Signs requests with AWS credentials, in place of the key; None where the API takes keys.
    """

    api_url: str
    api_key: str
    signer: "Signer | None" = None

    @classmethod
    def from_environment(cls) -> "RemoteClient | None":
        """Return the API that the environment or a running local stack names, if any."""
        environment = os.environ  # noqa: TID251 - on a laptop the SDK has no other settings
        url, key = environment.get("WHENFLOW_API_URL"), environment.get("WHENFLOW_API_KEY")
        if url:
            signer = _signer() if environment.get("WHENFLOW_API_AUTHORIZATION") == "iam" else None
            return cls(url.rstrip("/"), key or "", signer)
        for directory in (Path.cwd(), *Path.cwd().parents):
            if (found := directory / STATE_FILE).is_file():
                local: dict[str, Any] = json.loads(found.read_text())
                return cls(local["api_url"], local["api_key"])
        return None

    def call(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Send a request and return the status and the parsed body."""
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is the user's own setting
            self.api_url + path, data, self._headers(method, path, data or b""), method=method
        )
        try:
            with _opener(self.api_url).open(request, timeout=TIMEOUT_SECONDS) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise self._refusal(error, method, path) from None
        except (OSError, ValueError) as error:
            raise Transient(f"The API at {self.api_url} cannot be reached: {error}") from None

    def _headers(self, method: str, path: str, data: bytes) -> dict[str, str]:
        if self.signer is None:
            return {"Authorization": f"Bearer {self.api_key}", "Content-Type": JSON}
        try:
            given = {"Host": urlparse(self.api_url).netloc, "Content-Type": JSON}
            return self.signer.headers(method, self.api_url + path, data, given)
        except Forbidden as error:
            raise Rejected(str(error)) from None

    def _refusal(self, error: urllib.error.HTTPError, method: str, path: str) -> Exception:
        body = error.read(10_000).decode("utf-8", "replace")
        if error.code == TOO_MANY_REQUESTS or error.code >= SERVER_ERROR:
            return Transient(f"The API could not take {method} {path} ({error.code}): {body}")
        told = f"The API refused {method} {path} ({error.code}): {body}"
        if error.code == LOCKED:
            wait = error.headers.get("Retry-After")
            return Locked(told, float(wait) if wait else None)
        return KINDS.get(error.code, Rejected)(told)


def _signer() -> "Signer":
    try:
        from whenflow.aws.signing import Signer
    except ModuleNotFoundError as error:
        raise Rejected(f"Signing needs {error.name}: pip install boto3") from None
    return Signer()


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Return what opens an address; a proxy for the world is no way to this machine."""
    if urlparse(url).hostname in {"127.0.0.1", "localhost", "::1"}:
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener()
