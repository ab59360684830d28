"""A handful of GitHub's own examples, kept beside this file; `make test-github-examples` delivers all there are."""

import json
from pathlib import Path

import pytest
from tests.github_examples.deliveries import Delivery, GitHub, fault_of

KEPT = sorted((Path(__file__).parent / "payloads").glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_a_signed_delivery_becomes_the_event_that_it_should(path):
    delivery = Delivery("kept", path.stem.partition(".")[0], json.loads(path.read_text("utf-8")))

    assert fault_of(delivery, *GitHub().deliver(delivery)) is None


def test_a_delivery_signed_with_another_secret_is_refused():
    delivery = Delivery("kept", "push", {"repository": {"full_name": "octo-org/hello-world"}})

    assert GitHub().deliver(delivery, secret="another") == (401, None)


def test_there_are_deliveries_about_a_repository_an_organization_an_app_and_nothing_of_these():
    payloads = [json.loads(path.read_text("utf-8")) for path in KEPT]

    assert any("repository" in one for one in payloads)
    assert any("repository" not in one and "organization" in one for one in payloads)
    assert any("organization" not in one and "installation" in one for one in payloads)
    assert any("sender" not in one for one in payloads)
