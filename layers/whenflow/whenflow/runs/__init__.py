"""Flow runs: their states, which state may follow which, and the event that each change is. Pure but for ports."""

from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import State, StateDetails, StateType
from whenflow.runs.transitions import Refused

__all__ = ["FlowRun", "Refused", "RunLedger", "State", "StateDetails", "StateType"]
