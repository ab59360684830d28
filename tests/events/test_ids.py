"""Event ids, and what they say."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from tests.stories import NOON

from whenflow.events import Address, address_of, addressed_id, named_id
from whenflow.events.ids import entropy_of, shard_of


def test_an_id_made_here_is_a_uuid_of_version_eight():
    made = uuid.UUID(addressed_id(NOON, 3, 12345))

    assert (made.version, made.variant) == (8, uuid.RFC_4122)


def test_an_id_made_here_says_when_and_in_which_shard():
    moment = NOON + timedelta(microseconds=123_456)

    assert address_of(addressed_id(moment, 3, 12345)) == Address(moment, 3)


@pytest.mark.parametrize("version", [1, 3, 4, 5, 6, 7])
def test_an_id_made_elsewhere_says_nothing(version):
    number = uuid.UUID(addressed_id(NOON, 3, 12345)).int & ~(0xF << 76) | version << 76

    assert address_of(str(uuid.UUID(int=number))) is None


def test_an_id_of_version_eight_beyond_the_calendar_says_nothing():
    assert address_of("ffffffff-ffff-8fff-bfff-ffffffffffff") is None


def test_ids_made_here_are_in_the_order_of_time():
    ids = [addressed_id(NOON + timedelta(microseconds=n * 777), 0, 0) for n in range(50)]

    assert ids == sorted(ids)


def test_ids_of_one_moment_and_shard_differ_by_their_entropy():
    assert len({addressed_id(NOON, 3, entropy) for entropy in range(100)}) == 100


def test_an_event_before_1970_still_gets_a_uuid():
    assert uuid.UUID(addressed_id(datetime(1815, 12, 10, tzinfo=UTC), 0, 1)).version == 8


def test_the_same_words_always_name_the_same_id():
    assert named_id("firing", "a", "b") == named_id("firing", "a", "b")


def test_words_do_not_run_into_each_other():
    assert len({named_id("ab", "c"), named_id("a", "bc"), named_id("abc"), named_id("abc", "")}) == 4


def test_a_named_id_is_a_name_based_uuid():
    assert uuid.UUID(named_id("anything", "☃", "\ud83d")).version == 5


def test_a_named_id_never_changes_between_versions_of_the_code():
    assert named_id("firing", "a", "b") == "71343963-ca04-50f5-ace1-8c172da71c1f"


def test_one_resource_is_always_in_one_shard():
    assert {shard_of("order.7", 4) for _ in range(10)} == {shard_of("order.7", 4)}


def test_resources_are_spread_over_all_shards():
    assert {shard_of(f"order.{n}", 8) for n in range(200)} == set(range(8))


def test_the_same_words_always_give_the_same_entropy():
    assert entropy_of("a", "b") == entropy_of("a", "b") != entropy_of("ab")
