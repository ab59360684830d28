"""The template as plain data: `!Ref X` is {"Ref": "X"}, `!GetAtt A.B` is {"Fn::GetAtt": "A.B"}, and so on."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


@lru_cache(maxsize=1)
def template() -> dict[str, Any]:
    """Return template.yaml; to be read, not written."""
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)
    return loaded


def of_type(*types: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of these types, by logical id."""
    return {
        name: resource["Properties"] for name, resource in template()["Resources"].items() if resource["Type"] in types
    }


def functions() -> dict[str, dict[str, Any]]:
    """Return the functions, with what Globals gives to each."""
    shared = template()["Globals"]["Function"]
    return {name: _merged(shared, own) for name, own in of_type("AWS::Serverless::Function").items()}


def _merged(shared: Any, own: Any) -> Any:
    if isinstance(shared, dict) and isinstance(own, dict):
        return {key: _merged(shared.get(key), own.get(key)) for key in shared | own}
    return shared if own is None else own


def queues() -> dict[str, dict[str, Any]]:
    """Return the queues."""
    return of_type("AWS::SQS::Queue")


def mappings() -> dict[str, dict[str, Any]]:
    """Return the event source mappings."""
    return of_type("AWS::Lambda::EventSourceMapping")


def referred(value: Any) -> str:
    """Return the logical id that a Ref or GetAtt names."""
    if "Ref" in value:
        return str(value["Ref"])
    return str(value["Fn::GetAtt"]).partition(".")[0]


def names_in(value: Any) -> set[str]:
    """Return every logical id that a value refers to, at any depth."""
    if isinstance(value, list):
        return set().union(*(names_in(item) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {referred(value)} if value.keys() & {"Ref", "Fn::GetAtt"} else set()
    return found.union(*(names_in(item) for item in value.values()))
