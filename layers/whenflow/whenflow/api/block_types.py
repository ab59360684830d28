"""Kinds of notification targets as block types, read only; and what Prefect's client reads and is not kept here."""

from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict

from whenflow.actions.notifications.kinds import KINDS
from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.block_documents import block_document, block_type_of
from whenflow.api.filters import Atom, Filter
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.deployments.pools import SINCE
from whenflow.errors import NotFound
from whenflow.events import named_id
from whenflow.runs.targets import TYPES


class _SchemaFilter(Filter):
    block_type_id: Atom | None = None


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    block_schemas: _SchemaFilter | None = None


TIMES = {"created": SINCE, "updated": SINCE}
ABOUT_TYPES = {
    "lambda": "Runs flows as asynchronous invocations of a Lambda function.",
    "step-functions": "Runs flows as executions of a Step Functions state machine.",
    "lambda-durable": "Runs flows on a durable Lambda function.",
}


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/block_types`, `/block_schemas`, `/artifacts` and `/collections`."""
    _add_types(app)
    _add_documents(app, services)
    _add_what_is_not_kept(app)


def _add_types(app: APIGatewayHttpResolver) -> None:
    @app.post("/block_types/filter")
    def types() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        return answer(200, [_type(slug) for slug in sorted(KINDS)][offset : offset + limit])

    @app.get("/block_types/slug/<slug>")
    def one(slug: str) -> Response[Any]:
        return answer(200, _type(_known(slug)))

    @app.post("/block_schemas/filter")
    def schemas() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        wanted = checked(_Query, document, "filter").block_schemas
        found = [_schema(slug) for slug in sorted(KINDS)]
        fitting = [schema for schema in found if wanted is None or wanted.fits(schema)]
        return answer(200, fitting[offset : offset + limit])


def _add_documents(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.get("/block_types/slug/<slug>/block_documents")
    def of_type(slug: str) -> Response[Any]:
        known = _known(slug)
        return answer(200, [block_document(one) for one in services.targets.all() if one["type"] == known])

    @app.get("/block_types/slug/<slug>/block_documents/name/<name>")
    def named(slug: str, name: str) -> Response[Any]:
        known, wanted = _known(slug), unquote(name)
        for one in services.targets.all():
            if (one["type"], one["name"]) == (known, wanted):
                return answer(200, block_document(one))
        raise NotFound(f"There is no {slug} {wanted}.")


def _add_what_is_not_kept(app: APIGatewayHttpResolver) -> None:
    @app.post("/artifacts/filter")
    def artifacts() -> Response[Any]:
        page_of(object_of(app))
        return answer(200, [])

    @app.post("/artifacts/latest/filter")
    def latest_artifacts() -> Response[Any]:
        page_of(object_of(app))
        return answer(200, [])

    @app.get("/collections/views/aggregate-worker-metadata")
    def worker_metadata() -> Response[Any]:
        # Under the name of a package that every client has: for any other, it would offer to install that.
        return answer(200, {"prefect": {type_: _pool_type(type_) for type_ in sorted(TYPES)}})


def _known(slug: str) -> str:
    if slug not in KINDS:
        raise NotFound(f"There is no block type {slug}: blocks are notification targets here, {', '.join(KINDS)}.")
    return slug


def _type(slug: str) -> dict[str, Any]:
    about = f"{KINDS[slug].label}: where notifications go. Made by `whenflow notification create`."
    return {"description": about, "logo_url": None, "documentation_url": None, "code_example": None} | (
        TIMES | block_type_of(slug)
    )


def _schema(slug: str) -> dict[str, Any]:
    fields = KINDS[slug].model_json_schema()
    return {
        "id": named_id("block-schema", slug),
        **TIMES,
        "checksum": f"sha256:{sha256(repr(sorted(fields.items())).encode()).hexdigest()}",
        "fields": fields,
        "block_type_id": named_id("block-type", slug),
        "block_type": _type(slug),
        "capabilities": ["notify"],
        "version": "1",
    }


def _pool_type(type_: str) -> dict[str, Any]:
    variable = TYPES[type_]
    properties = {variable: {"type": "string", "title": variable, "description": "Where the code is."}}
    return {
        "type": type_,
        "display_name": type_,
        "description": ABOUT_TYPES[type_],
        "default_base_job_configuration": {
            "job_configuration": {variable: f"{{{{ {variable} }}}}"},
            "variables": {"type": "object", "properties": properties},
        },
        "documentation_url": None,
        "install_command": None,
        "is_beta": False,
        "logo_url": None,
    }
