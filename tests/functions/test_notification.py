"""EventBridge rules."""

import pytest
from tests.outages import failing, unreachable
from tests.stories import clients_csv_notification

from whenflow.aws import wiring
from whenflow.errors import Rejected, Transient


def test_an_object_put_into_the_bucket_becomes_an_event(stack):
    answer = stack.invoke("notification", clients_csv_notification("new clients+ä.csv"))

    (event,) = stack.events()
    assert answer == {"event_id": event.id}
    assert (event.event, event.resource_id) == ("aws.s3.object-created", "s3://incoming/new clients+ä.csv")


def test_a_notification_delivered_twice_is_one_event(stack):
    for _ in range(2):
        stack.invoke("notification", clients_csv_notification())

    assert stack.names() == ["aws.s3.object-created"]


def test_what_is_no_notification_fails_so_that_it_ends_in_the_dead_letters(stack):
    with pytest.raises(Rejected):
        stack.invoke("notification", {"hello": "world"})


def test_when_the_table_cannot_be_reached_it_fails_so_that_it_is_delivered_again(stack):
    with failing(wiring.dynamodb(), "PutItem", unreachable()), pytest.raises(Transient):
        stack.invoke("notification", clients_csv_notification())

    stack.invoke("notification", clients_csv_notification())

    assert stack.names() == ["aws.s3.object-created"]
