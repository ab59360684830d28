"""`whenflow source`, against the product's own API."""

import json

import pytest
from tests.cli.product import running_product
from tests.sources.test_eventbridge import ORDER
from tests.stories import clients_csv_notification

PATTERN = json.dumps({"source": ["shop"]})
TEMPLATE = json.dumps({"event": "order.placed", "resource": {"prefect.resource.id": "order.{{ detail.number }}"}})


@pytest.fixture
def product(monkeypatch):
    """The product, and the command pointed at it."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
        yield product


@pytest.fixture
def orders(cli, product):
    """A source, made by the command."""
    return cli("source", "create", "orders", "--pattern", PATTERN, "--template", TEMPLATE, "--json").document


def test_a_source_is_made(cli, product):
    outcome = cli("source", "create", "orders", "-P", PATTERN, "-t", TEMPLATE, "-d", "from the shop")

    (stored,) = product.config.all("source")
    assert outcome.code == 0
    assert stored["id"] in outcome.out
    assert (stored["template"]["event"], stored["description"]) == ("order.placed", "from the shop")


def test_a_template_that_is_not_an_object_is_text(cli, product, tmp_path):
    text = '{"event": "order.placed", "resource": {"prefect.resource.id": {{ detail.number | tojson }}}}'
    (tmp_path / "t.j2").write_text(text)

    cli("source", "create", "orders", "-P", PATTERN, "-t", "@t.j2")

    assert product.config.all("source")[0]["template"] == text


@pytest.mark.parametrize(
    ("preset", "notification", "name", "resource"),
    [
        ("s3", clients_csv_notification(), "file.arrived", "s3://incoming/clients.csv"),
        ("rule", ORDER, "shop.order-placed", "order.7"),
    ],
)
def test_a_preset_makes_a_good_event(cli, product, preset, notification, name, resource):
    assert cli("source", "create", "mine", "--preset", preset).code == 0

    result = cli("source", "test", "mine", "-n", json.dumps(notification), "--json").document["results"][0]

    assert result["event"]["event"] == name
    assert result["event"]["resource"]["prefect.resource.id"] == resource


def test_the_preset_of_kafka_makes_a_good_event(cli, product):
    from tests.sources.test_kafka import batch, record

    cli("source", "create", "mine", "--preset", "kafka")

    result = cli("source", "test", "mine", "-n", json.dumps(batch(record())), "--json").document["results"][0]

    assert (result["event"]["event"], result["event"]["resource"]["prefect.resource.id"]) == (
        "kafka.signups.received",
        "kafka://signups/u-1",
    )
    assert result["event"]["payload"] == {"key": "u-1", "value": {"userid": "u-1"}, "headers": {"trace": "abä"}}


def test_the_preset_of_s3_takes_an_object_without_version(cli, product):
    cli("source", "create", "mine", "--preset", "s3")

    result = cli("source", "test", "-n", json.dumps(clients_csv_notification()), "--json").document["results"][0]

    assert result["event"]["payload"]["size"] == 1024
    assert result["event"]["payload"]["version_id"] is None


def test_without_a_pattern_nothing_is_made(cli, product):
    outcome = cli("source", "create", "orders")

    assert outcome.code == 2
    assert "Give a --pattern" in outcome.err
    assert product.config.all("source") == []


def test_a_pattern_that_is_wrong_is_told_with_its_place(cli, product):
    outcome = cli("source", "create", "orders", "-P", '{"source": [{"starts": "a"}]}')

    assert outcome.code == 1
    assert "There is no comparison 'starts'" in outcome.text


def test_the_list_shows_what_sources_there_are(cli, product, orders):
    cli("source", "create", "a-first", "-P", PATTERN, "--drop")

    lines = cli("source", "ls").out.splitlines()

    assert lines[0].split() == ["NAME", "ENABLED", "PATTERN", "MAKES", "CREATED", "ID"]
    assert "a-first" in lines[1] and "nothing" in lines[1]
    assert "orders" in lines[2] and "its template" in lines[2]


def test_an_empty_list_says_how_to_make_one(cli, product):
    assert "whenflow source create" in cli("source", "ls").out


def test_a_source_is_shown(cli, product, orders):
    out = cli("source", "inspect", "orders").out

    assert orders["id"] in out
    assert '"source"' in out and "order.placed" in out
    assert cli("source", "inspect", orders["id"], "--json").document == orders


def test_a_source_is_changed(cli, product, orders):
    cli("source", "update", "orders", "--name", "orders-2", "-P", '{"source": ["depot"]}')

    after = cli("source", "inspect", "orders-2", "--json").document
    assert (after["pattern"], after["template"]) == ({"source": ["depot"]}, orders["template"])


def test_a_source_drops_and_keeps_again(cli, product, orders):
    cli("source", "update", "orders", "--drop")
    assert product.config.all("source")[0]["drop"] is True

    cli("source", "update", "orders", "--keep")
    assert product.config.all("source")[0]["drop"] is False


def test_a_change_of_nothing_is_refused(cli, product, orders):
    assert cli("source", "update", "orders").code == 2


def test_a_source_is_switched_off_and_on(cli, product, orders):
    assert "switched off" in cli("source", "toggle", "orders").out
    assert "switched on" in cli("source", "toggle", "orders").out


def test_a_source_is_removed_when_that_is_confirmed(cli, product, orders):
    assert cli("source", "delete", "orders").code == 2
    assert cli("source", "delete", "orders", "--yes").code == 0
    assert product.config.all("source") == []


def test_a_name_that_is_not_there_is_told_with_a_similar_one(cli, product, orders):
    outcome = cli("source", "inspect", "order")

    assert outcome.code == 1
    assert "There is no source order." in outcome.err and "orders" in outcome.err


def test_of_two_of_a_name_the_id_decides(cli, product, orders):
    cli("source", "create", "orders", "-P", PATTERN)

    assert "orders may mean 2 sources" in cli("source", "toggle", "orders").err
    assert cli("source", "toggle", orders["id"]).code == 0


def test_a_draft_is_tried(cli, product, orders):
    other = json.dumps({"event": "other", "resource": {"prefect.resource.id": "r"}})

    assert "order.placed" in cli("source", "test", "orders", "-n", json.dumps(ORDER)).out
    assert '"other"' in cli("source", "test", "orders", "-n", json.dumps(ORDER), "-t", other).out
    assert (
        "shop.order-placed" in cli("source", "test", "orders", "-n", json.dumps(ORDER), "-P", '{"source": ["x"]}').out
    )


def test_a_draft_that_gives_no_event_fails_and_says_why(cli, product):
    outcome = cli("source", "test", "-n", json.dumps(ORDER), "-t", '{"event": "x"}')

    assert outcome.code == 1
    assert "whenflow.source.failed" in outcome.out and "resource: Field required" in outcome.out


def test_a_pattern_that_does_not_match_is_told(cli, product, orders):
    out = cli("source", "test", "orders", "-n", json.dumps(clients_csv_notification())).out

    assert out.startswith("The pattern of orders does not match it: by itself it becomes:")


@pytest.mark.parametrize("words", [["create", "x", "-P", PATTERN], ["update", "orders"]])
def test_what_is_dropped_has_no_template(cli, product, orders, words):
    outcome = cli("source", *words, "--drop", "-t", TEMPLATE)

    assert outcome.code == 2
    assert product.config.all("source") == [orders]


def test_what_is_dropped_is_told(cli, product):
    cli("source", "create", "orders", "-P", PATTERN, "--drop")

    assert "it is dropped" in cli("source", "test", "-n", json.dumps(ORDER)).out
