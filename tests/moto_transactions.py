"""Makes transactions on moto cheap: it copies each table whole, with its stream, for the case that one fails."""

import copy
from collections import defaultdict
from typing import Any

import pytest


def make_cheap(patch: pytest.MonkeyPatch) -> None:
    """Keep what a transaction found by reference; written items are new ones, and never changed in place."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.table import Table

    update = DynamoDBBackend.update_item

    def as_found(table: Any, _memo: Any) -> Any:
        kept = object.__new__(Table)
        kept.__dict__.update(table.__dict__)
        kept.items = defaultdict(dict)
        for hash_key, found in table.items.items():
            kept.items[hash_key] = dict(found) if table.has_range_key else found
        if table.stream_shard is not None:
            kept.stream_shard = copy.copy(table.stream_shard)
            kept.stream_shard.items, kept.stream_shard.table = list(table.stream_shard.items), kept
        return kept

    def update_a_copy(backend: Any, table_name: str, key: dict[str, Any], *args: Any, **more: Any) -> Any:
        table = backend.get_table(table_name)
        hash_key = DynamoType(key[table.hash_key_attr])
        if table.has_range_key:
            range_key = DynamoType(key[table.range_key_attr])
            if (found := table.items.get(hash_key, {}).get(range_key)) is not None:
                table.items[hash_key][range_key] = copy.deepcopy(found)
        elif (found := table.items.get(hash_key)) is not None:
            table.items[hash_key] = copy.deepcopy(found)
        return update(backend, table_name, key, *args, **more)

    patch.setattr(Table, "__deepcopy__", as_found, raising=False)
    patch.setattr(DynamoDBBackend, "update_item", update_a_copy)
