"""Requests that are signed with AWS credentials, for an API that IAM guards."""

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from whenflow.aws.signing import Signer
from whenflow.errors import Forbidden

URL = "https://abc123.execute-api.eu-central-1.amazonaws.com/api/events?limit=1&x=a%20b"


@pytest.fixture
def credentials(monkeypatch):
    """Credentials and a region in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-ann")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_a_request_is_signed_and_no_key_is_sent(cli, at_server, credentials, monkeypatch):
    monkeypatch.delenv("WHENFLOW_API_KEY")
    seen = _listening(at_server)

    assert cli("event", "ls", "--iam").code == 0

    authorization = seen[0].headers["Authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in authorization
    assert "secret-of-ann" not in str(seen[0].headers)


def test_the_environment_may_say_so_too(cli, at_server, credentials, monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_AUTHORIZATION", "iam")
    seen = _listening(at_server)

    assert cli("event", "ls").code == 0

    assert seen[0].headers["Authorization"].startswith("AWS4-HMAC-SHA256")


def test_the_signature_is_that_of_the_body_as_it_is_sent(credentials):
    signed = Signer().headers("POST", URL, b'{"a": 1}', {"host": "abc123.execute-api.eu-central-1.amazonaws.com"})

    request = AWSRequest("POST", URL, headers={"host": signed["host"]}, data=b'{"a": 1}')
    request.context["timestamp"] = signed["X-Amz-Date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "secret-of-ann"), "execute-api", "eu-central-1")
    request.headers["X-Amz-Date"] = signed["X-Amz-Date"]
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert signed["Authorization"].endswith(f"Signature={signature}")


def test_the_region_is_that_of_the_api(credentials):
    assert "/eu-central-1/execute-api/" in Signer().headers("GET", URL, b"", {})["Authorization"]


def test_without_credentials_that_is_said(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    with pytest.raises(Forbidden, match="credentials"):
        Signer().headers("GET", URL, b"", {})


def _listening(server):
    """Return the list into which the requests for events go."""
    from werkzeug import Response

    seen: list = []

    def handle(request):
        seen.append(request)
        return Response('{"events": [], "next_page": null}', content_type="application/json")

    server.expect_request("/api/events").respond_with_handler(handle)
    return seen
