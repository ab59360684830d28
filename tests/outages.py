"""AWS calls that fail on purpose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError


def unreachable() -> Exception:
    """The connection breaks."""
    return EndpointConnectionError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com")


def refusal(code: str, **details: Any) -> ClientError:
    """AWS answers with an error code."""
    return ClientError({"Error": {"Code": code, "Message": "as the test asked"}, **details}, "Call")  # type: ignore[typeddict-item]


@contextmanager
def failing(
    client: Any, operation: str, error: Exception, *, when: Callable[[Any], bool] = bool, answer_lost: bool = False
) -> Iterator[None]:
    """Let an operation of a client fail while this is open.

    Args:
        client: The client.
        operation: Such as `PutItem`.
        error: What is raised.
        when: Told the parameters, says whether this call fails; every call does if left out.
        answer_lost: Whether the work is done and only the answer is lost.
    """
    hits: list[bool] = []

    def look(params: Any, **_: Any) -> None:
        hits.append(when(params))
        if hits[-1] and not answer_lost:
            raise error

    def lose(**_: Any) -> None:
        if hits[-1]:
            raise error

    service = client.meta.service_model.service_id.hyphenize()
    hooks: list[tuple[str, Callable[..., None]]] = [(f"provide-client-params.{service}.{operation}", look)]
    if answer_lost:
        hooks.append((f"after-call.{service}.{operation}", lose))
    for name, hook in hooks:
        client.meta.events.register(name, hook)
    try:
        yield
    finally:
        for name, hook in hooks:
            client.meta.events.unregister(name, hook)
