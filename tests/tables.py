"""The tables, settings and queue of template.yaml, on moto: the template and the code cannot drift apart unseen."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
WHAT_A_TABLE_IS = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as `{tag: value}`."""


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    return {suffix: loader.construct_scalar(node)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _tagged)


@lru_cache(maxsize=1)
def template() -> dict[str, Any]:
    """Return template.yaml."""
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)
    return document


def tables() -> dict[str, dict[str, Any]]:
    """Return the properties of each DynamoDB table, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def create_tables(dynamodb: Any) -> None:
    """Create the tables of the template, each named by its logical id."""
    for name, properties in tables().items():
        settings = {key: properties[key] for key in WHAT_A_TABLE_IS if key in properties}
        if "StreamSpecification" in properties:
            settings["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
        dynamodb.create_table(TableName=name, **settings)


def ttl_attribute(table: str) -> str:
    """Return the attribute by which items of a table expire."""
    return str(tables()[table]["TimeToLiveSpecification"]["AttributeName"])


def environment(queue_urls: dict[str, str] | None = None) -> dict[str, str]:
    """Return the variables that the template gives its functions: those of all, and those of each."""
    variables = dict(template()["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            variables |= resource["Properties"].get("Environment", {}).get("Variables", {})
    return {name: _value(value, queue_urls or {}) for name, value in variables.items()}


def _value(value: Any, queue_urls: dict[str, str]) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "If" in value:  # every condition of a setting asks whether a parameter was given, and none is
        return _value(value["If"][2], queue_urls)
    if "Sub" in value:
        return str(value["Sub"])
    name = value["Ref"]
    if name == "AWS::StackName":
        return "whenflow"
    parameters = template()["Parameters"]
    return str(parameters[name]["Default"] if name in parameters else queue_urls.get(name, name))
