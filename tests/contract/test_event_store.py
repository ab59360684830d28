"""What every event store does."""

import random
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.errors import Rejected
from whenflow.events import Event
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
