"""Deployments and flows."""

from whenflow.api.openapi.operation import Operation, Schema, listing, ref
from whenflow.api.openapi.schemas import page_request

DEPLOYMENTS = "Deployments"
PAGE: Schema = page_request()

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/deployments",
        DEPLOYMENTS,
        "Create a deployment, or replace the one of this flow and name.",
        {200: ref("Deployment"), 201: ref("Deployment")},
        ref("DeploymentInput"),
        needs_body=True,
    ),
    Operation("post", "/deployments/filter", DEPLOYMENTS, "List deployments.", {200: listing(ref("Deployment"))}, PAGE),
    Operation(
        "get", "/deployments/name/{flow}/{name}", DEPLOYMENTS, "Get a deployment by name.", {200: ref("Deployment")}
    ),
    Operation("get", "/deployments/{id}", DEPLOYMENTS, "Get a deployment.", {200: ref("Deployment")}),
    Operation("delete", "/deployments/{id}", DEPLOYMENTS, "Delete a deployment.", {204: None}),
    Operation("post", "/flows/filter", DEPLOYMENTS, "List flows.", {200: listing(ref("Flow"))}, PAGE),
)
