"""What the hot functions keep in memory, and for how long."""

from typing import Any

import pytest
from tests.stories import NOON, signup_webhook

from whenflow.aws import directories
from whenflow.aws.directories import CachedAutomations, CachedWebhooks
from whenflow.ports import Reference
from whenflow.testing import MemoryConfigStore, an_automation
from whenflow.webhooks.model import SLUG_KIND, Webhook, slug_hash


class Stopwatch:
    """Seconds, set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """The watch that the directories look at."""
    watch = Stopwatch()
    monkeypatch.setattr(directories, "time", watch)
    return watch


@pytest.fixture
def config() -> MemoryConfigStore:
    """Where webhooks and automations are kept."""
    return MemoryConfigStore()


def store_webhook(config: MemoryConfigStore, slug: str, **changes: Any) -> Webhook:
    webhook = Webhook(**signup_webhook(**changes), id="w-1", created=NOON, updated=NOON, slug_hash=slug_hash(slug))
    config.create("webhook", webhook.id, webhook.model_dump(mode="json"), [Reference(SLUG_KIND, webhook.slug_hash)])
    return webhook


def store_automation(config: MemoryConfigStore, name: str = "on order") -> None:
    automation = an_automation(name)
    config.create("automation", automation.id, automation.as_document())


def test_a_webhook_is_found_by_its_slug(config, watch):
    webhook = store_webhook(config, "open-sesame")

    assert CachedWebhooks(config).find("open-sesame") == webhook


def test_a_slug_that_nobody_has_finds_no_webhook(config, watch):
    store_webhook(config, "open-sesame")

    assert CachedWebhooks(config).find("open-barley") is None


def test_the_hash_of_a_slug_is_no_slug(config, watch):
    store_webhook(config, "open-sesame")

    assert CachedWebhooks(config).find(slug_hash("open-sesame")) is None


def test_a_slug_that_was_given_up_finds_nothing_even_if_its_reference_stayed(config, watch):
    webhook = store_webhook(config, "open-sesame")
    config.replace("webhook", webhook.id, webhook.model_dump(mode="json") | {"slug_hash": slug_hash("new")})

    assert CachedWebhooks(config).find("open-sesame") is None


def test_a_webhook_is_remembered_for_a_second(config, watch):
    directory = CachedWebhooks(config)
    webhook = store_webhook(config, "open-sesame")
    directory.find("open-sesame")
    config.delete("webhook", webhook.id)

    watch.seconds += 0.9
    assert directory.find("open-sesame") == webhook

    watch.seconds += 0.2
    assert directory.find("open-sesame") is None


def test_a_new_webhook_is_found_within_a_second_of_asking_for_it_in_vain(config, watch):
    directory = CachedWebhooks(config)
    directory.find("open-sesame")
    webhook = store_webhook(config, "open-sesame")

    watch.seconds += 1

    assert directory.find("open-sesame") == webhook


def test_guesses_do_not_fill_the_memory(config, watch, monkeypatch):
    monkeypatch.setattr(directories, "MAX_CACHED", 10)
    directory = CachedWebhooks(config)

    for guess in range(100):
        directory.find(f"guess-{guess}")

    assert len(directory._found) <= 10


def test_automations_are_known_as_they_are(config, watch):
    store_automation(config)

    assert CachedAutomations(config).current() == [an_automation()]


def test_a_change_of_an_automation_is_known_after_a_second(config, watch):
    directory = CachedAutomations(config)
    assert directory.current() == []
    store_automation(config)

    watch.seconds += 0.9
    assert directory.current() == []

    watch.seconds += 0.2
    assert directory.current() == [an_automation()]


def test_automations_that_did_not_change_are_not_read_again(config, watch):
    directory = CachedAutomations(config)
    store_automation(config)
    before = directory.current()

    watch.seconds += 10

    assert directory.current() is before
