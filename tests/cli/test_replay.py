"""`whenflow replay`, against the product's own API."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.stories import ann_signs_up, welcoming

from whenflow.automations import replay
from whenflow.cli import replay as command
from whenflow.cli.client import Api
from whenflow.events import named_id

COUNT = 7


@pytest.fixture
def late(product):
    """Some people signed up this hour, and only then somebody thought of welcoming them."""
    product.clock.now = lambda: datetime.now(UTC)
    begun = datetime.now(UTC) - timedelta(minutes=50)
    for number in range(COUNT):
        moment = begun + timedelta(minutes=number)
        product.events.put(ann_signs_up(id=named_id("signup", str(number)), occurred=moment))
    product.automation(welcoming(product.deployment()))
    return product


def test_a_plan_starts_nothing(cli, late):
    outcome = cli("replay", "--since", "1h", "--plan")

    assert outcome.code == 0
    assert f"{COUNT} missing, 0 fired already." in outcome.out
    assert "user.signed-up on user.u-1" in outcome.out
    assert late.firings.stored == {}


def test_what_is_missing_is_started_and_the_second_time_nothing(cli, late):
    first = cli("replay", "--since", "1h", "--yes")
    again = cli("replay", "--since", "1h", "--yes")

    assert f"Started {COUNT} of {COUNT}." in first.out
    assert len(late.firings.stored) == COUNT
    assert f"0 missing, {COUNT} fired already." in again.out
    assert "Started" not in again.out


def test_it_is_asked_for_before_anything_is_started(cli, late, person):
    person("no\n")

    outcome = cli("replay", "--since", "1h")

    assert f"This starts {COUNT} firings." in outcome.err
    assert late.firings.stored == {}


def test_a_plan_in_stretches_is_as_good_as_one(cli, late, monkeypatch):
    monkeypatch.setattr(replay, "MAX_EVENTS", 3)

    document = cli("replay", "--since", "1h", "--yes", "--json").document

    assert len(document["plan"]) > 1
    assert len(document["started"]) == len(late.firings.stored) == COUNT


def test_it_may_be_stopped_and_goes_on_where_it_was(cli, late, monkeypatch):
    monkeypatch.setattr(command, "AT_ONCE", 2)
    stored, post = late.firings.stored, Api.post
    monkeypatch.setattr(Api, "post", _interrupting(post, lambda: len(stored) == 4))
    stopped = cli("replay", "--since", "1h", "--yes")
    began = len(stored)
    monkeypatch.setattr(Api, "post", post)
    cli("replay", "--since", "1h", "--yes")

    assert stopped.code == 130
    assert f"Stopped: 4 of {COUNT} were started." in stopped.err
    assert (began, len(stored)) == (4, COUNT)


def _interrupting(post, is_time):
    def posted(self, path, body):
        if path == "/replay/fire" and is_time():
            raise KeyboardInterrupt
        return post(self, path, body)

    return posted


def test_an_automation_is_named_by_its_name(cli, late):
    document = cli("replay", "--since", "1h", "--plan", "-a", "welcome new users", "--json").document

    assert document["plan"][0]["counts"]["missing"] == COUNT
    assert cli("replay", "--since", "1h", "--plan", "-a", "nobody").code == 1


def test_where_nothing_would_fire_nothing_is_asked(cli, product):
    product.clock.now = lambda: datetime.now(UTC)

    outcome = cli("replay", "--since", "1h")

    assert (outcome.code, outcome.out.strip()) == (0, "Nothing would fire on these 0 events.")


def test_a_clock_that_is_ahead_of_the_apis_does_no_harm(cli, late):
    late.clock.now = lambda: datetime.now(UTC) - timedelta(minutes=5)

    assert f"{COUNT} missing" in cli("replay", "--since", "1h", "--plan").out


def test_a_time_that_ends_before_it_begins_is_refused(cli, product):
    assert cli("replay", "--since", "1h", "--until", "2h").code == 2
