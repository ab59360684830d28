"""What is particular to the config store in DynamoDB."""

import pytest
from tests.stores import in_dynamodb

from whenflow.errors import Stale

OLD = {"id": "tea", "name": "Tea"}


@pytest.fixture
def config(dynamodb, clock):
    """A store with a document from before there were revisions."""
    store = in_dynamodb(dynamodb, clock).config
    store.create("webhook", "tea", OLD)
    dynamodb.update_item(
        TableName="ConfigTable",
        Key={"kind": {"S": "webhook"}, "id": {"S": "tea"}},
        UpdateExpression="REMOVE revision",
    )
    return store


def test_a_document_from_before_there_were_revisions_can_be_changed_by_whoever_read_it(config):
    read = config.read("webhook", "tea")
    assert read.document == OLD

    config.replace("webhook", "tea", OLD | {"name": "Green"}, over=read.revision)

    with pytest.raises(Stale):
        config.replace("webhook", "tea", OLD, over=read.revision)
    with pytest.raises(Stale):
        config.delete("webhook", "tea", over=read.revision)
    assert config.get("webhook", "tea")["name"] == "Green"
