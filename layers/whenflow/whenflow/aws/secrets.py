"""Secrets in Systems Manager and Secrets Manager, remembered for five minutes.

Whoever sends bad signatures makes the webhook function ask for its secrets anew. Each is therefore asked for at most
once in half a minute, and so is one that is not there.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import NotFound, Transient
from whenflow.webhooks.secrets import SECRETS_MANAGER, SSM, secret_text

FRESH_SECONDS = 300.0
REFRESH_SECONDS = 30.0
MAX_CACHED = 1_000
NOT_THERE = frozenset(
    {
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidKeyId",
        "InvalidRequestException",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "ResourceNotFoundException",
        "ValidationException",
    }
)


@dataclass(frozen=True, slots=True)
class _Cached:
    """A secret, or that there is none, and when it was asked for."""

    at: float
    value: str | None


class AwsSecrets:
    """The secrets."""

    def __init__(self, client_of: Callable[[str], Any], stack_name: str) -> None:
        """Keep secrets below this stack's name; a service's client is made when it is first needed."""
        self._client_of = client_of
        self._prefix = f"/{stack_name}/"
        self._cached: dict[str, _Cached] = {}

    def get(self, reference: str, *, fresh: bool = False) -> str:
        """Return a secret, at most five minutes old; `fresh` asks for it anew, but not more often than it may.

        Raises:
            NotFound: There is no such secret, or it may not be read.
            Transient: Try again.
        """
        name, _, key = reference.partition("#")
        value = self._value(name, fresh)
        if value is None:
            raise NotFound(f"There is no secret {name}, or this function may not read it.")
        return secret_text(value, name, key)

    def put(self, name: str, value: str) -> str:
        """Keep a secret under this stack's own prefix, over the one that was there; return its reference.

        Raises:
            Transient: Try again.
        """
        path = self._prefix + name
        try:
            self._client_of("ssm").put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from error
        reference = SSM + path
        self._cached.pop(reference, None)
        return reference

    def delete(self, reference: str) -> None:
        """Forget a secret that `put` kept; one that is not there, or is not ours, is no fault.

        Raises:
            Transient: Try again.
        """
        path = reference.removeprefix(SSM)
        if not (reference.startswith(SSM) and path.startswith(self._prefix)):
            return
        self._cached.pop(reference, None)
        try:
            self._client_of("ssm").delete_parameter(Name=path)
        except (ClientError, BotoCoreError) as error:
            if _code(error) != "ParameterNotFound":
                raise _translated(error) from error

    def _value(self, name: str, fresh: bool) -> str | None:
        now = time.monotonic()
        cached = self._cached.get(name)
        if cached and now - cached.at < (REFRESH_SECONDS if fresh or cached.value is None else FRESH_SECONDS):
            return cached.value
        value = self._read(name)
        if len(self._cached) >= MAX_CACHED:
            self._cached.clear()
        self._cached[name] = _Cached(now, value)
        return value

    def _read(self, name: str) -> str | None:
        try:
            if name.startswith(SSM):
                found = self._client_of("ssm").get_parameter(Name=name.removeprefix(SSM), WithDecryption=True)
                return str(found["Parameter"]["Value"])
            if name.startswith(SECRETS_MANAGER):
                id_ = name.removeprefix(SECRETS_MANAGER)
                secret = self._client_of("secretsmanager").get_secret_value(SecretId=id_)
                return str(secret["SecretString"]) if "SecretString" in secret else None
        except (ClientError, BotoCoreError) as error:
            if _code(error) in NOT_THERE:
                return None
            raise _translated(error) from error
        return None


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _translated(error: Exception) -> Transient:
    """Say which error it was; its text may show what was sent."""
    return Transient(f"The secrets cannot be reached: {_code(error) or type(error).__name__}")
