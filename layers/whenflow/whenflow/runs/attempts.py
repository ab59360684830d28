"""Which start of a run something is about: news of an earlier one says nothing of the present one."""

from uuid import UUID

from whenflow.runs.model import FlowRun

UUID_CHARS = 36


def execution_name(run: FlowRun) -> str:
    """Return the name of the execution of a run: its id, and the number of the start, if it is not the first."""
    return f"{run.id}-{run.attempt}" if run.attempt else run.id


def named_run(name: str) -> tuple[str, int] | None:
    """Return the run and the start that an execution's name names, or None where it is no flow run's."""
    run_id, attempt = name[:UUID_CHARS], name[UUID_CHARS:].removeprefix("-") or "0"
    try:
        known = str(UUID(run_id)) == run_id and attempt.isascii() and attempt.isdigit()
    except ValueError:
        return None
    return (run_id, int(attempt)) if known else None
