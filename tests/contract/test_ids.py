"""What every source of ids does."""

import re
import uuid
from datetime import timedelta

import pytest
from tests.stories import NOON

from whenflow.aws.system import SystemIds
from whenflow.events import address_of
from whenflow.ports import Ids
from whenflow.testing import SequentialIds


@pytest.fixture(params=[SequentialIds, SystemIds])
def ids(request: pytest.FixtureRequest) -> Ids:
    """A source of ids for events spread over four shards."""
    made: Ids = request.param(4)
    return made


def test_ids_are_uuids_of_version_seven(ids):
    assert uuid.UUID(ids.new()).version == 7


def test_ids_have_the_variant_of_the_standard(ids):
    assert {uuid.UUID(ids.new()).variant for _ in range(16)} == {uuid.RFC_4122}


def test_no_id_comes_twice(ids):
    assert len({ids.new() for _ in range(1_000)}) == 1_000


def test_a_secret_is_128_bits_as_22_characters_for_an_address(ids):
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ids.secret())


def test_no_secret_comes_twice(ids):
    assert len({ids.secret() for _ in range(1_000)}) == 1_000


def test_an_events_id_says_when_it_occurred(ids):
    moment = NOON + timedelta(microseconds=123_456)

    address = address_of(ids.event_id(moment, "order.7"))

    assert address is not None
    assert address.occurred == moment


def test_events_of_one_resource_are_of_one_shard(ids):
    addresses = [address_of(ids.event_id(NOON + timedelta(hours=n), "order.7")) for n in range(20)]

    assert len({address.shard for address in addresses if address}) == 1


def test_events_of_many_resources_are_spread_over_all_shards(ids):
    addresses = [address_of(ids.event_id(NOON, f"order.{n}")) for n in range(100)]

    assert {address.shard for address in addresses if address} == {0, 1, 2, 3}


def test_events_of_one_moment_and_resource_have_ids_of_their_own(ids):
    assert len({ids.event_id(NOON, "order.7") for _ in range(100)}) == 100


def test_the_same_words_always_give_the_same_event_id(ids):
    assert ids.event_id_for(NOON, "order.7", "told", "1") == ids.event_id_for(NOON, "order.7", "told", "1")


def test_other_words_give_another_event_id(ids):
    made = {ids.event_id_for(NOON, "order.7", *words) for words in [("a", "b"), ("ab",), ("a", "c"), ("b", "a")]}

    assert len(made) == 4
