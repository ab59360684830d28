"""Every few minutes: hours in which no event is stored any more are counted, indexed and archived."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.observe import logger

MARGIN_SECONDS = 180


@logger.inject_lambda_context(log_event=False)
def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Close hours until there are none, or little time is left; what is left is closed by the next invocation."""
    left = context.get_remaining_time_in_millis() / 1000
    report = wiring.hour_keeper().close_hours(left - MARGIN_SECONDS)
    if report.failed:
        raise RuntimeError(f"{report.failed} hours could not be closed; the log says why")
    return {"closed": report.closed, "finished": report.is_finished}
