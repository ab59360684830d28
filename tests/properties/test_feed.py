"""Laws of the feed: pages are the whole, cut; counts are what counting gives; a tail shows each event once."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.naive import counted_by_time, listed
from tests.stories import NOON

from whenflow.errors import Rejected
from whenflow.events import Event
from whenflow.events.counting import count, request_from_document
from whenflow.events.feed import Listing, first_page, next_page
from whenflow.events.filters import bounded, filter_from_document
from whenflow.events.reading import hour_start
from whenflow.events.tail import look, new_cursor
from whenflow.testing import MemoryEventStore, an_event

NAMES = ["order.placed", "order.paid", "user.signed-up"]
RESOURCES = ["order.1", "order.2", "user.a"]
TEXTS = ["tea", "cups", "Error: no tea"]

moments = st.integers(-5_400, 5_400).map(lambda seconds: NOON + timedelta(seconds=seconds))
related = st.lists(st.sampled_from(RESOURCES), max_size=2).map(
    lambda ids: [{"prefect.resource.id": id_, "prefect.resource.role": "about"} for id_ in ids]
)
events = st.builds(
    lambda name, resource, occurred, others, text, id_: an_event(
        name, resource, occurred=occurred, related=others, payload={"text": text}, id=str(id_)
    ),
    st.sampled_from(NAMES),
    st.sampled_from(RESOURCES),
    moments,
    related,
    st.sampled_from(TEXTS),
    st.uuids(version=4),
)
some_names = st.fixed_dictionaries(
    {},
    optional={
        "name": st.lists(st.sampled_from(NAMES), max_size=2),
        "prefix": st.lists(st.sampled_from(["order.", "user.", "x"]), max_size=2),
        "exclude_name": st.lists(st.sampled_from(NAMES), max_size=1),
        "exclude_prefix": st.lists(st.sampled_from(["order.pa", "x"]), max_size=1),
    },
)
some_resource = st.fixed_dictionaries(
    {},
    optional={
        "id": st.lists(st.sampled_from(RESOURCES), max_size=2),
        "id_prefix": st.lists(st.sampled_from(["order.", "u"]), max_size=1),
        "labels": st.sampled_from([{"prefect.resource.id": ["order.*", "!order.1"]}, {"prefect.resource.id": []}, {}]),
    },
)
filters = st.fixed_dictionaries(
    {"order": st.sampled_from(["ASC", "DESC"]), "occurred": st.just({"until": "2026-11-21T00:00:00Z"})},
    optional={
        "event": some_names,
        "resource": st.builds(lambda part, distinct: part | {"distinct": distinct}, some_resource, st.booleans()),
        "related": st.lists(st.fixed_dictionaries({"id": st.just(["order.1"])}), max_size=1),
        "any_resource": st.lists(some_resource, max_size=2),
        "text": st.sampled_from(["tea", "+tea -error", '"no tea"', "cups tea"]).map(lambda query: {"query": query}),
    },
)


def stored(given_events) -> MemoryEventStore:
    store = MemoryEventStore()
    for event in given_events:
        store.put(event)
    return store


def pages_of(store, given_filter, size, between=lambda: None):
    page = first_page(store, given_filter, size, NOON + timedelta(days=1))
    yield page
    while page.next:
        between()
        kept = Listing.from_document(page.next.as_document())
        page = next_page(store, kept)
        yield page


@given(st.lists(events, max_size=25), filters, st.integers(1, 7))
def test_all_pages_together_are_the_whole_list(given_events, document, size):
    store, given_filter = stored(given_events), filter_from_document(document)

    pages = list(pages_of(store, given_filter, size))

    whole = listed(store.stored.values(), bounded(given_filter, NOON))
    assert [event for page in pages for event in page.events] == whole
    assert all(page.events for page in pages[1:])
    assert all(len(page.events) <= size for page in pages)


@given(st.lists(events, max_size=25), filters, st.integers(1, 7))
def test_a_total_is_right_where_it_says_so_and_the_same_on_every_page(given_events, document, size):
    store, given_filter = stored(given_events), filter_from_document(document)

    pages = list(pages_of(store, given_filter, size))

    whole = listed(store.stored.values(), bounded(given_filter, NOON))
    assert all((page.total, page.is_exact) == (pages[0].total, pages[0].is_exact) for page in pages)
    assert pages[0].total == len(whole) if pages[0].is_exact else pages[0].total <= len(whole)


@given(st.lists(events, min_size=1, max_size=20), st.lists(events, max_size=20), filters, st.integers(1, 5))
def test_f1_pages_neither_repeat_nor_miss_an_event_while_new_ones_arrive(before, arriving, document, size):
    document = {key: part for key, part in document.items() if key != "resource"}
    store, given_filter, later = stored(before), filter_from_document(document), list(arriving)

    def one_arrives():
        if later:
            store.put(later.pop())

    shown = [event for page in pages_of(store, given_filter, size, one_arrives) for event in page.events]

    ids = [event.id for event in shown]
    wanted = listed([event for event in before if store.stored[event.id] is event], bounded(given_filter, NOON))
    assert len(ids) == len(set(ids))
    assert {event.id for event in wanted} <= set(ids)


@given(
    st.lists(events, max_size=30),
    some_names,
    st.sampled_from([("hour", 1), ("hour", 0.5), ("minute", 7), ("day", 1), ("second", 400)]),
    st.data(),
)
def test_counts_over_time_are_what_counting_gives(given_events, names, unit, data):
    store = stored(given_events)
    hours = sorted({hour_start(event.occurred) for event in given_events})
    store.closed = set(data.draw(st.lists(st.sampled_from(hours), unique=True))) if hours else set()
    since = data.draw(st.just(NOON - timedelta(hours=2)) | moments)
    until = data.draw(st.just(NOON + timedelta(hours=2)) | moments)
    document = {
        "filter": {"occurred": {"since": since.isoformat(), "until": until.isoformat()}, "event": names},
        "time_unit": unit[0],
        "time_interval": unit[1],
    }

    request = request_from_document("time", document, NOON)
    counts = count(store, request)

    naive = counted_by_time(store.stored.values(), request.filter, request.interval)
    assert {one.start: one.count for one in counts if one.count} == dict(naive)
    assert [one.value for one in counts] == [str(number) for number in range(len(counts))]
    assert all(one.end - one.start == request.interval for one in counts)
    assert all(a.end == b.start for a, b in zip(counts, counts[1:], strict=False))


@given(st.lists(events, max_size=30), filters, st.sampled_from(["event", "resource"]), st.data())
def test_counts_by_name_and_resource_are_what_counting_gives(given_events, document, by, data):
    store = stored(given_events)
    hours = sorted({hour_start(event.occurred) for event in given_events})
    store.closed = set(data.draw(st.lists(st.sampled_from(hours), unique=True))) if hours else set()
    document.get("resource", {}).pop("distinct", None)

    request = request_from_document(by, {"filter": document}, NOON)
    counts = count(store, request)

    whole = listed(store.stored.values(), request.filter)
    keys = [event.event if by == "event" else event.resource_id for event in whole]
    assert {one.value: one.count for one in counts} == {key: keys.count(key) for key in keys}
    assert [one.count for one in counts] == sorted((one.count for one in counts), reverse=True)
    for one in counts:
        mine = [event.occurred for event, key in zip(whole, keys, strict=True) if key == one.value]
        assert (one.start, one.end) == (min(mine), max(mine))


@settings(max_examples=60)
@given(st.lists(st.tuples(events, st.integers(0, 20), st.integers(0, 40)), max_size=25), st.integers(1, 15))
def test_a_tail_shows_every_event_once_however_late_it_is_stored(arriving, pace):
    """Each event is received at some moment, and is there to be read up to 40 seconds later."""
    store, now = MemoryEventStore(), NOON
    cursor, shown = new_cursor(NOON), list[Event]()
    waiting = []
    received = NOON
    for event, gap, delay in arriving:
        received += timedelta(seconds=gap)
        waiting.append((received + timedelta(seconds=delay), replace(event, received=received)))
    end = NOON + timedelta(seconds=20 * len(arriving) + 120)

    while now < end:
        for when, event in waiting:
            if when <= now:
                store.put(event)
        seen = look(store, filter_from_document({}), type(cursor).from_document(cursor.as_document()), now)
        shown += seen.events
        cursor = seen.cursor
        now += timedelta(seconds=pace)

    ids = [event.id for event in shown]
    assert sorted(ids) == sorted(set(store.stored))


@given(st.lists(events, min_size=1, max_size=10))
def test_a_bad_filter_is_refused_and_never_crashes(given_events):
    for document in ({"event": given_events[0].as_document()}, given_events[0].as_document()):
        try:
            filter_from_document(document)
        except Rejected as error:
            assert error.faults
