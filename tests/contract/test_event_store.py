"""What every event store does."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.errors import Rejected
from whenflow.events import Event
from whenflow.events.reading import Span, position_of
from whenflow.ports import EventStore, Ids

MADE_ELSEWHERE = "0190163d-8694-7000-8000-0000000000aa"


def own_order(ids: Ids, number: int = 7, **changes) -> Event:
    """An order whose id was made here, so that it says where the event stands."""
    order = order_placed(number, **changes)
    return order_placed(number, id=ids.event_id(order.occurred, order.resource_id), **changes)


def all_pages(events: EventStore, size: int) -> list[list[Event]]:
    pages = [events.newest(size)]
    while pages[-1].cursor:
        pages.append(events.newest(size, pages[-1].cursor))
    return [list(page.events) for page in pages]


@pytest.fixture(params=["made here", "made elsewhere"])
def order(request, ids) -> Event:
    return own_order(ids) if request.param == "made here" else order_placed(id=MADE_ELSEWHERE)


def test_an_event_that_is_stored_is_found_by_its_id(events, order):
    events.put(order)

    assert events.get(order.id) == order


def test_an_id_that_nothing_has_finds_nothing(events, order):
    events.put(order)

    assert events.get(NOBODY) is None


def test_an_id_made_here_that_was_never_stored_finds_nothing(events, ids):
    never_stored = own_order(ids)

    assert events.get(never_stored.id) is None


def test_storing_an_event_answers_with_the_event_as_it_is_stored(events, order):
    assert events.put(order) == order


def test_an_event_delivered_twice_is_stored_once(events, order):
    events.put(order)

    again = events.put(order)

    assert again is None
    assert events.newest(10).events == [order]


def test_an_event_delivered_again_with_another_time_is_not_stored_again(events):
    events.put(order_placed(id=MADE_ELSEWHERE))

    again = events.put(order_placed(id=MADE_ELSEWHERE, occurred=NOON + timedelta(hours=3)))

    assert again is None
    assert [event.occurred for event in events.newest(10).events] == [NOON]


def test_an_event_delivered_again_with_another_resource_is_not_stored_again(events):
    events.put(order_placed(7, id=MADE_ELSEWHERE))

    for other in range(8, 16):
        assert events.put(order_placed(other, id=MADE_ELSEWHERE)) is None

    assert [event.resource_id for event in events.newest(10).events] == ["order.7"]


def test_two_events_that_differ_in_nothing_but_their_ids_are_two_events(events, ids):
    events.put(own_order(ids))
    events.put(own_order(ids))

    assert len(events.newest(10).events) == 2


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"name": "Zoë 😀", "path": 'a\\b"c\n\t\u2028', "nul": "\x00"},
        {"half of a pair": "\ud83d"},
        {"whole": 2**70, "real": 0.1, "tiny": 5e-324, "minus": -0.0, "yes": True, "no": False, "none": None},
        {"deep": [[[{"a": [1, {"b": []}]}]]], "": {"": ""}},
    ],
    ids=["empty", "text", "surrogate", "numbers", "nested"],
)
def test_a_payload_comes_back_as_it_went_in(events, payload):
    order = order_placed(payload=payload)
    events.put(order)

    found = events.get(order.id)

    assert found is not None
    assert found.payload == payload


def test_every_part_of_an_event_comes_back(events):
    file = clients_csv_arrives(follows=NOBODY, occurred=NOON + timedelta(microseconds=123_456))
    events.put(file)

    assert events.get(file.id) == file


def test_an_empty_store_has_one_empty_page(events):
    page = events.newest(10)

    assert (list(page.events), page.cursor) == ([], None)


def test_the_newest_event_comes_first_whatever_the_order_of_arrival(events):
    minutes = [3, 1, 4, 0, 2]
    for minute in minutes:
        events.put(order_placed(minute, occurred=NOON + timedelta(minutes=minute)))

    assert [event.resource_id for event in events.newest(10).events] == [f"order.{n}" for n in (4, 3, 2, 1, 0)]


def test_events_of_one_moment_are_ordered_by_id(events):
    for last in ("1", "3", "2"):
        events.put(order_placed(int(last), id=f"0190163d-8694-7000-8000-00000000000{last}"))

    assert [event.id[-1] for event in events.newest(10).events] == ["3", "2", "1"]


def test_a_page_holds_no_more_than_was_asked_for(events):
    for number in range(5):
        events.put(order_placed(number, occurred=NOON + timedelta(seconds=number)))

    assert [len(page) for page in all_pages(events, 2)] == [2, 2, 1]


def test_pages_go_through_all_events_of_many_hours_and_many_resources(events, ids):
    chance = random.Random(7)
    told = [
        own_order(ids, number, occurred=NOON - timedelta(minutes=chance.randrange(60 * 72), microseconds=number))
        for number in range(60)
    ]
    for event in told:
        events.put(event)

    pages = all_pages(events, 7)

    newest_first = sorted(told, key=lambda event: (event.occurred, event.id), reverse=True)
    assert [event for page in pages for event in page] == newest_first


def test_pages_neither_repeat_nor_miss_an_event_while_new_ones_arrive(events, ids):
    before = [own_order(ids, number, occurred=NOON + timedelta(seconds=number)) for number in range(10)]
    for event in before:
        events.put(event)
    seen = []
    page = events.newest(3)

    while page.cursor:
        seen += page.events
        events.put(own_order(ids, 99, occurred=NOON + timedelta(minutes=1, seconds=len(seen))))
        page = events.newest(3, page.cursor)
    seen += page.events

    assert seen == before[::-1]


def test_an_event_that_arrives_late_shows_up_on_the_page_of_its_time(events, ids):
    for second in (0, 10, 20):
        events.put(own_order(ids, second, occurred=NOON + timedelta(seconds=second)))
    first = events.newest(2)

    events.put(own_order(ids, 5, occurred=NOON + timedelta(seconds=5)))
    second_page = events.newest(2, first.cursor)

    assert [event.resource_id for event in second_page.events] == ["order.5", "order.0"]


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U=", "WzEsMl0=", "W10=", "☃", NOBODY])
def test_a_page_token_of_somebody_else_is_refused(events, cursor):
    events.put(order_placed())

    with pytest.raises(Rejected, match="page token"):
        events.newest(10, cursor)


def test_events_that_fill_more_than_one_page_of_the_table_all_come(events, ids):
    chance = random.Random(7)
    big = [
        own_order(ids, occurred=NOON + timedelta(seconds=n), payload={"noise": chance.randbytes(100_000).hex()})
        for n in range(12)
    ]
    for event in big:
        events.put(event)

    assert events.newest(12).events == big[::-1]


DAY = timedelta(days=1)


def scanned(events: EventStore, **span) -> list[Event]:
    found = events.scan(Span(**{"since": NOON - 3 * DAY, "until": NOON + DAY, **span}))
    return [one for one in found if isinstance(one, Event)]


@pytest.fixture
def history(events, ids) -> list[Event]:
    """Forty orders of two days, oldest first; the first ten have ids made elsewhere."""
    told = [
        order_placed(n, occurred=NOON - timedelta(minutes=70 * n))
        if n < 10
        else own_order(ids, n % 7, occurred=NOON - timedelta(minutes=70 * n))
        for n in range(40)
    ]
    for event in told:
        events.put(event)
    return told[::-1]


@pytest.mark.parametrize("size", [1, 3, 200, 100_000])
def test_a_scan_goes_through_all_events_in_either_order(events, history, size):
    assert scanned(events, newest_first=False, size=size) == history
    assert scanned(events, size=size) == history[::-1]


def test_a_scan_includes_both_ends_of_its_time(events, history):
    since, until = history[3].occurred, history[7].occurred

    assert scanned(events, since=since, until=until, newest_first=False) == history[3:8]


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_scan_goes_on_behind_a_place(events, history, newest_first):
    ordered = history[::-1] if newest_first else history

    assert scanned(events, newest_first=newest_first, after=position_of(ordered[20])) == ordered[21:]


def test_a_scan_for_a_resource_misses_no_event_of_it(events, history, ids):
    about = own_order(ids, 99, related=[{"prefect.resource.id": "order.3", "prefect.resource.role": "before"}])
    events.put(about)

    found = scanned(events, resources=("order.3",), as_primary=False)
    primary = scanned(events, resources=("order.3",), as_primary=True)

    assert about in found
    assert [one for one in found if one.resource_id == "order.3"] == [
        one for one in history[::-1] if one.resource_id == "order.3"
    ]
    assert [one for one in primary if one.resource_id == "order.3"] == [
        one for one in history[::-1] if one.resource_id == "order.3"
    ]


def test_many_events_are_stored_at_once_and_each_has_its_answer(events, ids):
    orders = [own_order(ids, n) for n in range(5)] + [order_placed(id=MADE_ELSEWHERE)]
    events.put(orders[2])

    answers = events.put_many([*orders, orders[0]])

    assert answers == [orders[0], orders[1], None, orders[3], orders[4], orders[5], None]
    assert {event.id for event in scanned(events)} == {order.id for order in orders}


def test_many_events_are_found_by_their_ids_those_that_are_there(events, order, ids):
    other = own_order(ids, 8)
    events.put(order)
    events.put(other)

    found = events.get_many([other.id, NOBODY, order.id, other.id])

    assert sorted(event.id for event in found) == sorted([order.id, other.id])


def test_hours_that_hold_events_are_known(events, ids):
    for hours in (0, 5, 48):
        events.put(own_order(ids, occurred=NOON - timedelta(hours=hours, minutes=10)))

    assert list(events.tallies(NOON - DAY, NOON)) == [NOON - timedelta(hours=6), NOON - timedelta(hours=1)]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=29), timedelta(minutes=3), DAY, -DAY])
def test_what_arrived_lately_is_known_whenever_it_occurred(events, ids, late):
    old = own_order(ids, 1, occurred=NOON - timedelta(minutes=30))
    new = replace(own_order(ids, 2, occurred=NOON - late), received=NOON)
    assert all(isinstance(one, Event) for one in events.put_many([old, new]))

    found = list(events.arrived(NOON - timedelta(minutes=1), NOON + timedelta(seconds=5)))

    assert {event.id for event in found} == {new.id}


def test_a_duplicate_does_not_arrive_again(events, clock, ids):
    order = replace(own_order(ids, occurred=NOON - DAY), received=NOON - timedelta(minutes=30))
    events.put(order)

    events.put(replace(order, received=NOON))

    assert list(events.arrived(NOON - timedelta(minutes=1), NOON)) == []


@pytest.mark.parametrize("first", ["as it was made", "changed"])
@pytest.mark.parametrize("change", ["time", "resource"])
def test_an_id_made_here_that_comes_with_another_time_or_resource_is_stored_once(events, ids, first, change):
    made = own_order(ids, 7)
    other = (
        order_placed(7, id=made.id, occurred=NOON + timedelta(hours=3))
        if change == "time"
        else order_placed(8, id=made.id)
    )
    one, two = (made, other) if first == "as it was made" else (other, made)
    events.put(one)

    again = events.put(two)

    assert again is None
    assert scanned(events) == [one]
    assert events.get(made.id) == one


def test_the_stories_are_told_in_one_feed(events):
    events.put(ann_signs_up(occurred=NOON))
    events.put(clients_csv_arrives(occurred=NOON + timedelta(seconds=1)))
    events.put(order_placed(occurred=NOON + timedelta(seconds=2)))

    assert [event.event for event in events.newest(10).events] == [
        "order.placed",
        "aws.s3.object-created",
        "user.signed-up",
    ]


def latest(events: EventStore, start: float, end: float) -> float | None:
    """Return when the last event between two moments occurred, in hours after noon."""
    found = events.latest(NOON + timedelta(hours=start), NOON + timedelta(hours=end))
    return (max(found.values()) - NOON) / timedelta(hours=1) if found else None


def test_when_the_last_event_occurred_is_known(events):
    for number, hours in enumerate((0, 0.25, 0.5, 1.5)):
        events.put(order_placed(number, occurred=NOON + timedelta(hours=hours)))

    assert latest(events, 0, 2) == 1.5
    assert latest(events, 0, 1.5) == 0.5
    assert latest(events, 0, 0.5) == 0.25
    assert latest(events, 0.25, 0.5) == 0.25
    assert latest(events, 0.3, 0.5) is None
    assert latest(events, 2, 3) is None
    assert latest(events, -2, 0) is None
