"""The sample invocations in events/: for every function, and as AWS sends them."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from tests.template.loading import ROOT, functions, of_type

SAMPLES = sorted((ROOT / "events").glob("*.json"))
FOLDERS = {function["CodeUri"].removeprefix("functions/") for function in functions().values()}


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_every_function_has_samples_and_every_sample_a_function() -> None:
    assert {path.name.partition("_")[0] for path in SAMPLES} == FOLDERS


HTTP = [path for path in SAMPLES if "routeKey" in load(path)]


@pytest.mark.parametrize("path", HTTP, ids=lambda path: path.stem)
def test_an_http_request_is_one_that_the_api_routes(path: Path) -> None:
    request = load(path)

    assert request["version"] == "2.0"
    assert request["routeKey"] in {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()}
    assert request["routeKey"] == request["requestContext"]["routeKey"]
    assert request["rawPath"] == request["requestContext"]["http"]["path"]
    assert all(name == name.lower() for name in request["headers"])


@pytest.mark.parametrize("path", [path for path in HTTP if "body" in load(path)], ids=lambda path: path.stem)
def test_an_http_body_is_as_long_as_its_header_says(path: Path) -> None:
    request = load(path)

    assert request["headers"]["content-length"] == str(len(request["body"].encode()))


@pytest.mark.parametrize(
    "path",
    [p for p in SAMPLES if load(p).get("Records", [{}])[0].get("eventSource") == "aws:sqs"],
    ids=lambda p: p.stem,
)
def test_a_queue_message_carries_its_own_digest(path: Path) -> None:
    [record] = load(path)["Records"]

    assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()


def test_stored_documents_in_samples_are_packed_as_the_tables_pack_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("sample_events", ROOT / "scripts" / "sample_events.py")
    assert spec and spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    monkeypatch.setattr(writer, "EVENTS", tmp_path)

    writer.main()

    fresh = {path.name: load(path) for path in tmp_path.iterdir()}
    assert fresh == {name: load(ROOT / "events" / name) for name in fresh}
