"""The function itself, over DynamoDB."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.ui.world import HOST

from whenflow.testing import an_event

APP = Path(__file__).parents[2] / "functions" / "ui" / "app.py"
TABLES = {
    "EVENTS": ("bucket", "key"),
    "STATE": ("pk", "sk"),
    "FIRINGS": ("id",),
    "RUNS": ("pk", "sk"),
    "CONFIG": ("kind", "id"),
}
CONTEXT = SimpleNamespace(
    function_name="ui", memory_limit_in_mb=1024, invoked_function_arn="arn:aws:lambda:x", aws_request_id="r"
)


@pytest.fixture
def wired(monkeypatch):
    """The wiring over empty tables; everything it made is forgotten afterwards."""
    from whenflow.aws import settings, wiring

    cached = [one for module in (wiring, settings) for one in vars(module).values() if hasattr(one, "cache_clear")]
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        for name, keys in TABLES.items():
            monkeypatch.setenv(f"WHENFLOW_{name}_TABLE", name.lower())
            _make_table(name.lower(), keys)
        for one in cached:
            one.cache_clear()
        yield wiring
        for one in cached:
            one.cache_clear()


INDEXES = {"runs": ("newest", ("listing", "created")), "firings": ("caused", ("event_id", "id"))}


def _make_table(name: str, keys: tuple[str, ...]) -> None:
    index_name, extra = INDEXES.get(name, ("", ()))
    index = {"IndexName": index_name, "KeySchema": _schema(extra), "Projection": {"ProjectionType": "KEYS_ONLY"}}
    table: Any = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(keys),
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in {*keys, *extra}],
    }
    if extra:
        table["GlobalSecondaryIndexes"] = [index]
    boto3.client("dynamodb").create_table(**table)


def _schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


def _app() -> Any:
    spec = importlib.util.spec_from_file_location("ui_app", APP)
    assert spec and spec.loader
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    return app


def test_the_function_shows_what_is_stored(wired):
    from whenflow.aws.keys import create_api_key

    key = create_api_key(wired.config(), "tests", wired.clock(), wired.ids())
    wired.events().put(event := an_event("user.signed-up", "user.1"))
    app = _app()

    def get(path, cookies, query=None):
        request = {"rawPath": path, "cookies": cookies, "headers": {"host": HOST}, "queryStringParameters": query or {}}
        return app.handler(request | {"requestContext": {"http": {"method": "GET"}}}, CONTEXT)

    pages = {path: get(path, [f"whenflow_key={key}"]) for path in ("/ui", "/ui/runs", f"/ui/events/{event.id}")}

    assert {path: page["statusCode"] for path, page in pages.items()} == dict.fromkeys(pages, 200)
    assert "user.signed-up" in pages["/ui"]["body"]
    assert get("/ui", [f"whenflow_key={key}x"])["statusCode"] == 401
    assert get("/ui", [])["statusCode"] == 303
    assert get("/ui", [f"whenflow_key={key}"], {"cursor": "ключ"})["statusCode"] == 400
