"""What the hot functions keep in memory, and for how long."""

from datetime import timedelta
from typing import Any

import pytest
from tests.stories import NOON, order_placed, signup_webhook

from whenflow.automations import Automation, Engine
from whenflow.aws import directories
from whenflow.aws.directories import CachedWebhooks, LoadedEngine, RecentDeployments
from whenflow.errors import Transient
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


def store_automation(config: MemoryConfigStore, name: str = "on order", **changes: Any) -> Automation:
    automation = an_automation(name, **changes)
    config.create("automation", automation.id, automation.as_stored())
    return automation


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


def change(config: MemoryConfigStore, automation: Automation, **changes: Any) -> Automation:
    """Store an automation changed, a second later."""
    changed = automation.model_copy(update={"updated": automation.updated + timedelta(seconds=1), **changes})
    config.replace("automation", changed.id, changed.as_stored())
    return changed


def looking_at(engine: Engine, name: str = "order.placed") -> list[str]:
    """Return the names of the automations that look at an event of a name, in the order of their evaluation."""
    found = [engine.automation(watch.automation_id) for watch in engine.watching(order_placed(name=name))]
    return [one.name for one in found if one]


def test_automations_are_known_as_they_are(config, watch):
    automation = store_automation(config)

    assert LoadedEngine(config).engine().automations() == [automation]


def test_a_new_automation_is_known_after_a_second_at_most(config, watch):
    directory = LoadedEngine(config)
    assert looking_at(directory.engine()) == []
    store_automation(config)

    watch.seconds += 0.9
    assert looking_at(directory.engine()) == []

    watch.seconds += 0.2
    assert looking_at(directory.engine()) == ["on order"]


def test_an_automation_that_was_removed_is_forgotten(config, watch):
    directory = LoadedEngine(config)
    automation = store_automation(config)
    store_automation(config, "stays")
    directory.engine()
    config.delete("automation", automation.id)

    watch.seconds += 1

    assert looking_at(directory.engine()) == ["stays"]


def test_an_automation_that_was_switched_off_looks_at_nothing(config, watch):
    directory = LoadedEngine(config)
    automation = store_automation(config)
    directory.engine()
    change(config, automation, enabled=False)

    watch.seconds += 1

    assert looking_at(directory.engine()) == []


def test_an_automation_that_was_replaced_is_known_as_it_is_now(config, watch):
    directory = LoadedEngine(config)
    automation = store_automation(config)
    directory.engine()
    changed = change(config, automation, name="renamed")

    watch.seconds += 1

    assert directory.engine().automation(automation.id) == changed


def test_automations_that_did_not_change_are_not_loaded_again(config, watch):
    directory = LoadedEngine(config)
    store_automation(config)
    before = directory.engine().version

    watch.seconds += 10

    assert directory.engine().version == before


def test_only_the_automation_that_changed_is_loaded_again(config, watch):
    directory = LoadedEngine(config)
    changing, staying = store_automation(config, "changing"), store_automation(config, "staying")
    loaded = directory.engine().compiled(staying.id)
    change(config, changing, name="changed")

    watch.seconds += 1

    assert directory.engine().compiled(staying.id) is loaded


def test_only_what_has_changed_is_read(config, watch, monkeypatch):
    directory = LoadedEngine(config)
    first, second = store_automation(config, "first"), store_automation(config, "second")
    directory.engine()
    monkeypatch.setattr(config, "all", lambda _kind: _raise(AssertionError("all were read")))

    change(config, first, name="changed")
    third = store_automation(config, "third")
    config.delete("automation", second.id)
    watch.seconds += 1
    assert looking_at(directory.engine()) == ["changed", "third"]
    config.delete("automation", third.id)
    watch.seconds += 1
    assert looking_at(directory.engine()) == ["changed"]


def test_who_has_slept_through_many_changes_reads_all(config, watch):
    directory = LoadedEngine(config)
    gone = store_automation(config, "gone")
    directory.engine()
    config.delete("automation", gone.id)
    for number in range(50):
        store_automation(config, f"{number:02}")

    watch.seconds += 3_600
    assert sorted(looking_at(directory.engine())) == [f"{number:02}" for number in range(50)]


def test_a_change_that_could_not_be_read_is_read_the_next_time(config, watch, monkeypatch):
    directory = LoadedEngine(config)
    automation = store_automation(config)
    directory.engine()
    change(config, automation, name="changed")
    watch.seconds += 1
    with monkeypatch.context() as broken:
        broken.setattr(config, "get", lambda _kind, _id: _raise(Transient("busy")))
        with pytest.raises(Transient):
            directory.engine()

    assert looking_at(directory.engine()) == ["changed"]


def test_automations_are_evaluated_in_the_order_in_which_they_were_made(config, watch):
    for name, second in (("third", 3), ("first", 1), ("second", 2)):
        automation = an_automation(name).model_copy(update={"created": NOON + timedelta(seconds=second)})
        config.create("automation", automation.id, automation.as_stored())

    assert looking_at(LoadedEngine(config).engine()) == ["first", "second", "third"]


def test_an_automation_that_changed_keeps_its_place(config, watch):
    directory = LoadedEngine(config)
    first = store_automation(config, "first")
    directory.engine()
    store_automation(config, "second")
    watch.seconds += 1
    directory.engine()
    change(config, first, description="changed")

    watch.seconds += 1

    assert looking_at(directory.engine()) == ["first", "second"]


def test_a_store_that_does_not_answer_leaves_the_automations_as_they_were(config, watch, monkeypatch):
    directory = LoadedEngine(config)
    store_automation(config)
    watch.seconds += 1
    with monkeypatch.context() as broken:
        broken.setattr(config, "all", lambda _kind: _raise(Transient("busy")))
        with pytest.raises(Transient):
            directory.engine()

    assert looking_at(directory.engine()) == ["on order"]


def _raise(error: Exception) -> Any:
    raise error


def test_a_deployment_is_as_it_was_at_most_a_second_ago(config, watch):
    config.create("deployment", "d-1", {"id": "d-1", "name": "old"})
    recent = RecentDeployments(config)
    before = recent.get("deployment", "d-1")
    config.replace("deployment", "d-1", {"id": "d-1", "name": "new"})

    watch.seconds += 0.9
    assert recent.get("deployment", "d-1") == before
    watch.seconds += 0.2
    assert recent.get("deployment", "d-1") == config.get("deployment", "d-1") != before


def test_a_deployment_that_is_not_there_is_looked_for_again_after_a_second(config, watch):
    recent = RecentDeployments(config)
    assert recent.get("deployment", "d-1") is None
    config.create("deployment", "d-1", {"id": "d-1"})

    watch.seconds += 1.1
    assert recent.get("deployment", "d-1") == {"id": "d-1"}


def test_whoever_changes_what_he_was_given_changes_it_for_himself_alone(config, watch):
    config.create("deployment", "d-1", {"id": "d-1"})
    recent = RecentDeployments(config)

    given = recent.get("deployment", "d-1")
    assert given is not None
    given["name"] = "mine"

    assert recent.get("deployment", "d-1") == {"id": "d-1"}


def test_all_but_deployments_is_as_it_is_now(config, watch):
    recent = RecentDeployments(config)
    assert recent.get("flow", "f-1") is None
    config.create("flow", "f-1", {"id": "f-1"})

    assert recent.get("flow", "f-1") == {"id": "f-1"}
    assert recent.all("flow") == [{"id": "f-1"}]
