"""Lists, counts and the tail of events over HTTP (SPEC 7.2, 8.8)."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.stories import NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.events.feed import MAX_EXAMINED


@pytest.fixture
def orders(world):
    """Five orders, a second apart; the last a minute ago."""
    told = [order_placed(number, occurred=NOON + timedelta(seconds=number)) for number in range(5)]
    for order in told:
        world.events.put(order)
    world.clock.advance(65)
    return told


def following(api, answer):
    parts = urlsplit(answer.document["next_page"])
    assert parts.path == "/api/events/filter/next"
    return api("GET", parts.path.removeprefix("/api"), query=dict(parse_qsl(parts.query)))


def ids(answer):
    return [event["id"] for event in answer.document["events"]]


def test_f1_the_newest_come_first_page_after_page_until_there_is_no_more(api, orders):
    pages = [api("POST", "/events/filter", {"limit": 2})]
    while pages[-1].document["next_page"]:
        pages.append(following(api, pages[-1]))

    assert [len(ids(page)) for page in pages] == [2, 2, 1]
    assert [id_ for page in pages for id_ in ids(page)] == [order.id for order in orders[::-1]]
    assert {page.document["total"] for page in pages} == {5}


def test_f1_what_arrives_meanwhile_shows_up_on_no_page(world, api, orders):
    first = api("POST", "/events/filter", {"limit": 3})
    world.clock.advance(60)
    world.events.put(order_placed(99, occurred=world.clock.now()))

    second = following(api, first)

    assert ids(first) + ids(second) == [order.id for order in orders[::-1]]
    assert second.document["total"] == 5


def test_a_list_may_begin_with_the_oldest(api, orders):
    answer = api("POST", "/events/filter", {"filter": {"order": "ASC"}, "limit": 2})

    assert ids(answer) + ids(following(api, answer)) == [order.id for order in orders[:4]]


def test_a_filter_lets_through_what_it_says(world, api, orders):
    world.events.put(ann_signs_up())
    world.events.put(clients_csv_arrives())

    answer = api("POST", "/events/filter", {"filter": {"any_resource": {"id": ["s3://incoming"]}}})

    assert ids(answer) == [clients_csv_arrives().id]


def test_the_next_page_is_an_address_where_this_one_was_reached(api, orders):
    answer = api("POST", "/events/filter", {"limit": 1}, headers={"x-forwarded-proto": "http", "host": "localhost:9"})

    assert answer.document["next_page"].startswith("http://localhost:9/api/events/filter/next?page-token=")


@pytest.mark.parametrize("body", [None, {}, {"filter": None, "limit": None}, {"filter": {}, "unknown": 1}])
def test_what_is_not_said_has_its_default(api, orders, body):
    answer = api("POST", "/events/filter", body)

    assert (answer.status, len(ids(answer))) == (200, 5)


@pytest.mark.parametrize("limit", [0, -1, 201, 1.5, "5", True])
def test_a_page_has_one_to_two_hundred_events(api, limit):
    answer = api("POST", "/events/filter", {"limit": limit})

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", "limit"])
    assert "Invalid limit" in answer.document["exception_detail"][0]["msg"]


def test_two_hundred_events_fit_a_page(world, api):
    for number in range(201):
        world.events.put(order_placed(number))

    assert len(ids(api("POST", "/events/filter", {"limit": 200}))) == 200


def test_large_events_make_a_page_shorter_and_none_is_lost(world, api):
    for number in range(5):
        world.events.put(order_placed(number, payload={"text": "x" * 1_400_000}))

    pages = [api("POST", "/events/filter", {})]
    while pages[-1].document["next_page"]:
        pages.append(following(api, pages[-1]))

    assert all(len(page.text) < 6_000_000 for page in pages)
    assert sorted(id_ for page in pages for id_ in ids(page)) == sorted(world.events.stored)


def test_an_unknown_part_of_a_filter_is_refused_by_its_place(api):
    answer = api("POST", "/events/filter", {"filter": {"event": {"names": ["x"]}}})

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", "filter", "event", "names"])


def test_only_the_newest_event_of_each_resource_is_shown_page_by_page(world, api):
    for second in range(12):
        world.events.put(order_placed(second % 4, occurred=NOON - timedelta(seconds=second)))
    asked = {"filter": {"resource": {"distinct": True}}, "limit": 3}

    first = api("POST", "/events/filter", asked)
    second_page = following(api, first)

    resources = [
        event["resource"]["prefect.resource.id"] for page in (first, second_page) for event in page.document["events"]
    ]
    assert resources == ["order.0", "order.1", "order.2", "order.3"]
    assert second_page.document["next_page"] is None


def test_a_list_that_takes_much_reading_stops_says_so_and_goes_on(world, api):
    for number in range(MAX_EXAMINED + 10):
        world.events.put(order_placed(number, occurred=NOON - timedelta(seconds=number)))
    world.events.put(ann_signs_up(occurred=NOON - timedelta(hours=3)))

    first = api("POST", "/events/filter", {"filter": {"event": {"name": ["user.signed-up"]}}})
    second = following(api, first)

    assert (ids(first), first.document["stopped_early"], first.document["total_is_exact"]) == ([], True, False)
    assert (ids(second), second.document["next_page"]) == ([ann_signs_up(occurred=NOON - timedelta(hours=3)).id], None)


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "☃"])
def test_f8_a_bad_page_token_is_forbidden(api, orders, token):
    assert api("GET", "/events/filter/next", query={"page-token": token}).status == 403
    assert api("GET", "/events", query={"page_token": token}).status == 403


def test_f8_a_token_that_was_changed_is_forbidden(api, orders):
    parts = urlsplit(api("POST", "/events/filter", {"limit": 1}).document["next_page"])
    token = dict(parse_qsl(parts.query))["page-token"]

    changed = token[:-1] + ("A" if token[-1] != "A" else "B") if len(token) % 4 == 0 else "B" + token[1:]

    assert api("GET", "/events/filter/next", query={"page-token": changed}).status == 403


def test_f8_a_token_expires(world, api, orders):
    first = api("POST", "/events/filter", {"limit": 1})
    world.clock.advance(24 * 3600)

    assert following(api, first).status == 403


def test_f8_the_cursor_of_a_tail_is_no_page_token(api, orders):
    cursor = api("POST", "/events/tail", {}).document["cursor"]

    assert api("GET", "/events/filter/next", query={"page-token": cursor}).status == 403


def test_a_page_token_is_needed_to_go_on(api):
    assert api("GET", "/events/filter/next").status == 422


def test_all_who_serve_one_stack_know_each_others_tokens(world, api, orders):
    from tests.calls import authorized, call, read

    from whenflow.api.app import build_api

    first = api("POST", "/events/filter", {"limit": 1})
    parts = urlsplit(first.document["next_page"])
    other = build_api(world.services)

    request = call("GET", parts.path, query=dict(parse_qsl(parts.query)), headers=authorized())

    assert read(other(request, None)).status == 200


def test_f9_hours_are_counted_with_zeros_from_the_anchor_on(world, api):
    for minutes in (-61, -30, -29, 0):
        world.events.put(order_placed(minutes, occurred=NOON + timedelta(minutes=minutes)))
    time = {"since": "2026-11-20T09:30:00Z", "until": "2026-11-20T12:00:00Z"}

    answer = api("POST", "/events/count-by/time", {"filter": {"occurred": time}, "time_unit": "hour"})

    assert [one["count"] for one in answer.document] == [0, 1, 2, 1]
    assert [one["value"] for one in answer.document] == ["0", "1", "2", "3"]
    assert answer.document[0]["start_time"] == answer.document[0]["label"] == "2026-11-20T09:00:00.000000Z"
    assert answer.document[0]["end_time"] == "2026-11-20T10:00:00.000000Z"


def test_f9_buckets_of_any_length_are_aligned_to_april_2024(api):
    time = {"since": "2026-11-20T09:30:00Z", "until": "2026-11-20T12:00:00Z"}

    answer = api("POST", "/events/count-by/time", {"filter": {"occurred": time}, "time_unit": "week"})

    assert [one["start_time"] for one in answer.document] == ["2026-11-16T00:00:00.000000Z"]


def test_f9_without_a_time_the_last_180_days_are_counted(api):
    answer = api("POST", "/events/count-by/day", {})

    assert (len(answer.document), answer.document[-1]["start_time"]) == (181, "2026-11-20T00:00:00.000000Z")


def test_f9_more_than_a_thousand_buckets_are_refused(api):
    answer = api("POST", "/events/count-by/time", {"time_unit": "hour"})

    assert answer.status == 422
    assert "the limit is 1,000" in answer.document["exception_detail"][0]["msg"]


@pytest.mark.parametrize("interval", [0.009, 0, -1, "x", 1e300])
def test_f9_an_interval_must_be_a_hundredth_or_more(api, interval):
    time = {"since": "2026-11-20T12:00:00Z", "until": "2026-11-20T12:00:01Z"}
    body = {"filter": {"occurred": time}, "time_unit": "day", "time_interval": interval}

    answer = api("POST", "/events/count-by/time", body)

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["body", "time_interval"])


def test_f9_a_hundredth_of_a_second_is_long_enough(api):
    time = {"since": "2026-11-20T12:00:00Z", "until": "2026-11-20T12:00:01Z"}
    body = {"filter": {"occurred": time}, "time_unit": "second", "time_interval": 0.01}

    assert len(api("POST", "/events/count-by/time", body).document) == 101


def test_f9_names_are_counted_the_most_frequent_first(world, api, orders):
    world.events.put(ann_signs_up())

    answer = api("POST", "/events/count-by/event", {})

    assert [(one["value"], one["label"], one["count"]) for one in answer.document] == [
        ("order.placed", "order.placed", 5),
        ("user.signed-up", "user.signed-up", 1),
    ]


def test_f9_resources_are_counted_under_their_latest_name(world, api):
    for second, name in enumerate(["Ann", "Anna"]):
        labels = {"prefect.resource.id": "user.u-1", "prefect.resource.name": name}
        world.events.put(ann_signs_up(resource=labels, occurred=NOON - timedelta(seconds=9 - second)))

    (one,) = api("POST", "/events/count-by/resource", {}).document

    assert (one["value"], one["label"], one["count"]) == ("user.u-1", "Anna", 2)


def test_f9_there_are_four_ways_to_count(api):
    assert api("POST", "/events/count-by/colour", {}).status == 404


def test_a_tail_begins_a_minute_ago_and_shows_each_event_once(world, api):
    world.events.put(order_placed(1, occurred=NOON - timedelta(minutes=2)))
    world.events.put(order_placed(2, occurred=NOON - timedelta(seconds=30)))

    first = api("POST", "/events/tail", {})
    world.clock.advance(5)
    world.events.put(order_placed(3, occurred=world.clock.now()))
    second = api("POST", "/events/tail", {"cursor": first.document["cursor"]})
    third = api("POST", "/events/tail", {"cursor": second.document["cursor"]})

    shown = [[event["payload"]["number"] for event in answer.document["events"]] for answer in (first, second, third)]
    assert shown == [[2], [3], []]


def test_a_tail_shows_an_event_when_it_arrives_however_long_ago_it_occurred(world, api):
    cursor = api("POST", "/events/tail", {}).document["cursor"]
    world.clock.advance(10)
    late = order_placed(1, occurred=NOON - timedelta(days=400))
    world.events.put(replace(late, received=world.clock.now()))

    answer = api("POST", "/events/tail", {"cursor": cursor})

    assert ids(answer) == [late.id]


def test_a_tail_shows_only_what_passes_its_filter_the_related_part_too(world, api):
    world.events.put(order_placed())
    world.events.put(clients_csv_arrives())

    answer = api("POST", "/events/tail", {"filter": {"related": {"role": ["bucket"]}}})

    assert ids(answer) == [clients_csv_arrives().id]


def test_a_tail_waits_for_an_event_if_it_is_asked_to(world, api):
    waited = []

    def pause(seconds):
        waited.append(seconds)
        world.clock.advance(seconds)
        if len(waited) == 3:
            world.events.put(order_placed(occurred=world.clock.now()))

    world.services = replace(world.services, pause=pause)
    from tests.calls import authorized, call, read

    from whenflow.api.app import build_api

    handler = build_api(world.services)
    answer = read(handler(call("POST", "/api/events/tail", {"wait": 20}, headers=authorized()), None))

    assert (len(ids(answer)), len(waited)) == (1, 3)


@pytest.mark.parametrize("wait", [-1, 21, "5", True])
def test_a_tail_waits_no_longer_than_twenty_seconds(api, wait):
    assert api("POST", "/events/tail", {"wait": wait}).status == 422


def test_a_tail_that_was_left_for_an_hour_must_begin_again(world, api):
    cursor = api("POST", "/events/tail", {}).document["cursor"]
    world.clock.advance(3600)

    assert api("POST", "/events/tail", {"cursor": cursor}).status == 403


def test_a_flood_comes_in_parts_and_none_is_lost(world, api):
    for number in range(450):
        world.events.put(order_placed(number, occurred=NOON - timedelta(seconds=30, microseconds=number)))
    shown, cursor, has_more = [], None, True

    while has_more:
        answer = api("POST", "/events/tail", {"cursor": cursor}).document
        shown += [event["id"] for event in answer["events"]]
        cursor, has_more = answer["cursor"], answer["has_more"]

    assert sorted(shown) == sorted(world.events.stored)
