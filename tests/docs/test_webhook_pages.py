"""The pages on presets: every command in them is run, and does what the page says."""

import re
from datetime import UTC, datetime

import pytest
from tests.calls import KEY
from tests.cli.product import running_product
from tests.docs.pages import WEBHOOKS, Reader, commands

from whenflow.cli.webhooks import app
from whenflow.webhooks.presets import PRESETS

STORED = {
    "cloudevents": [("order.placed", "order-17"), ("order.placed", "order-18")],
    "github": [("github.push", "github.com/octo-org/hello-world")],
    "hmac": [("build.failed", "website")],
    "kafka": [("kafka.record-received", "kafka://signups/0")],
    "shopify": [("shopify.orders.create", "hats.myshopify.com/820982911946154508")],
    "slack": [("slack.message", "slack.com/T1/C1")],
    "standard-webhooks": [("contact.created", "contact-17")],
    "stripe": [("stripe.charge.failed", "stripe.com/charge/ch_1")],
}


@pytest.fixture
def product():
    """The product, at the real time: signatures hold the time at which they were made."""
    with running_product() as (product, url):
        product.clock.advance((datetime.now(UTC) - product.clock.now()).total_seconds())
        yield product, url


@pytest.mark.parametrize("name", STORED)
def test_the_commands_of_a_page_make_the_events_that_it_says(name, product, tmp_path):
    made, url = product
    page = WEBHOOKS / f"{name}.md"

    printed = Reader(tmp_path, f"{url}/api", KEY).follow(page)

    events = made.events.stored.values()
    assert [(event.event, event.resource_id) for event in events] == STORED[name], printed
    assert printed.count("HTTP/1.0 204") == len(STORED[name])
    text = page.read_text("utf-8")
    for event, resource in STORED[name]:
        assert f"`{event}`" in text
        assert f"`{resource}`" in text


def test_every_preset_has_a_page_and_stands_in_the_overview():
    overview = (WEBHOOKS / "README.md").read_text("utf-8")

    assert set(PRESETS) | {"hmac"} == set(STORED)
    assert {page.stem for page in WEBHOOKS.glob("*.md")} - {"README"} == set(STORED)
    assert re.findall(r"^\| \[(\S+)\]\(\1\.md\)", overview, re.MULTILINE) == list(PRESETS)
    for name in STORED:
        assert f"({name}.md)" in overview


def test_no_page_lets_a_secret_into_the_command_line():
    for name in STORED:
        for block in commands(WEBHOOKS / f"{name}.md"):
            assert not re.search(r"--secret (?!ask|env:|@|ssm:|secretsmanager:)", block)


def test_every_link_between_pages_leads_somewhere():
    for page in WEBHOOKS.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).is_file(), f"{page.name}: {target}"


def test_every_command_of_webhooks_stands_in_their_page():
    text = (WEBHOOKS.parent / "webhooks.md").read_text("utf-8").partition("## By the command")[2]

    for command in app:
        if not command.startswith("-"):
            assert re.search(rf"`(whenflow webhook )?{command}[ `]", text), command
