"""Short URLs reach the HTTP API of the stack; AWS calls go past it."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.local.emulator.cloud import Cloud

from whenflow.local import process
from whenflow.local.emulator.paths import ShortPaths, is_for_the_stack, lengthened

ECHO = """
    import json

    def handler(event, context):
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


SIGNED = b"AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=x"


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Iterator[str]:
    function = cloud.function(ECHO)
    gateway = cloud.client("apigatewayv2")
    made = gateway.create_api(Name="whenflow", ProtocolType="HTTP")["ApiId"]
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    integration = gateway.create_integration(
        ApiId=made, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    for route in ("ANY /hooks/{slug}", "GET /", "ANY /api/{proxy+}"):
        gateway.create_route(ApiId=made, RouteKey=route, Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    yield made
    gateway.delete_api(ApiId=made)


def call(cloud: Cloud, path: str, body: bytes | None = None, **headers: str) -> Any:
    url = process.endpoint(cloud.port) + path
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method="POST" if body else "GET")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def test_a_short_url_arrives_as_the_http_api_sends_it(cloud: Cloud, api: str) -> None:
    seen = call(
        cloud, "/hooks/some%20slug?a=1&a=2", b'{"x": 1}', X_Custom_Header="Yes", Content_Type="application/json"
    )

    assert seen["version"] == "2.0" and seen["routeKey"] == "ANY /hooks/{slug}"
    assert seen["rawPath"] == "/hooks/some slug"
    assert seen["pathParameters"] == {"slug": "some slug"}
    assert seen["rawQueryString"] == "a=1&a=2"
    assert (seen["body"], seen["isBase64Encoded"]) == ('{"x": 1}', False)
    assert seen["requestContext"]["stage"] == "$default"


def test_header_names_are_lower_case_and_the_forwarding_headers_are_there(cloud: Cloud, api: str) -> None:
    headers = call(cloud, "/api/events", X_Custom_Header="Yes", Authorization="Bearer secret")["headers"]

    assert all(name == name.lower() for name in headers)
    assert (headers["x-custom-header"], headers["authorization"]) == ("Yes", "Bearer secret")
    assert headers["host"] == f"127.0.0.1:{cloud.port}"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", str(cloud.port))


def test_the_root_is_the_stacks(cloud: Cloud, api: str) -> None:
    assert call(cloud, "/")["rawPath"] == "/"


def test_aws_calls_go_past_the_stack(cloud: Cloud, api: str) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="api")

    s3.put_object(Bucket="api", Key="events", Body=b"not the API")

    assert s3.get_object(Bucket="api", Key="events")["Body"].read() == b"not the API"
    assert any(bucket["Name"] == "api" for bucket in s3.list_buckets()["Buckets"])


@pytest.mark.parametrize(
    ("path", "headers", "query", "ours"),
    [
        ("/", [], b"", True),
        ("/ui", [], b"", True),
        ("/ui/events", [], b"", True),
        ("/hooks/x", [(b"authorization", b"Bearer x")], b"", True),
        ("/uix", [], b"", False),
        ("/some-bucket/key", [], b"", False),
        ("/", [(b"authorization", b"AWS4-HMAC-SHA256 Credential=x")], b"", False),
        ("/api/x", [(b"authorization", SIGNED % b"execute-api")], b"", True),
        ("/api/x", [(b"authorization", SIGNED % b"s3")], b"", False),
        ("/", [(b"x-amz-target", b"DynamoDB_20120810.PutItem")], b"", False),
        ("/", [], b"Action=GetCallerIdentity&Version=2011-06-15", False),
        ("/api/x", [], b"X-Amz-Signature=abc", False),
    ],
)
def test_what_is_the_stacks(path: str, headers: list[tuple[bytes, bytes]], query: bytes, ours: bool) -> None:
    assert is_for_the_stack({"path": path, "headers": headers, "query_string": query}) is ours


async def _never(*_: Any) -> None: ...


def test_without_an_http_api_nothing_is_changed() -> None:
    seen: list[Any] = []

    async def application(scope: Any, *_: Any) -> None:
        seen.append(scope)

    scope = {"type": "http", "path": "/hooks/x", "headers": [], "query_string": b""}
    answer = ShortPaths(application, lambda: None)(scope, _never, _never)
    with pytest.raises(StopIteration):
        answer.__await__().__next__()

    assert seen == [scope]


@pytest.mark.parametrize(
    ("authorization", "raw_path"),
    [(b"Bearer x", b"/_aws/execute-api/a/$default/api/x"), (SIGNED % b"execute-api", b"/api/x")],
)
def test_a_signed_request_keeps_the_path_that_was_signed(authorization: bytes, raw_path: bytes) -> None:
    scope = {"path": "/api/x", "raw_path": b"/api/x", "headers": [(b"authorization", authorization)]}

    longer = lengthened(scope, "a")

    assert (longer["path"], longer["raw_path"]) == ("/_aws/execute-api/a/$default/api/x", raw_path)
