"""The documents of the demo are such as the product takes."""

import json
from typing import Any

import pytest

from whenflow.automations import automation_from_document
from whenflow.local import samples, stories
from whenflow.webhooks.model import webhook_from_document


@pytest.mark.parametrize("webhook", [stories.SIGNUPS, stories.GITHUB])
def test_each_webhook_is_valid(webhook: Any) -> None:
    assert webhook_from_document(webhook).template == webhook["template"]


@pytest.mark.parametrize(
    "automation",
    [
        stories.welcome_customers("d"),
        stories.process_files("d", "bucket"),
        stories.welcome_clients("d"),
        stories.thank_contributors("d"),
    ],
)
def test_each_automation_is_valid(automation: Any) -> None:
    automation["actions"][0]["deployment_id"] = "01a1faf6-5df4-75bf-b5e8-49ef56c1426d"

    assert automation_from_document(automation).name == automation["name"]


def test_a_message_is_what_the_connector_posts() -> None:
    assert json.loads(stories.kafka_message("u-1")) == {"userid": "u-1", "name": "Ada"}


def test_the_payload_of_github_is_the_real_example() -> None:
    payload = json.loads(samples.github_pull_request_opened())

    assert (payload["action"], payload["number"]) == ("opened", 2)
    assert payload["repository"]["full_name"] == "Codertocat/Hello-World"
    assert "Permission is hereby granted" in (samples.__doc__ or "")


def test_each_delivery_of_github_has_its_own_id() -> None:
    first, second = stories.github_headers(), stories.github_headers()

    assert first["x-github-event"] == "pull_request"
    assert first["x-github-delivery"] != second["x-github-delivery"]
