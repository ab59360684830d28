"""Laws of event ids."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from whenflow.events import Address, address_of, addressed_id, iso, parse_iso
from whenflow.events.ids import ENTROPY_BITS, EPOCH, LAST_ADDRESSABLE, shard_of

moments = st.datetimes(
    min_value=EPOCH.replace(tzinfo=None), max_value=LAST_ADDRESSABLE.replace(tzinfo=None), timezones=st.just(UTC)
)
any_moments = st.datetimes(timezones=st.just(UTC))
shards = st.integers(0, 255)
entropies = st.integers(0, 2**64)


@given(moment=moments, shard=shards, entropy=entropies)
def test_an_id_says_exactly_what_it_was_made_of(moment, shard, entropy):
    assert address_of(addressed_id(moment, shard, entropy)) == Address(moment, shard)


@given(moment=any_moments, shard=shards, entropy=entropies)
def test_no_moment_of_the_calendar_is_mistaken_for_another_of_today(moment, shard, entropy):
    address = address_of(addressed_id(moment, shard, entropy))

    assert address is None or address.occurred == moment or moment < EPOCH


@given(number=st.uuids())
def test_any_uuid_has_an_address_or_none(number):
    address = address_of(str(number))

    assert address is None or (address.occurred >= EPOCH and 0 <= address.shard <= 255)


@given(one=moments, other=moments)
def test_ids_are_in_the_order_of_time(one, other):
    first, second = sorted([one, other])

    assert addressed_id(first, 0, 0) <= addressed_id(second, 0, 0)


@given(moment=moments, one=entropies, other=entropies)
def test_entropy_keeps_ids_apart(moment, one, other):
    mask = 2**ENTROPY_BITS - 1

    assert (addressed_id(moment, 1, one) == addressed_id(moment, 1, other)) == (one & mask == other & mask)


@given(resource_id=st.text(), number=st.integers(1, 256))
def test_every_resource_has_one_shard_of_those_there_are(resource_id, number):
    assert 0 <= shard_of(resource_id, number) < number


@given(moment=any_moments)
def test_an_instant_is_read_as_it_was_written(moment):
    assert parse_iso(iso(moment)) == moment


@given(one=any_moments, seconds=st.integers(0, 10**6))
def test_text_of_instants_is_in_the_order_of_time(one, seconds):
    if one < datetime(9999, 1, 1, tzinfo=UTC):
        assert iso(one) <= iso(one + timedelta(seconds=seconds))
