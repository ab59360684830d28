"""Queue mappings deliver only while the gate is open: not before functions can reach the emulator, not while it stops.

A delivery outside that time fails, and its messages stay hidden for the whole visibility time-out.
"""

from whenflow.local.emulator.engine import engine
from whenflow.local.emulator.gate import GATE


def apply() -> None:
    """Make the poller of queues ask at the gate."""
    functions = engine("services.lambda_svc")
    poll = functions._poll_sqs

    def poll_while_open() -> bool:
        return GATE.is_open and bool(poll())

    functions._poll_sqs = poll_while_open
