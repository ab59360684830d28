"""Where IAM is enforced (AUTH=true), loopback counts as a secure transport: nothing on it leaves this machine.

The template's queues and bucket refuse everything that does not come over TLS, and the emulator speaks plain HTTP.
"""

from typing import Any

from whenflow.local.emulator.engine import engine

SECURE_TRANSPORT = "aws:securetransport"


def apply() -> None:
    """Answer the question for the transport; leave all others to ministack."""
    evaluator = engine("core.iam_evaluator")
    resolve = evaluator._resolve_condition_key

    def resolve_on_loopback(key: str, context: Any) -> Any:
        return "true" if key.lower() == SECURE_TRANSPORT else resolve(key, context)

    evaluator._resolve_condition_key = resolve_on_loopback
