"""Addresses as Prefect's pages have them, which `ui_url` in templates gives, and the pages of ours that they mean."""

import re

from whenflow.ui import links
from whenflow.ui.requests import Request
from whenflow.ui.session import HOME

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PAGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"{HOME}/{pattern}\Z", re.IGNORECASE), HOME + page)
    for pattern, page in (
        (rf"runs/flow-run/({UUID})", r"/runs/\1"),
        (r"runs/task-run/[^/]+", "/runs"),
        (rf"automations/automation/({UUID})", r"/automations/\1"),
        (rf"deployments/deployment/({UUID})", r"/deployments/\1"),
        (r"(?:flows/flow|work-pools/work-pool|work-queues/work-queue)/[^/]+", "/deployments"),
        (rf"events/event/[^/]+/({UUID})", r"/events/\1"),
    )
)
FEED = f"{HOME}/events"


def page_meant(request: Request) -> str | None:
    """Return the page that is meant by an address as Prefect has it, or None where it is none."""
    if request.path == FEED and "resource" in request.query:
        return links.page_of(request.query["resource"]) or HOME
    found = ((pattern.match(request.path), page) for pattern, page in PAGES)
    return next((match.expand(page) for match, page in found if match), None)
