"""What a request to a webhook costs, in DynamoDB's units."""

import json
import random

import pytest
from tests.counting import metered
from tests.stories import NOON, signup_webhook

from whenflow.aws.request_log import DynamoRequestLog
from whenflow.webhooks import HttpRequest, Webhook, WebhookReceiver

BODY = json.dumps({"userid": "u-1", "name": "Ann", "noise": random.Random(7).randbytes(250).hex()}).encode()


@pytest.fixture
def units(stores, dynamodb, observer, clock, ids):
    """A function that returns what a request costs: write units and read units."""

    def cost(body=BODY, headers=None, **changes):
        webhook = Webhook(**signup_webhook(**changes), id=ids.new(), created=NOON, updated=NOON, slug_hash="x")

        class Directory:
            def find(self, slug):
                return webhook

        log = DynamoRequestLog(dynamodb, "StateTable", clock)
        receiver = WebhookReceiver(Directory(), stores.events, clock, ids, requests=log)
        receiver.receive("open-sesame", HttpRequest("POST", headers or {}, {}, b'{"userid": "u"}'))
        with metered(dynamodb, observer) as meter:
            receiver.receive("open-sesame", HttpRequest("POST", headers or {}, {}, body))
        return meter.written, meter.read

    return cost


def test_an_event_of_a_kilobyte_costs_one_write_unit(units):
    assert units() == (1, 0)


def test_an_event_of_a_delivery_that_names_itself_costs_two(units):
    written, read = units(delivery_id="{{ body.noise }}")

    assert (written, read) == (2, 0)


def test_a_log_of_what_succeeded_costs_one_unit_more(units):
    assert units(log_requests=True) == (2, 0)


def test_a_request_that_is_refused_costs_its_failure_and_its_line_in_the_log(units):
    written, read = units(b"{", {"content-type": "application/json"})

    assert written <= 2
    assert read == 0
