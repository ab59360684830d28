"""Every few minutes: hours of events and of runs that are over are counted and indexed; those of events archived."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.observe import logger

MARGIN_SECONDS = 180


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Close hours until there are none, or little time is left; what is left is closed by the next invocation.

    Asked for `layers`, it only looks at what came in lately, for hours that are still open.
    """
    if event.get("only") == "layers":
        return {"layers": wiring.layer_keeper().look()}
    runs = wiring.run_keeper().close_hours(_seconds_left(context) / 2)
    events = wiring.hour_keeper().close_hours(_seconds_left(context))
    if failed := events.failed + runs.failed:
        raise RuntimeError(f"{failed} hours could not be closed; the log says why")
    return {"closed": events.closed, "finished": events.is_finished, "hours_of_runs": runs.closed}


def _seconds_left(context: Any) -> float:
    return float(context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS)
