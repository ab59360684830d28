"""What a key may do, and what each route asks for.

One table, by method and route as the routes are written. A route that is missing here is for `admin` only, and
`tests/api/test_scopes.py` says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WEBHOOK: Final = "webhook:"
ONE_WEBHOOK: Final = "/webhooks/<webhook_id>"
ONE_DEPLOYMENT: Final = "/deployments/<deployment_id>"
ONE_LIMIT: Final = "/v2/concurrency_limits/<id_or_name>"


class Scope(StrEnum):
    """What a key may do.

    Attributes:
        READ: See everything but secrets.
        EMIT: Send events.
        OPERATE: Both, and what keeps things running: runs, pauses, switched automations, trials, replay, redrive.
        ADMIN: Everything: what is set up, and keys.
    """

    READ = "read"
    EMIT = "emit"
    OPERATE = "operate"
    ADMIN = "admin"


INCLUDED: Mapping[str, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.EMIT: frozenset({Scope.EMIT}),
    Scope.OPERATE: frozenset({Scope.READ, Scope.EMIT, Scope.OPERATE}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API.

    Attributes:
        resource_id: As a resource of events: `whenflow.api-key.<id>`, or `aws.iam.<ARN>`.
        name: For people.
        scopes: `read`, `emit`, `operate`, `admin`, or `webhook:<id>`: all that can be done with this webhook but to
            delete it.
    """

    resource_id: str
    name: str
    scopes: Sequence[str]

    def may(self, scope: Scope) -> bool:
        """Tell whether its scopes include this one."""
        return any(scope in INCLUDED.get(one, ()) for one in self.scopes)

    def lacks(self, method: str, route: str, values: Mapping[str, str]) -> Scope | None:
        """Return the scope that the caller would need for a route and has not; None where it may go on.

        Args:
            method: In capitals.
            route: As it is written in the table.
            values: What the request's path has in the places of the route's names.
        """
        needed = SCOPES.get((method, route), Scope.ADMIN)
        if needed is None or self.may(needed):
            return None
        is_of_webhook = route.startswith(ONE_WEBHOOK) and method != "DELETE"
        return None if is_of_webhook and WEBHOOK + values.get("webhook_id", "") in self.scopes else needed


_READ, _EMIT, _OPERATE, _ADMIN = Scope.READ, Scope.EMIT, Scope.OPERATE, Scope.ADMIN
SCOPES: Mapping[tuple[str, str], Scope | None] = {
    # ---- of the server: any key will do ----
    ("GET", "/health"): None,
    ("GET", "/ready"): None,
    ("GET", "/hello"): None,
    ("GET", "/version"): None,
    ("GET", "/admin/version"): None,
    ("GET", "/admin/storage"): None,
    ("GET", "/csrf-token"): None,
    ("GET", "/openapi.json"): None,
    # ---- events and what came of them ----
    ("POST", "/events"): _EMIT,
    ("GET", "/events"): _READ,
    ("POST", "/events/filter"): _READ,
    ("GET", "/events/filter/next"): _READ,
    ("POST", "/events/count-by/<by>"): _READ,
    ("POST", "/events/tail"): _READ,
    ("GET", "/events/<event_id>"): _READ,
    ("GET", "/firings/<firing_id>"): _READ,
    ("GET", "/explain"): _READ,
    ("GET", "/lineage/<kind>/<id_>"): _READ,
    ("POST", "/replay"): _READ,
    ("POST", "/replay/fire"): _OPERATE,
    # ---- webhooks ----
    ("GET", "/webhooks/presets"): _READ,
    ("POST", "/webhooks/filter"): _READ,
    ("GET", ONE_WEBHOOK): _READ,
    ("GET", f"{ONE_WEBHOOK}/requests"): _READ,
    ("POST", f"{ONE_WEBHOOK}/test"): _OPERATE,
    ("POST", "/webhooks"): _ADMIN,
    ("PUT", ONE_WEBHOOK): _ADMIN,
    ("PATCH", ONE_WEBHOOK): _ADMIN,
    ("DELETE", ONE_WEBHOOK): _ADMIN,
    ("POST", f"{ONE_WEBHOOK}/rotate"): _ADMIN,
    ("POST", f"{ONE_WEBHOOK}/rotate-secret"): _ADMIN,
    # ---- sources ----
    ("POST", "/sources/filter"): _READ,
    ("GET", "/sources/<source_id>"): _READ,
    ("POST", "/sources/test"): _OPERATE,
    ("POST", "/sources"): _ADMIN,
    ("PUT", "/sources/<source_id>"): _ADMIN,
    ("PATCH", "/sources/<source_id>"): _ADMIN,
    ("DELETE", "/sources/<source_id>"): _ADMIN,
    # ---- automations ----
    ("POST", "/automations/filter"): _READ,
    ("POST", "/automations/count"): _READ,
    ("GET", "/automations/related-to/(?s:.+)"): _READ,
    ("GET", "/automations/<automation_id>"): _READ,
    ("POST", "/templates/validate"): _READ,
    ("POST", "/automations/templates/validate"): _READ,
    ("POST", "/automations/preview"): _READ,
    ("POST", "/automations/<automation_id>/preview"): _READ,
    ("PATCH", "/automations/<automation_id>"): _OPERATE,
    ("POST", "/automations"): _ADMIN,
    ("PUT", "/automations/<automation_id>"): _ADMIN,
    ("DELETE", "/automations/<automation_id>"): _ADMIN,
    ("PUT", "/automations/owned-by/(?s:.+)"): _ADMIN,
    ("DELETE", "/automations/owned-by/(?s:.+)"): _ADMIN,
    # ---- deployments and flows ----
    ("POST", "/deployments/filter"): _READ,
    ("POST", "/deployments/count"): _READ,
    ("POST", "/deployments/paginate"): _READ,
    ("GET", ONE_DEPLOYMENT): _READ,
    ("GET", "/deployments/name/<flow_name>/<name>"): _READ,
    ("GET", f"{ONE_DEPLOYMENT}/schedules"): _READ,
    ("POST", "/deployments/get_scheduled_flow_runs"): _READ,
    ("POST", f"{ONE_DEPLOYMENT}/create_flow_run"): _OPERATE,
    ("POST", f"{ONE_DEPLOYMENT}/schedule"): _OPERATE,
    ("POST", f"{ONE_DEPLOYMENT}/pause_deployment"): _OPERATE,
    ("POST", f"{ONE_DEPLOYMENT}/resume_deployment"): _OPERATE,
    ("POST", "/deployments"): _ADMIN,
    ("PATCH", ONE_DEPLOYMENT): _ADMIN,
    ("DELETE", ONE_DEPLOYMENT): _ADMIN,
    ("POST", f"{ONE_DEPLOYMENT}/schedules"): _ADMIN,
    ("PATCH", f"{ONE_DEPLOYMENT}/schedules/<schedule_id>"): _ADMIN,
    ("DELETE", f"{ONE_DEPLOYMENT}/schedules/<schedule_id>"): _ADMIN,
    ("POST", "/flows/filter"): _READ,
    ("POST", "/flows/count"): _READ,
    ("POST", "/flows/paginate"): _READ,
    ("GET", "/flows/<flow_id>"): _READ,
    ("GET", "/flows/name/<name>"): _READ,
    ("POST", "/flows"): _OPERATE,  # every run of a program starts with it: it only makes a name known
    ("PATCH", "/flows/<flow_id>"): _ADMIN,
    ("DELETE", "/flows/<flow_id>"): _ADMIN,
    # ---- runs and their logs ----
    ("POST", "/flow_runs/filter"): _READ,
    ("POST", "/flow_runs/count"): _READ,
    ("POST", "/flow_runs/paginate"): _READ,
    ("POST", "/flow_runs/history"): _READ,
    ("POST", "/flow_runs/lateness"): _READ,
    ("GET", "/flow_runs/<run_id>"): _READ,
    ("GET", "/flow_runs/<run_id>/graph-v2"): _READ,
    ("POST", "/flow_runs/<run_id>/input/filter"): _READ,
    ("GET", "/flow_runs/<run_id>/input/<key>"): _READ,
    ("POST", "/flow_runs/<run_id>/input"): _OPERATE,
    ("DELETE", "/flow_runs/<run_id>/input/<key>"): _OPERATE,
    ("GET", "/flow_run_states"): _READ,
    ("POST", "/flow_runs"): _OPERATE,
    ("POST", "/flow_runs/<run_id>/set_state"): _OPERATE,
    ("POST", "/flow_runs/<run_id>/resume"): _OPERATE,
    ("PATCH", "/flow_runs/<run_id>"): _OPERATE,
    ("PATCH", "/flow_runs/<run_id>/labels"): _OPERATE,
    ("DELETE", "/flow_runs/<run_id>"): _OPERATE,
    ("POST", "/task_runs/filter"): _READ,
    ("POST", "/task_runs/count"): _READ,
    ("POST", "/task_runs/history"): _READ,
    ("GET", "/task_runs/<task_run_id>"): _READ,
    ("GET", "/task_run_states"): _READ,
    ("POST", "/task_runs"): _OPERATE,
    ("POST", "/logs/filter"): _READ,
    ("GET", "/flow_runs/<run_id>/logs/download"): _READ,
    ("POST", "/logs"): _OPERATE,
    # ---- what runs are given ----
    ("POST", "/variables/filter"): _READ,
    ("POST", "/variables/count"): _READ,
    ("GET", "/variables/<variable_id>"): _READ,
    ("GET", "/variables/name/<name>"): _READ,
    ("POST", "/variables"): _ADMIN,
    ("PATCH", "/variables/<variable_id>"): _ADMIN,
    ("PATCH", "/variables/name/<name>"): _ADMIN,
    ("DELETE", "/variables/<variable_id>"): _ADMIN,
    ("DELETE", "/variables/name/<name>"): _ADMIN,
    ("POST", "/work_pools/filter"): _READ,
    ("POST", "/work_pools/count"): _READ,
    ("GET", "/work_pools/<name>"): _READ,
    ("POST", "/work_pools/<name>/queues/filter"): _READ,
    ("GET", "/work_pools/<name>/queues/<queue>"): _READ,
    ("POST", "/work_queues/filter"): _READ,
    ("POST", "/work_pools/<name>/get_scheduled_flow_runs"): _READ,
    ("POST", "/work_queues/<queue_id>/get_runs"): _READ,
    ("GET", "/work_queues/name/<queue>"): _READ,
    ("GET", "/work_queues/<queue_id>"): _READ,
    ("POST", "/work_queues"): _ADMIN,
    ("POST", "/work_pools/<name>/queues"): _ADMIN,
    ("PATCH", "/work_pools/<name>/queues/<queue>"): _ADMIN,
    ("PATCH", "/work_queues/<queue_id>"): _ADMIN,
    ("DELETE", "/work_pools/<name>/queues/<queue>"): _ADMIN,
    ("DELETE", "/work_queues/<queue_id>"): _ADMIN,
    ("GET", "/collections/views/aggregate-worker-metadata"): _READ,
    ("POST", "/work_pools"): _ADMIN,
    ("PATCH", "/work_pools/<name>"): _ADMIN,
    ("DELETE", "/work_pools/<name>"): _ADMIN,
    ("POST", "/v2/concurrency_limits/filter"): _READ,
    ("GET", ONE_LIMIT): _READ,
    ("POST", "/v2/concurrency_limits"): _ADMIN,
    ("PATCH", ONE_LIMIT): _ADMIN,
    ("DELETE", ONE_LIMIT): _ADMIN,
    ("POST", "/v2/concurrency_limits/increment"): _OPERATE,
    ("POST", "/v2/concurrency_limits/decrement"): _OPERATE,
    ("POST", "/v2/concurrency_limits/increment-with-lease"): _OPERATE,
    ("POST", "/v2/concurrency_limits/decrement-with-lease"): _OPERATE,
    ("POST", "/v2/concurrency_limits/leases/<lease_id>/renew"): _OPERATE,
    ("POST", "/concurrency_limits/filter"): _READ,
    ("GET", "/concurrency_limits/tag/<tag>"): _READ,
    ("GET", "/concurrency_limits/<limit_id>"): _READ,
    ("POST", "/concurrency_limits"): _ADMIN,
    ("POST", "/concurrency_limits/tag/<tag>/reset"): _OPERATE,
    ("DELETE", "/concurrency_limits/tag/<tag>"): _ADMIN,
    ("DELETE", "/concurrency_limits/<limit_id>"): _ADMIN,
    ("POST", "/concurrency_limits/increment"): _OPERATE,
    ("POST", "/concurrency_limits/decrement"): _OPERATE,
    # ---- notification targets and dead letters ----
    ("POST", "/notification-targets/filter"): _READ,
    ("GET", "/notification-targets/<target_id>"): _READ,
    ("POST", "/notification-targets/<target_id>/test"): _OPERATE,
    ("POST", "/notification-targets"): _ADMIN,
    ("PATCH", "/notification-targets/<target_id>"): _ADMIN,
    ("DELETE", "/notification-targets/<target_id>"): _ADMIN,
    ("POST", "/block_documents/filter"): _READ,
    ("POST", "/block_documents/count"): _READ,
    ("GET", "/block_documents/<block_document_id>"): _READ,
    ("POST", "/block_types/filter"): _READ,
    ("GET", "/block_types/slug/<slug>"): _READ,
    ("GET", "/block_types/slug/<slug>/block_documents"): _READ,
    ("GET", "/block_types/slug/<slug>/block_documents/name/<name>"): _READ,
    ("POST", "/block_schemas/filter"): _READ,
    ("POST", "/artifacts/filter"): _READ,
    ("POST", "/artifacts/latest/filter"): _READ,
    ("GET", "/dead-letters"): _READ,
    ("GET", "/dead-letters/<queue>"): _READ,
    ("POST", "/dead-letters/<queue>/redrive"): _OPERATE,
    # ---- keys ----
    ("POST", "/keys"): _ADMIN,
    ("POST", "/keys/filter"): _ADMIN,
    ("GET", "/keys/<key_id>"): _ADMIN,
    ("DELETE", "/keys/<key_id>"): _ADMIN,
}
