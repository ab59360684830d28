"""Which events a filter lets through (SPEC 7.2, 8.8: F2 to F7)."""

import pytest
from tests.stories import BUCKET, NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.errors import Rejected
from whenflow.events.filters import Sieve, filter_from_document, resources_asked


def fits(document, event) -> bool:
    return Sieve(filter_from_document(document)).fits(event)


def resource(**labels):
    return order_placed(resource={"prefect.resource.id": "order.7", **labels})


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ({"prefix": ["order."]}, True),
        ({"prefix": ["user.", "order."]}, True),
        ({"prefix": ["user."]}, False),
        ({"prefix": ["order."], "exclude_prefix": ["order.pl"]}, False),
        ({"prefix": ["order."], "exclude_prefix": ["order.c"]}, True),
        ({"name": ["order.placed"]}, True),
        ({"name": ["order"]}, False),
        ({"name": ["order.placed"], "exclude_name": ["order.placed"]}, False),
        ({"exclude_name": ["order.paid"]}, True),
        ({"exclude_prefix": ["order"]}, False),
        ({"prefix": ["order."], "name": ["user.signed-up"]}, False),
        ({"prefix": [], "name": [], "exclude_name": None}, True),
        ({}, True),
    ],
)
def test_f2_names_pass_by_name_and_beginning_and_are_left_out_likewise(name, passes):
    assert fits({"event": name}, order_placed()) is passes


@pytest.mark.parametrize(
    ("part", "passes"),
    [
        ({"id": ["order.7"]}, True),
        ({"id": ["order.8", "order.7"]}, True),
        ({"id": ["order"]}, False),
        ({"id": []}, True),
        ({"id_prefix": ["order."]}, True),
        ({"id_prefix": ["rder"]}, False),
        ({"id": ["order.7"], "id_prefix": ["user."]}, False),
        ({"labels": {"prefect.resource.id": "order.*"}}, True),
        ({"labels": {"prefect.resource.id": "!order.*"}}, False),
        ({"labels": {"a": "1"}}, False),
        ({"labels": {"a": "!1"}}, False),
        ({"labels": {}}, True),
    ],
)
def test_f3_the_primary_resource_passes_by_id_beginning_and_labels(part, passes):
    assert fits({"resource": part}, order_placed()) is passes


@pytest.mark.parametrize(
    ("pattern", "value", "passes"),
    [
        ("50%", "50%", True),
        ("50%", "501", False),
        ("a_b", "a_b", True),
        ("a_b", "axb", False),
        ("a\\b", "a\\b", True),
        ("a?b", "axb", True),
        ("[ab]c", "bc", True),
        ("!x*", "yes", True),
        ("!y*", "yes", False),
    ],
)
def test_f3_only_the_signs_of_the_label_grammar_are_special(pattern, value, passes):
    assert fits({"resource": {"labels": {"env": pattern}}}, resource(env=value)) is passes


@pytest.mark.parametrize("prefix", ["order_", "order%", "order\\"])
def test_f3_in_beginnings_nothing_is_special(prefix):
    assert not fits({"resource": {"id_prefix": [prefix]}}, order_placed())
    assert fits({"resource": {"id_prefix": [prefix]}}, order_placed(resource=f"{prefix}7"))


@pytest.mark.parametrize(
    ("related", "passes"),
    [
        ({"id": ["s3://incoming"]}, True),
        ({"role": ["bucket"]}, True),
        ({"id": ["s3://incoming"], "role": ["folder"]}, False),
        ({"resources_in_roles": [["s3://incoming", "bucket"]]}, True),
        ({"resources_in_roles": [["s3://incoming", "folder"], ["s3://other", "bucket"]]}, False),
        ({"labels": {"prefect.resource.name": "in*"}}, True),
        ([{"role": ["bucket"]}, {"id": ["s3://incoming"]}], True),
        ([{"role": ["bucket"]}, {"id": ["s3://other"]}], False),
        ({"id": ["s3://incoming/clients.csv"]}, False),
        ([], True),
        (None, True),
        ({}, True),
    ],
)
def test_f4_some_related_resource_satisfies_each_item(related, passes):
    assert fits({"related": related}, clients_csv_arrives()) is passes


def test_f4_the_keys_of_one_item_must_hold_for_one_and_the_same_resource():
    other = {"prefect.resource.id": "tag.a", "prefect.resource.role": "tag"}
    event = clients_csv_arrives(related=[BUCKET, other])

    assert not fits({"related": {"id": ["tag.a"], "role": ["bucket"]}}, event)
    assert fits({"related": [{"id": ["tag.a"]}, {"role": ["bucket"]}]}, event)


@pytest.mark.parametrize(
    ("part", "passes"),
    [
        ({"id": ["s3://incoming"]}, True),
        ({"id": ["s3://incoming/clients.csv"]}, True),
        ({"id_prefix": ["s3://incoming/"]}, True),
        ({"id": ["s3://other"]}, False),
        ([{"id": ["s3://incoming"]}, {"labels": {"prefect.resource.name": "clients.*"}}], True),
        ([{"id": ["s3://incoming"]}, {"id": ["s3://other"]}], False),
    ],
)
def test_f4_any_resource_is_the_primary_or_a_related_one(part, passes):
    assert fits({"any_resource": part}, clients_csv_arrives()) is passes


def test_f5_a_label_that_may_have_no_value_lets_nothing_through():
    assert not fits({"resource": {"labels": {"prefect.resource.id": []}}}, order_placed())


def test_f6_no_ids_are_all_ids():
    assert fits({"id": {"id": []}}, order_placed())
    assert fits({"id": {"id": [order_placed().id.upper()]}}, order_placed())
    assert not fits({"id": {"id": [ann_signs_up().id]}}, order_placed())


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("timeout", True),
        ("TIMEOUT", True),
        ("nothing timeout", True),
        ("nothing", False),
        ("error -debug", False),
        ("error !debug", False),
        ("error -trace", True),
        ('"connection timeout"', True),
        ('"timeout connection"', False),
        ("+connection +timeout", True),
        ("+connection +nothing", False),
        ("+connection nothing", False),
        ('-"connection timeout"', False),
        ('+"connection timeout" error', True),
        ("order.placed", True),
        ("rder.7", True),
        ("incoming", True),
        ("", True),
        ('""', True),
        ("-", True),
    ],
)
def test_f7_text_is_searched_in_names_labels_and_payload(query, passes):
    event = order_placed(payload={"error": "Connection Timeout", "level": ["debug"]}, related=[BUCKET])

    assert fits({"text": {"query": query}}, event) is passes


def test_the_time_includes_both_ends():
    for since, until, passes in (("12:00:00", "12:00:00", True), ("12:00:01", "13:00", False), ("11", "11:59", False)):
        time = {"since": f"2026-11-20T{since}Z" if len(since) > 2 else "2026-11-20T11:00:00Z"}
        time["until"] = f"2026-11-20T{until if len(until) > 5 else until + ':00'}Z"

        assert fits({"occurred": time}, order_placed(occurred=NOON)) is passes


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"evnt": {}}, ["evnt"]),
        ({"event": {"names": []}}, ["event", "names"]),
        ({"event": {"name": "order.placed"}}, ["event", "name"]),
        ({"related": [{"id": []}, {"ids": []}]}, ["related", 1, "ids"]),
        ({"any_resource": {"role": ["x"]}}, ["any_resource", 0, "role"]),
        ({"resource": {"labels": {"a": 1}}}, ["resource", "labels", "a"]),
        ({"id": {"id": ["seven"]}}, ["id", "id", 0]),
        ({"text": {"query": "x" * 201}}, ["text", "query"]),
        ({"order": "asc"}, ["order"]),
        ({"occurred": {"since": "yesterday"}}, ["occurred", "since"]),
        ([], []),
        ("x", []),
    ],
)
def test_what_is_wrong_with_a_filter_is_told_by_its_place(document, place):
    with pytest.raises(Rejected) as refusal:
        filter_from_document(document)

    assert list(refusal.value.faults[0].loc[: 2 + len(place)]) == ["body", "filter", *place]


def test_null_is_what_is_left_out():
    nulls = dict.fromkeys(("occurred", "event", "resource", "related", "any_resource", "id", "text"))

    assert filter_from_document(nulls) == filter_from_document({}) == filter_from_document(None)


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        ({"resource": {"id": ["a", "b", "a"]}}, (("a", "b"), True)),
        ({"any_resource": {"id": ["a"]}}, (("a",), False)),
        ({"related": [{"role": ["x"]}, {"id": ["a"]}]}, (("a",), False)),
        ({"related": {"resources_in_roles": [["a", "x"]]}}, (("a",), False)),
        ({"resource": {"id_prefix": ["a"]}}, ((), True)),
        ({"resource": {"id": [str(n) for n in range(11)]}}, ((), False)),
    ],
)
def test_the_resources_that_every_event_involves_are_known(document, asked):
    assert resources_asked(filter_from_document(document), 10)[0] == asked[0]
    assert not asked[0] or resources_asked(filter_from_document(document), 10) == asked
