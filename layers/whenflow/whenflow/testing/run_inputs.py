"""What is given to flow runs, in memory."""

from collections.abc import Sequence

from whenflow.errors import Conflict
from whenflow.ports import RunInput


class MemoryRunInputs:
    """Inputs in a dictionary."""

    def __init__(self) -> None:
        """Start empty."""
        self._given: dict[tuple[str, str], RunInput] = {}

    def add(self, run_id: str, given: RunInput) -> None:
        """Keep an input."""
        if (run_id, given.key) in self._given:
            raise Conflict(f"The flow run has an input {given.key} already.")
        self._given[run_id, given.key] = given

    def get(self, run_id: str, key: str) -> RunInput | None:
        """Return the input of a key."""
        return self._given.get((run_id, key))

    def of_run(self, run_id: str, prefix: str) -> Sequence[RunInput]:
        """Return the inputs of a run whose keys begin like this, in the order in which they were given."""
        found = [one for (owner, key), one in self._given.items() if owner == run_id and key.startswith(prefix)]
        return sorted(found, key=lambda one: (one.created, one.key))

    def remove(self, run_id: str, key: str) -> bool:
        """Remove an input; False where there is none."""
        return self._given.pop((run_id, key), None) is not None
