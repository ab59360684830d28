"""Lambda, as far as it takes invocations in: they are heard and answered, and nothing runs."""

import json
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


class Invocations:
    """Listens to a client of Lambda, and answers as Lambda does when it takes an invocation in.

    Attributes:
        calls: The parameters of each call.
    """

    def __init__(self, client: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.lambda.Invoke", self._hear)
        client.meta.events.register("before-call.lambda.Invoke", self._answer)

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """What the functions would have been invoked with."""
        return [json.loads(call["Payload"]) for call in self.calls]

    def _hear(self, params: dict[str, Any], **_: Any) -> None:
        self.calls.append(params)

    def _answer(self, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        return AWSResponse("", 202, HTTPHeaders(), None), {
            "StatusCode": 202,
            "ResponseMetadata": {"HTTPStatusCode": 202},
        }
