"""Flow runs: their states, which state may follow which, and the event that each change is. Pure but for ports."""

from whenflow.runs.control import RunControl
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import State, StateDetails, StateType
from whenflow.runs.transitions import Refused, Status, Verdict

__all__ = [
    "FlowRun",
    "Refused",
    "RunControl",
    "RunLedger",
    "State",
    "StateDetails",
    "StateType",
    "Status",
    "Verdict",
]
