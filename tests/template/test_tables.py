"""Tables: keys as docs/data-model.md has them, and what keeps their data safe."""

from typing import Any

import pytest
from tests.template.loading import ROOT, of_type, template

TABLES = of_type("AWS::DynamoDB::Table")
KEYS = {
    "EventsTable": ["bucket", "key"],
    "StateTable": ["pk", "sk"],
    "FiringsTable": ["id"],
    "RunsTable": ["pk", "sk"],
    "ConfigTable": ["kind", "id"],
}
EXPIRING = ["EventsTable", "FiringsTable", "RunsTable", "StateTable"]
STREAMED = ["EventsTable", "FiringsTable"]


def keys(schema: list[dict[str, Any]]) -> list[str]:
    assert [key["KeyType"] for key in schema] == ["HASH", "RANGE"][: len(schema)]
    return [key["AttributeName"] for key in schema]


def test_there_are_these_tables_with_these_keys() -> None:
    assert {name: keys(table["KeySchema"]) for name, table in TABLES.items()} == KEYS


def test_runs_are_listed_by_one_index_of_keys_and_found_by_when_they_are_due_in_another() -> None:
    indexes = TABLES["RunsTable"]["GlobalSecondaryIndexes"]

    assert {index["IndexName"]: keys(index["KeySchema"]) for index in indexes} == {
        "newest": ["listing", "created"],
        "due": ["due_shard", "due"],
    }
    assert [index["Projection"] for index in indexes] == [{"ProjectionType": "KEYS_ONLY"}] * 2


def test_windows_are_found_by_when_they_are_due_in_one_index_of_keys() -> None:
    [index] = TABLES["StateTable"]["GlobalSecondaryIndexes"]

    assert (index["IndexName"], keys(index["KeySchema"])) == ("due", ["due_minute", "due"])
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_no_other_table_pays_for_an_index() -> None:
    assert [name for name in sorted(KEYS) if "GlobalSecondaryIndexes" in TABLES[name]] == [
        "FiringsTable",
        "RunsTable",
        "StateTable",
    ]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_safe(name: str) -> None:
    table, resource = TABLES[name], template()["Resources"][name]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsData", True, False]}
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_what_happened_expires_and_what_was_set_up_does_not() -> None:
    expiring = {
        name: table["TimeToLiveSpecification"] for name, table in TABLES.items() if "TimeToLiveSpecification" in table
    }

    assert sorted(expiring) == EXPIRING
    assert all(how == {"AttributeName": "expires", "Enabled": True} for how in expiring.values())


def test_the_two_outboxes_have_streams_of_new_images() -> None:
    streams = {name: table["StreamSpecification"] for name, table in TABLES.items() if "StreamSpecification" in table}

    assert sorted(streams) == STREAMED
    assert all(how == {"StreamViewType": "NEW_IMAGE"} for how in streams.values())


@pytest.mark.parametrize("name", sorted(KEYS))
def test_the_data_model_describes_the_table(name: str) -> None:
    page = (ROOT / "docs" / "data-model.md").read_text()
    section = page.partition(f"## `{name.removesuffix('Table').lower()}`")[2].partition("\n## ")[0]

    attributes = [attribute["AttributeName"] for attribute in TABLES[name]["AttributeDefinitions"]]

    assert [attribute for attribute in attributes if f"`{attribute}`" not in section] == []
    assert ("TTL" in section) == (name in EXPIRING)
    assert ("Stream" in section) == (name in STREAMED)
