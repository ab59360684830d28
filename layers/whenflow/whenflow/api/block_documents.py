"""Notification targets as Prefect's clients know them: block documents, read only; secrets are masked."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.actions.notifications.kinds import KINDS
from whenflow.actions.notifications.targets import MASK
from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.events import named_id


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/block_documents`."""

    @app.post("/block_documents/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        found = services.targets.all()[offset : offset + limit]
        return answer(200, [block_document(target) for target in found])

    @app.post("/block_documents/count")
    def count() -> Response[Any]:
        return answer(200, len(services.targets.all()))

    @app.get("/block_documents/<block_document_id>")
    def one(block_document_id: str) -> Response[Any]:
        return answer(200, block_document(services.targets.get(known_id(block_document_id, "block document"))))


def block_document(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return a target as a block document."""
    slug, kind = target["type"], KINDS[target["type"]]
    type_id, schema_id = named_id("block-type", slug), named_id("block-schema", slug)
    return {
        "id": target["id"],
        "created": target["created"],
        "updated": target["updated"],
        "name": target["name"],
        "data": {name: _masked(value) if name in kind.secrets else value for name, value in target["data"].items()},
        "block_schema_id": schema_id,
        "block_schema": {"id": schema_id, "block_type_id": type_id, "fields": kind.model_json_schema()},
        "block_type_id": type_id,
        "block_type_name": kind.label,
        "block_type": block_type_of(slug),
        "block_document_references": {},
        "is_anonymous": False,
    }


def block_type_of(slug: str) -> dict[str, Any]:
    """Return a kind of targets as a block type."""
    return {"id": named_id("block-type", slug), "name": KINDS[slug].label, "slug": slug, "is_protected": True}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    return value and MASK
