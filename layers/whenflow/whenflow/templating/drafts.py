"""A draft of an event, as webhooks and sources have it: text that renders to JSON, or an object of templates."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from whenflow.documents import is_deeper, parse_json
from whenflow.errors import Rejected
from whenflow.templating.engine import check, evaluate, is_lone_expression, is_template, render, sharing
from whenflow.templating.errors import TemplateError

MAX_TEMPLATES = 500
MAX_DEPTH = 20
MAX_CHARS = 64 * 1024
WHAT = "The template's result"


class NotRendered(Exception):
    """A draft gives no JSON object on this data.

    Attributes:
        reason: Why, for people.
        rendered: What it gave, as far as it came.
    """

    def __init__(self, reason: str, rendered: str | None = None) -> None:
        """Keep the reason and what was rendered."""
        super().__init__(reason)
        self.reason = reason
        self.rendered = rendered


def check_draft(draft: str | Mapping[str, Any]) -> None:
    """Check a draft without rendering it.

    Raises:
        TemplateError: Of an object with the path to the text that is at fault.
    """
    if isinstance(draft, str):
        check(draft)
        return
    if is_deeper(draft, MAX_DEPTH):
        raise TemplateError(f"the template has more than {MAX_DEPTH} objects and lists inside each other")
    if len(json.dumps(draft)) > MAX_CHARS:
        raise TemplateError(f"the template has more than {MAX_CHARS:,} characters")
    leaves = list(_leaves(draft, ""))
    if len(leaves) > MAX_TEMPLATES:
        raise TemplateError(f"the template has more than {MAX_TEMPLATES} texts")
    for path, text in leaves:
        try:
            check(text)
        except TemplateError as error:
            raise TemplateError(f"{path}: {error}") from None


def render_draft(draft: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Render a draft to a JSON object. In an object, a lone `{{ expression }}` keeps its type.

    Raises:
        NotRendered: It fails on this data, or gives something else.
    """
    if isinstance(draft, Mapping):
        with sharing(context):  # one event's worth of work for all its texts together
            document: dict[str, Any] = _rendered(draft, context, "")
        return _labelled(document)
    try:
        rendered = render(draft, context, for_json=True)
    except TemplateError as error:
        raise NotRendered(f"The template failed: {error}") from None
    try:
        document = parse_json(rendered, WHAT)
        json.loads(rendered, object_pairs_hook=_each_once)
    except Rejected as error:
        raise NotRendered(error.reason, rendered) from None
    if not isinstance(document, dict):
        raise NotRendered(f"{WHAT} is not a JSON object.", rendered)
    return document


def _labelled(document: dict[str, Any]) -> dict[str, Any]:
    """Turn numbers among the labels into text, as a text template has them: a label is always text."""
    resource, related = document.get("resource"), document.get("related")
    if isinstance(resource, dict):
        document["resource"] = _texts(resource)
    if isinstance(related, list):
        document["related"] = [_texts(labels) if isinstance(labels, dict) else labels for labels in related]
    return document


def _texts(labels: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, int | float) else value for name, value in labels.items()}


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that has one name twice: which of the values is meant, nobody can say.

    Raises:
        Rejected: With the name.
    """
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Rejected(f"{WHAT} has the name '{name[:100]}' twice in one object.")
        seen.add(name)


def _leaves(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for name, item in node.items():
            yield from _leaves(item, _below(path, name))
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _leaves(item, f"{path}[{index}]")


def _rendered(node: Any, context: Mapping[str, Any], path: str) -> Any:
    if isinstance(node, Mapping):
        return {name: _rendered(item, context, _below(path, name)) for name, item in node.items()}
    if isinstance(node, list | tuple):
        return [_rendered(item, context, f"{path}[{index}]") for index, item in enumerate(node)]
    if not isinstance(node, str) or not is_template(node):
        return node
    try:
        return evaluate(node, context) if is_lone_expression(node) else render(node, context)
    except TemplateError as error:
        raise NotRendered(f"The template failed at {path}: {error}") from None


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
