"""Records of streams and queues, as the tables' streams carry them."""

import base64

import pytest
from tests.firings import firing_for
from tests.stories import order_placed

from whenflow.aws.records import event_of, firing_of, message_of, receive_count, sequence_number
from whenflow.documents import pack
from whenflow.testing import an_automation


def stream_record(document, number="111") -> dict:
    body = base64.b64encode(pack(document)).decode()
    return {"eventName": "INSERT", "dynamodb": {"NewImage": {"body": {"B": body}}, "SequenceNumber": number}}


def test_an_event_comes_out_of_its_record():
    order = order_placed(related=[{"prefect.resource.id": "ann", "prefect.resource.role": "buyer"}])

    assert event_of(stream_record(order.as_document())) == order


def test_a_firing_comes_out_of_its_record():
    firing = firing_for(an_automation(), order_placed())

    assert firing_of(stream_record(firing.as_stored())) == firing


def test_a_record_is_named_by_its_sequence_number():
    assert sequence_number(stream_record({}, "4421584500000000017450439091")) == "4421584500000000017450439091"


@pytest.mark.parametrize("count", [1, 5])
def test_a_message_says_how_often_it_was_handed_out(count):
    record = {"body": '{"firing_id": "f"}', "attributes": {"ApproximateReceiveCount": str(count)}}

    assert (message_of(record), receive_count(record)) == ({"firing_id": "f"}, count)
