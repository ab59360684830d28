"""`whenflow event ls|inspect|count|stream` with filters, against the product in memory."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.cli.product import running_product
from tests.stories import NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.cli import event_stream
from whenflow.cli.errors import UsageError
from whenflow.cli.event_filters import Which, filter_of
from whenflow.cli.event_stream import follow


@pytest.fixture
def product(monkeypatch):
    """A product with Ann, the file and three orders."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
        product.events.put(ann_signs_up())
        product.events.put(clients_csv_arrives())
        for number in range(3):
            product.events.put(order_placed(number, occurred=NOON - timedelta(seconds=number + 1)))
        yield product


def names(outcome):
    return [event["event"] for event in outcome.document]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--name", "order.*"], ["order.placed"] * 3),
        (["--name", "user.*", "--name", "aws.*"], ["aws.s3.object-created", "user.signed-up"]),
        (["--not-name", "order.*", "--not-name", "user.signed-up"], ["aws.s3.object-created"]),
        (["--resource-id", "order.1"], ["order.placed"]),
        (["--involving", "s3://incoming"], ["aws.s3.object-created"]),
        (["--involving", "s3://incoming", "--involving", "s3://incoming/*"], ["aws.s3.object-created"]),
        (["--involving", "s3://incoming", "--involving", "order.1"], []),
        (["--text", "Ann"], ["user.signed-up"]),
        (["--filter", '{"event": {"prefix": ["order."]}}', "--limit", "2"], ["order.placed"] * 2),
        (["--until", "2026-11-20T11:59:57Z"], ["order.placed"]),
        (["--since", "2026-11-20T12:00:00Z", "--name", "order.*"], []),
    ],
)
def test_only_the_events_that_are_asked_for_are_listed(cli, product, words, found):
    assert sorted(names(cli("event", "ls", "--json", *words))) == sorted(found)


def test_the_oldest_may_come_first_and_each_resource_once(cli, product):
    product.events.put(order_placed(1, occurred=NOON - timedelta(minutes=1)))

    listed = cli("event", "ls", "--json", "--name", "order.*", "--distinct", "--oldest-first").document

    assert [event["payload"]["number"] for event in listed] == [2, 1, 0]


def test_a_list_of_nothing_says_so(cli, product):
    assert "No such events." in cli("event", "ls", "--name", "nothing").out


def test_an_event_is_shown_whole(cli, product):
    assert cli("event", "inspect", ann_signs_up().id).document == ann_signs_up().as_document()


def test_an_event_that_is_not_there_is_told(cli, product):
    outcome = cli("event", "inspect", "00000000-0000-4000-8000-00000000dead")

    assert outcome.code == 1
    assert "There is no event" in outcome.err


def test_an_event_is_found_by_the_end_of_its_id_which_the_list_shows(cli, product):
    rows = [line.split() for line in cli("event", "ls").out.splitlines()[1:]]

    for short, *_, whole in rows:
        assert whole.endswith(short)
        assert cli("event", "inspect", short).document["id"] == whole
    assert len({short for short, *_ in rows}) == len(rows) > 1


def test_an_end_that_several_events_have_or_none_is_told(cli, product):
    for number in range(2):
        product.events.put(ann_signs_up(id=f"0190163d-8694-7000-8000-0{number}00000abcde"))

    several, none = cli("event", "inspect", "abcde"), cli("event", "inspect", "fedcba")

    assert (several.code, none.code) == (2, 1)
    assert "abcde may mean 2 events." in several.err
    assert "None of the newest 200 events has an id that ends in fedcba." in none.err


def test_what_is_no_id_is_told_before_anything_is_asked(cli):
    assert cli("event", "inspect", "seven").code == 2


def test_events_are_counted(cli, product):
    assert cli("event", "count", "--by", "event").out.split()[2:4] == ["3", "order.placed"]
    (one,) = cli("event", "count", "--by", "resource", "--resource-id", "user.u-1", "--json").document
    assert (one["label"], one["count"]) == ("Ann", 1)


def test_events_are_counted_in_steps(cli, product):
    since = ["--since", "2026-11-20T11:59:00Z"]

    counts = cli("event", "count", "--by", "time", "--every", "1m", *since, "--json").document

    assert [one["count"] for one in counts] == [3, 2]


def test_a_step_must_be_a_length_of_time(cli):
    assert "--every must be a length of time" in cli("event", "count", "--by", "time", "--every", "often").err


def test_a_stream_shows_what_there_is_each_as_a_line(cli, product):
    lines = cli("event", "stream", "--run-once", "--json", "--name", "order.*").out.splitlines()

    assert [json.loads(line)["payload"]["number"] for line in lines] == [2, 1, 0]


def test_a_stream_is_read_by_people(cli, product):
    assert "order.placed  order.1" in cli("event", "stream", "--run-once").out


def test_a_stream_of_an_api_that_never_answered_ends_and_says_so(cli, monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("WHENFLOW_API_KEY", "k")

    told = cli("event", "stream")

    assert told.code == 1
    assert "Nothing answers at http://127.0.0.1:9/api" in told.err


def test_a_stream_survives_an_outage_without_loss_or_repetition(cli, product, monkeypatch, capsys):
    from whenflow.cli.client import connect
    from whenflow.cli.errors import ServerFault
    from whenflow.cli.options import DEFAULTS

    monkeypatch.setattr(event_stream, "PAUSE_SECONDS", 0.0)
    with connect(DEFAULTS) as api:
        post, calls = api.post, []

        def flaky(path, body):
            calls.append(body)
            if len(calls) in (2, 3):
                raise ServerFault("The API failed (status 503).")
            return post(path, body)

        monkeypatch.setattr(api, "post", flaky)
        stream = follow(api, {"event": {"prefix": ["order."]}})
        first = [next(stream) for _ in range(3)]
        product.clock.advance(10)
        product.events.put(replace(order_placed(9, occurred=NOON - timedelta(days=9)), received=product.clock.now()))
        fourth = next(stream)

    assert [event["payload"]["number"] for event in [*first, fourth]] == [2, 1, 0, 9]
    assert "Trying again" in capsys.readouterr().err


def test_an_event_may_have_occurred_before_and_follow_another(cli, product):
    cause = ann_signs_up().id

    cli("event", "emit", "x.happened", "--resource-id", "x", "--occurred", "2026-11-20T11:00:00Z", "--follows", cause)

    (event,) = product.events.named("x.happened")
    assert (event.occurred, event.follows) == (NOON - timedelta(hours=1), cause)


def test_options_add_to_a_whole_filter():
    which = Which(filter='{"any_resource": {"id": ["a"]}, "event": {"name": ["x"]}}', involving=["b"], name=["y.*"])

    assert filter_of(which) == {
        "any_resource": [{"id": ["a"]}, {"id": ["b"]}],
        "event": {"name": ["x"], "prefix": ["y."]},
    }


def test_a_filter_must_be_an_object():
    with pytest.raises(UsageError, match="--filter must be a JSON object"):
        filter_of(Which(filter="[]"))


def test_whole_names_and_beginnings_are_not_mixed():
    with pytest.raises(UsageError, match="either whole ones or beginnings"):
        filter_of(Which(name=["order.placed", "user.*"]))


@pytest.mark.parametrize(("is_exact", "told"), [(True, "1 of 1,200 events."), (False, "1 of at least 1,200 events.")])
@pytest.mark.parametrize("words", [[], ["--name", "order.*"]])
def test_a_list_says_of_how_many_it_is_a_part(cli, at_server, is_exact, told, words):
    page = {"events": [order_placed().as_document()], "total": 1_200, "total_is_exact": is_exact, "next_page": None}
    at_server.expect_request("/api/events").respond_with_json(page)
    at_server.expect_request("/api/events/filter").respond_with_json(page)

    assert told in cli("event", "ls", *words).out


def test_a_list_that_is_whole_says_nothing_of_a_total(cli, product):
    assert " of " not in cli("event", "ls").out
