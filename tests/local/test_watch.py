"""The readable log of what happens."""

from pathlib import Path
from typing import Any

import pytest

from whenflow.local.watch import Complaints, Feed, complaint_in, line_of, one_line, style_of


def event(name: str, resource: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    labels = {"prefect.resource.id": "customer.1", **(resource or {})}
    return {
        "id": name,
        "event": name,
        "occurred": "2026-11-20T21:57:24.994263Z",
        "resource": labels,
        "related": [],
        "payload": {},
        **more,
    }


def test_an_event_is_one_line_with_its_resource_and_payload() -> None:
    line = line_of(event("customer.signed-up", payload={"userid": "u-1"})).plain

    assert line.split("  ")[0].endswith(".994")
    assert "customer.signed-up" in line and "customer.1" in line and '{"userid": "u-1"}' in line


def test_a_firing_says_why() -> None:
    cause = event("customer.signed-up")
    fired = event(
        "prefect.automation.triggered", {"prefect.resource.name": "Welcome"}, payload={"triggering_event": cause}
    )

    assert "Welcome  because of customer.signed-up on customer.1" in line_of(fired).plain


def test_a_failed_run_says_its_flow_and_its_reason_in_red() -> None:
    flow = {"prefect.resource.id": "prefect.flow.1", "prefect.resource.role": "flow", "prefect.resource.name": "load"}
    labels = {"prefect.resource.name": "sad-owl", "prefect.state-type": "FAILED", "prefect.state-message": "no\nfile"}
    failed = event("prefect.flow-run.Failed", labels, related=[flow])

    assert line_of(failed).plain.endswith("sad-owl  load: no file")
    assert style_of(failed) == "bold red"


def test_a_failed_action_says_its_reason() -> None:
    failed = event("prefect.automation.action.failed", payload={"reason": "there is no such deployment"})

    assert line_of(failed).plain.endswith("there is no such deployment")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"level": "INFO", "message": "fine"}', ""),
        ('{"level": "ERROR", "message": "webhook failed", "exception_name": "KeyError"}', "webhook failed: KeyError"),
        ("[ERROR] ValueError: no", "ValueError: no"),
        ("plain text with ERROR in it", ""),
        ('["ERROR"]', ""),
    ],
)
def test_only_errors_are_complaints(line: str, complaint: str) -> None:
    assert complaint_in(line) == complaint


def test_complaints_begin_with_what_is_new(tmp_path: Path) -> None:
    log = tmp_path / "functions.log"
    log.write_text("Matcher\t[ERROR] Old: long ago\n")
    complaints = Complaints(log)
    with log.open("a") as more:
        more.write("Matcher\t[ERROR] New: just now\nMatcher\tall is well\n")

    assert [line.plain.split("  ")[-1].strip() for line in complaints.news()] == ["Matcher: New: just now"]
    assert list(complaints.news()) == []


def test_a_feed_shows_each_event_once_and_oldest_first() -> None:
    class Api:
        events: list[dict[str, Any]] = [event("old")]

        def get(self, path: str, limit: int) -> Any:
            return {"events": self.events[:limit]}

    api = Api()
    feed = Feed(api)  # type: ignore[arg-type]
    api.events = [event("third"), event("second"), event("old")]

    assert [one["event"] for one in feed.news()] == ["second", "third"]
    assert feed.news() == []
    api.events = [event(f"burst-{number}") for number in range(120)]
    assert len(feed.news()) == 120


def test_long_texts_are_cut() -> None:
    assert one_line("a  b\n c") == "a b c"
    assert one_line("x" * 200) == "x" * 119 + "…"
