"""How Prefect's client asks each endpoint, over a world in which there is what it asks for.

A request is a function of the API: it sets up what is needed by other calls, and returns the path and the body.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.stories import order_document, welcome_deployment

from whenflow.runs.targets import queue_id_of

Document = dict[str, Any]
Ask = Callable[..., Any]
Request = Callable[[Ask], tuple[str, Any]]

CLIENT = "689de05f-6060-41a1-9062-68b877379b03"
OWNER = "prefect.deployment.0190163d-8694-7000-8000-00000000d001"
LATER = datetime(2030, 1, 1, tzinfo=UTC).isoformat()
SOME_DAY = datetime(2029, 1, 1, tzinfo=UTC).isoformat()
LISTED: Document = {
    "flows": None,
    "flow_runs": None,
    "task_runs": None,
    "deployments": None,
    "work_pools": None,
    "work_pool_queues": None,
    "sort": None,
    "limit": 200,
    "offset": 0,
}
PENDING = {"type": "PENDING", "name": "Pending", "message": None, "state_details": {"pause_reschedule": False}}
RUNNING = {"type": "RUNNING", "name": "Running", "message": None, "state_details": {"pause_reschedule": False}}


def automation(**changes: Any) -> Document:
    """Return an automation as the client sends it, with all that it fills in."""
    trigger = {
        "type": "event",
        "match": {"prefect.resource.id": "r.*"},
        "match_related": {},
        "after": [],
        "expect": ["a.b"],
        "for_each": ["prefect.resource.id"],
        "posture": "Reactive",
        "threshold": 1,
        "within": 0.0,
    }
    return {
        "name": "a",
        "description": "",
        "enabled": True,
        "tags": [],
        "trigger": trigger,
        "actions": [{"type": "do-nothing"}],
        "actions_on_trigger": [],
        "actions_on_resolve": [],
        **changes,
    }


def events_page(ask: Ask) -> Document:
    """Store three events and return the first page of two."""
    ask("POST", "/events", [order_document(number) for number in (1, 2, 3)])
    page: Document = ask("POST", "/events/filter", {"filter": {"order": "DESC"}, "limit": 2})
    return page


def an_automation(ask: Ask) -> str:
    """Create one; return its id."""
    return str(ask("POST", "/automations/", automation())["id"])


def an_owner(ask: Ask) -> str:
    """Create an automation that a deployment owns; return the owner."""
    return str(ask("POST", "/automations/", automation(owner_resource=OWNER))["owner_resource"])


def a_deployment(ask: Ask) -> Document:
    """Create one, as Whenflow's own client does; return it."""
    made: Document = ask("POST", "/deployments/", welcome_deployment())
    return made


def a_flow(ask: Ask) -> str:
    """Make a flow known; return its id."""
    return str(ask("POST", "/flows/", {"name": "hello", "tags": [], "labels": {}})["id"])


def a_deployment_of_a_flow(ask: Ask) -> tuple[str, Document]:
    """Return the path and the body by which the client creates a deployment."""
    body = {
        "name": "d",
        "flow_id": a_flow(ask),
        "paused": False,
        "schedules": [],
        "concurrency_limit": None,
        "concurrency_options": None,
        "parameters": {"x": 1},
        "tags": ["t"],
        "labels": {},
        "job_variables": {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:flows:live"},
        "enforce_parameter_schema": True,
        "parameter_openapi_schema": {"type": "object", "properties": {}, "title": "Parameters"},
        "pull_steps": None,
        "work_pool_name": "lambda",
        "work_queue_name": None,
        "storage_document_id": None,
        "infrastructure_document_id": None,
        "description": None,
        "path": None,
        "version": None,
        "version_info": None,
        "entrypoint": "flows.py:hello",
    }
    return "/deployments/", body


def a_run_of_a_deployment(ask: Ask) -> tuple[str, Document]:
    """Return the path and the body by which the client runs a deployment."""
    body: Document = {"parameters": {}, "context": {}, "tags": ["cli"], "labels": {}, "state": None, "name": None}
    more: Document = {"idempotency_key": None, "job_variables": {}, "parent_task_run_id": None}
    return f"/deployments/{a_deployment(ask)['id']}/create_flow_run", body | more


def a_scheduled_run(ask: Ask) -> Document:
    """Make a run for which a program of the user's waits: its deployment has no work pool; return it."""
    deployment = ask("POST", "/deployments/", {"name": "served", "flow_id": a_flow(ask), "work_pool_name": None})
    run: Document = ask("POST", f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {}})
    return run


def a_flow_run_of_a_program(ask: Ask) -> tuple[str, Document]:
    """Return the path and the body by which a program of the user's makes its own flow run."""
    policy: Document = {"retries": None, "retry_delay": None, "pause_keys": [], "resuming": False}
    body = {"flow_id": a_flow(ask), "name": "just-kakapo", "parameters": {"x": 4}, "context": {}, "tags": []}
    more = {"flow_version": "v", "parent_task_run_id": None, "state": PENDING, "empirical_policy": policy}
    return "/flow_runs/", body | more


def made(ask: Ask, request: Request) -> Document:
    """Ask for something and return it."""
    document: Document = ask("POST", *request(ask))
    return document


def a_run(ask: Ask) -> str:
    """Make a flow run; return its id."""
    return str(made(ask, a_flow_run_of_a_program)["id"])


def a_variable(ask: Ask) -> str:
    """Make a variable; return its name."""
    return str(ask("POST", "/variables/", {"name": "v", "value": {"a": 1}, "tags": []})["name"])


def a_log(ask: Ask) -> tuple[str, Any]:
    """Write a line of a run's log; return the path and the body that read it."""
    run_id = a_run(ask)
    line = {"name": "prefect.flow_runs", "level": 20, "message": "hello", "timestamp": LATER, "flow_run_id": run_id}
    ask("POST", "/logs/", [line | {"task_run_id": None}])
    logs = {"flow_run_id": {"any_": [run_id]}, "task_run_id": None, "level": None, "timestamp": None}
    return "/logs/filter", {"logs": logs, "sort": "TIMESTAMP_ASC", "limit": 200, "offset": 0}


def a_task_run(ask: Ask) -> tuple[str, Document]:
    """Return the path and the body of a task run that a flow makes for a flow within it."""
    body = {"name": "t-0", "flow_run_id": a_run(ask), "task_key": "t-1", "dynamic_key": "0", "state": PENDING}
    empty = {"tags": [], "labels": {}, "task_inputs": {}, "empirical_policy": {"retries": 0, "retry_delay": 0}}
    return "/task_runs/", body | empty | {"cache_key": None, "cache_expiration": None, "task_version": None}


def a_pool(ask: Ask) -> tuple[str, Document]:
    """Return the path and the body of a work pool of the user's."""
    return "/work_pools/", {"name": "mine", "type": "lambda", "base_job_template": {}, "is_paused": False}


def a_preview(ask: Ask) -> tuple[str, Document]:
    """Schedule a run; return the path and the body by which the client looks at what is coming."""
    path, body = a_run_of_a_deployment(ask)
    details = {"scheduled_time": SOME_DAY, "pause_reschedule": False}
    ask("POST", path, body | {"state": {"type": "SCHEDULED", "name": "Scheduled", "state_details": details}})
    return "/work_pools/lambda/get_scheduled_flow_runs", {"scheduled_before": LATER, "work_queue_names": None}


def a_limit(ask: Ask) -> str:
    """Create a concurrency limit; return its name."""
    body = {"active": True, "name": "db", "limit": 2, "active_slots": 0, "slot_decay_per_second": 0.0}
    return str(ask("POST", "/v2/concurrency_limits/", body)["name"])


def slots(ask: Ask) -> Document:
    """Return how the client asks for slots."""
    held = {"type": "task_run", "id": CLIENT}
    names = [a_limit(ask), "tag:nothing"]
    return {"names": names, "slots": 1, "mode": "concurrency", "lease_duration": 300, "holder": held}


def a_lease(ask: Ask) -> str:
    """Take slots; return the lease's id."""
    return str(ask("POST", "/v2/concurrency_limits/increment-with-lease", slots(ask))["lease_id"])


REQUESTS: dict[str, Request] = {
    "GET /health": lambda _: ("/health", None),
    "GET /hello": lambda _: ("/hello", None),
    "GET /admin/version": lambda _: ("/admin/version", None),
    "GET /admin/storage": lambda _: ("/admin/storage", None),
    "GET /csrf-token": lambda _: (f"/csrf-token?client={CLIENT}", None),
    "POST /events/filter": lambda ask: ("/events/filter", {"filter": {}, "limit": len(events_page(ask)["events"])}),
    "GET /events/filter/next": lambda ask: (events_page(ask)["next_page"].partition("/api")[2], None),
    "POST /automations/": lambda _: ("/automations/", automation(owner_resource=None)),
    "POST /automations/filter": lambda ask: (
        "/automations/filter",
        {
            "automations": {"id": None, "name": {"any_": [an_automation(ask) and "a"]}, "created": None, "tags": None},
            "sort": "UPDATED_DESC",
            "limit": 200,
            "offset": 0,
        },
    ),
    "GET /automations/{id}": lambda ask: (f"/automations/{an_automation(ask)}", None),
    "PUT /automations/{id}": lambda ask: (f"/automations/{an_automation(ask)}", automation(description="new")),
    "PATCH /automations/{id}": lambda ask: (f"/automations/{an_automation(ask)}", {"enabled": False}),
    "DELETE /automations/{id}": lambda ask: (f"/automations/{an_automation(ask)}", None),
    "GET /automations/related-to/{resource}": lambda ask: (
        f"/automations/related-to/{an_owner(ask)}",
        None,
    ),
    "DELETE /automations/owned-by/{resource}": lambda ask: (
        f"/automations/owned-by/{an_owner(ask)}",
        None,
    ),
    "POST /flows/": lambda _: ("/flows/", {"name": "hello", "tags": [], "labels": {}}),
    "GET /flows/{id}": lambda ask: (f"/flows/{a_flow(ask)}", None),
    "POST /flows/filter": lambda ask: ("/flows/filter", a_deployment(ask) and LISTED),
    "POST /deployments/": a_deployment_of_a_flow,
    "GET /deployments/{id}": lambda ask: (f"/deployments/{a_deployment(ask)['id']}", None),
    "GET /deployments/name/{flow}/{dep}": lambda ask: (
        "/deployments/name/{flow_name}/{name}".format(**a_deployment(ask)),
        None,
    ),
    "PATCH /deployments/{id}": lambda ask: (
        f"/deployments/{a_deployment(ask)['id']}",
        {"description": "new", "paused": False, "tags": ["u"], "concurrency_limit": None, "schedules": []},
    ),
    "DELETE /deployments/{id}": lambda ask: (f"/deployments/{a_deployment(ask)['id']}", None),
    "POST /deployments/filter": lambda ask: ("/deployments/filter", a_deployment(ask) and LISTED),
    "POST /deployments/{id}/create_flow_run": a_run_of_a_deployment,
    "POST /deployments/{id}/schedules": lambda ask: (
        f"/deployments/{a_deployment(ask)['id']}/schedules",
        [{"schedule": {"cron": "0 0 * * *", "timezone": "UTC", "day_or": True}, "active": True}],
    ),
    "POST /deployments/get_scheduled_flow_runs": lambda ask: (
        "/deployments/get_scheduled_flow_runs",
        {"deployment_ids": [a_scheduled_run(ask)["deployment_id"]], "scheduled_before": LATER},
    ),
    "POST /flow_runs/": a_flow_run_of_a_program,
    "GET /flow_runs/{id}": lambda ask: (f"/flow_runs/{a_run(ask)}", None),
    "PATCH /flow_runs/{id}": lambda ask: (f"/flow_runs/{a_run(ask)}", {"flow_version": "w", "infrastructure_pid": "1"}),
    "DELETE /flow_runs/{id}": lambda ask: (f"/flow_runs/{a_run(ask)}", None),
    "POST /flow_runs/filter": lambda ask: ("/flow_runs/filter", a_run(ask) and LISTED),
    "POST /flow_runs/{id}/set_state": lambda ask: (
        f"/flow_runs/{a_run(ask)}/set_state",
        {"state": RUNNING, "force": False},
    ),
    "PATCH /flow_runs/{id}/labels": lambda ask: (f"/flow_runs/{a_run(ask)}/labels", {"prefect.worker.name": "w"}),
    "POST /logs/": lambda ask: (
        "/logs/",
        [{"name": "n", "level": 20, "message": "m", "timestamp": LATER, "flow_run_id": a_run(ask)}],
    ),
    "POST /logs/filter": a_log,
    "POST /task_runs/": a_task_run,
    "GET /task_runs/{id}": lambda ask: (f"/task_runs/{made(ask, a_task_run)['id']}", None),
    "POST /task_runs/filter": lambda ask: ("/task_runs/filter", made(ask, a_task_run) and LISTED),
    "POST /variables/": lambda _: ("/variables/", {"name": "v", "value": "v1", "tags": []}),
    "GET /variables/name/{name}": lambda ask: (f"/variables/name/{a_variable(ask)}", None),
    "PATCH /variables/name/{name}": lambda ask: (
        f"/variables/name/{a_variable(ask)}",
        {"name": None, "value": "v2", "tags": ["t"]},
    ),
    "DELETE /variables/name/{name}": lambda ask: (f"/variables/name/{a_variable(ask)}", None),
    "POST /variables/filter": lambda ask: ("/variables/filter", {"limit": a_variable(ask) and 200}),
    "POST /v2/concurrency_limits/": lambda _: ("/v2/concurrency_limits/", {"name": "db", "limit": 2}),
    "GET /v2/concurrency_limits/{name}": lambda ask: (f"/v2/concurrency_limits/{a_limit(ask)}", None),
    "POST /v2/concurrency_limits/filter": lambda ask: (
        "/v2/concurrency_limits/filter",
        {"limit": a_limit(ask) and 10, "offset": 0},
    ),
    "POST /v2/concurrency_limits/increment-with-lease": lambda ask: (
        "/v2/concurrency_limits/increment-with-lease",
        slots(ask),
    ),
    "POST /v2/concurrency_limits/decrement-with-lease": lambda ask: (
        "/v2/concurrency_limits/decrement-with-lease",
        {"lease_id": a_lease(ask)},
    ),
    "POST /v2/concurrency_limits/leases/{id}/renew": lambda ask: (
        f"/v2/concurrency_limits/leases/{a_lease(ask)}/renew",
        {"lease_duration": 300},
    ),
    "POST /work_pools/": a_pool,
    "POST /work_pools/filter": lambda _: ("/work_pools/filter", {"work_pools": None, "limit": 200, "offset": 0}),
    "POST /work_pools/{name}/queues/filter": lambda _: (
        "/work_pools/lambda/queues/filter",
        {"work_queues": None, "limit": 200, "offset": 0},
    ),
    "POST /work_pools/{name}/queues": lambda _: (
        "/work_pools/lambda/queues",
        {
            "name": "urgent",
            "description": None,
            "is_paused": None,
            "concurrency_limit": None,
            "priority": 2,
            "filter": None,
        },
    ),
    "POST /work_pools/{name}/get_scheduled_flow_runs": a_preview,
    "GET /work_queues/{id}": lambda _: (f"/work_queues/{queue_id_of('lambda')}", None),
    "GET /collections/views/aggregate-worker-metadata": lambda _: (
        "/collections/views/aggregate-worker-metadata",
        None,
    ),
    "POST /artifacts/latest/filter": lambda _: (
        "/artifacts/latest/filter",
        {"artifacts": None, "limit": 100, "offset": 0, "sort": "KEY_ASC"},
    ),
    "POST /block_types/filter": lambda _: ("/block_types/filter", {}),
    "GET /work_pools/{name}": lambda _: ("/work_pools/lambda", None),
    "PATCH /work_pools/{name}": lambda _: ("/work_pools/lambda", {"is_paused": True, "concurrency_limit": None}),
    "DELETE /work_pools/{name}": lambda ask: (f"/work_pools/{made(ask, a_pool)['name']}", None),
}
