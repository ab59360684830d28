"""Laws of concurrency limits, whatever happens in whatever order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores import in_memory

from whenflow.errors import Locked
from whenflow.limits import LimitBook, LimitRegistry, Mode
from whenflow.limits.inputs import LimitInput
from whenflow.testing import ManualClock, SequentialIds
from whenflow.testing.limits import MemoryOccupancyStore

TAKES = st.tuples(st.just("take"), st.integers(1, 3), st.integers(60, 200))
OTHERS = st.tuples(st.sampled_from(["give back", "renew"]), st.integers(0, 30), st.integers(60, 200))
PASSING = st.tuples(st.just("wait"), st.integers(1, 120), st.just(0))


class Interrupted(MemoryOccupancyStore):
    """Lets somebody else in, between a read and the write."""

    between = staticmethod(lambda: None)

    def commit(self, changed):
        meanwhile, self.between = self.between, lambda: None
        meanwhile()
        super().commit(changed)


def opened(limit, decay=0.0, store=None):
    clock, ids, stores = ManualClock(), SequentialIds(), in_memory()
    store = store or MemoryOccupancyStore()
    LimitRegistry(stores.config, store, stores.events, clock, ids).create(
        LimitInput(name="db", limit=limit, slot_decay_per_second=decay)
    )
    return clock, LimitBook(stores.config, store, clock, ids)


@given(st.integers(1, 5), st.lists(TAKES | OTHERS | PASSING, max_size=40))
@settings(max_examples=150, deadline=None)
def test_never_more_are_held_than_the_limit_and_none_is_lost(limit, steps):
    clock, book = opened(limit)
    held: dict = {}  # as a plain model: lease to slots and when it runs out

    def live():
        return {one: kept for one, kept in held.items() if kept[1] > clock.now()}

    for what, number, seconds in steps:
        lease = timedelta(seconds=seconds)
        known = list(held)[number % len(held)] if held and what in {"give back", "renew"} else None
        if what == "wait":
            clock.advance(number)
        elif what == "take" and number <= limit:
            free = limit - sum(slots for slots, _ in live().values())
            try:
                held[book.take(["db"], number, lease=lease).lease_id] = (number, clock.now() + lease)
                assert number <= free
            except Locked:
                assert number > free
        elif known and what == "give back":
            book.give_back(known)
            del held[known]
        elif known and what == "renew":
            assert book.renew(known, lease) == (known in live())
            if known in live():
                held[known] = (held[known][0], clock.now() + lease)
    clock.advance(86_400)
    book.take(["db"], limit, lease=timedelta(minutes=1))


@given(
    st.integers(1, 5),
    st.floats(0.1, 10),
    st.lists(st.tuples(st.integers(1, 3), st.floats(0, 3)), min_size=1, max_size=60),
)
@settings(max_examples=150, deadline=None)
def test_no_more_pass_a_rate_limit_in_any_time_than_it_allows(limit, decay, asked):
    clock, book = opened(limit, decay)
    begun, passed = clock.now(), []
    for slots, seconds in asked:
        if slots <= limit:
            try:
                book.take(["db"], slots, Mode.RATE_LIMIT)
                passed.append(((clock.now() - begun).total_seconds(), slots))
            except Locked as told:
                assert told.retry_after and told.retry_after > 0
        clock.advance(seconds)

    for number, (since, _) in enumerate(passed):
        for until, _ in passed[number:]:
            within = sum(slots for moment, slots in passed if since <= moment <= until)
            assert within <= limit + decay * (until - since) + 1e-3


@given(st.integers(1, 3), st.integers(1, 6))
def test_who_is_overtaken_counts_what_the_other_one_took(limit, others):
    store = Interrupted()
    clock, book = opened(limit, store=store)
    won = []

    def meanwhile():
        for _ in range(others):
            try:
                won.append(book.take(["db"], 1, lease=timedelta(minutes=5)))
            except Locked:
                return

    store.between = meanwhile
    try:
        won.append(book.take(["db"], 1, lease=timedelta(minutes=5)))
    except Locked:
        assert others >= limit
    assert len(won) == min(limit, others + 1)
