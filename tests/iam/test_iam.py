"""With `ApiAuthorization=iam` the REST API takes signed requests, of those whom IAM allows them, and no others."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Document, Stack, eventually, unique

from whenflow.local.process import REGION

pytestmark = [pytest.mark.stack, pytest.mark.slow]
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, whose API is guarded by IAM."""
    machine = LocalStack(tmp_path_factory.mktemp("iam") / "room")
    try:
        stack = machine.start()
        switch(stack, "iam")
        yield stack
    finally:
        machine.stop()
        machine.remove_all_but_logs()


def switch(stack: Stack, authorization: str) -> None:
    """Change the stack's parameter, as a deployment does."""
    cloudformation = stack.aws("cloudformation")
    (described,) = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    names = [one["ParameterKey"] for one in described["Parameters"] if one["ParameterKey"] != "ApiAuthorization"]
    cloudformation.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": "ApiAuthorization", "ParameterValue": authorization},
            *({"ParameterKey": name, "UsePreviousValue": True} for name in names),
        ],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})


@dataclass
class Person:
    """Somebody with AWS credentials."""

    name: str
    key_id: str
    secret: str
    stack: Stack

    def ask(self, method: str, path: str, body: Any = None, forged: bytes | None = None) -> httpx2.Response:
        """Send a signed request; `forged` is sent in place of the body that was signed."""
        url, content = self.stack.url + path, b"" if body is None else json.dumps(body).encode()
        request = AWSRequest(method, url, headers={"content-type": "application/json"}, data=content)
        SigV4Auth(Credentials(self.key_id, self.secret), "execute-api", REGION).add_auth(request)
        headers = dict(request.headers.items())
        return self.stack.http.request(method, url, content=content if forged is None else forged, headers=headers)

    @property
    def environment(self) -> dict[str, str]:
        """What the command and the SDK read."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WHENFLOW_"))},
            "WHENFLOW_API_URL": self.stack.url,
            "WHENFLOW_API_AUTHORIZATION": "iam",
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


@pytest.fixture(scope="module")
def person(guarded: Stack) -> Callable[..., Person]:
    """Makes somebody who may call these methods and paths."""
    iam = guarded.aws("iam")

    def made(*allowed: str) -> Person:
        name = unique("person")
        iam.create_user(UserName=name)
        api = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{guarded.outputs['ApiId']}/$default"
        statement: Document = {"Effect": "Allow", "Action": "execute-api:Invoke"}
        statement["Resource"] = [f"{api}/{one}" for one in allowed]
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        if allowed:
            iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Person(name, key["AccessKeyId"], key["SecretAccessKey"], guarded)

    return made


@pytest.fixture(scope="module")
def ann(person: Callable[..., Person]) -> Person:
    """May do everything."""
    return person("*/api/*")


def test_a_signed_request_is_let_in(ann: Person) -> None:
    answer = ann.ask("GET", "/events?limit=1")

    assert answer.status_code == 200, answer.text
    assert "events" in answer.json()


def test_what_is_changed_is_told_with_the_name_of_who_signed(ann: Person) -> None:
    made = ann.ask("POST", "/variables/", {"name": unique("v"), "value": 1})

    assert made.status_code == 201, made.text
    told = ann.ask("GET", "/events?limit=20").json()["events"]
    (event,) = [
        one
        for one in told
        if one["resource"]["prefect.resource.id"].endswith(made.json()["id"])
        and one["event"] == "whenflow.variable.created"
    ]
    assert event["related"][0]["prefect.resource.id"] == f"aws.iam.arn:aws:iam::{ACCOUNT}:user/{ann.name}"


def test_iam_decides_on_methods_and_paths(person: Callable[..., Person]) -> None:
    reader = person("GET/api/events")

    assert reader.ask("GET", "/events").status_code == 200
    assert reader.ask("POST", "/events", []).status_code == 403
    assert reader.ask("GET", "/deployments/name/a/b").status_code == 403


def test_who_was_granted_nothing_is_refused(person: Callable[..., Person]) -> None:
    assert person().ask("GET", "/events").status_code == 403


@pytest.mark.parametrize("path", ["/events", "/health", "/admin/version"])
def test_what_is_not_signed_is_refused(guarded: Stack, path: str) -> None:
    assert guarded.http.get(guarded.url + path).status_code == 403


def test_an_api_key_opens_nothing_any_more(guarded: Stack) -> None:
    assert guarded.call("GET", "/events").status_code in (401, 403)


def test_a_wrong_secret_is_refused(ann: Person) -> None:
    assert Person(ann.name, ann.key_id, "x" * 40, ann.stack).ask("GET", "/events").status_code == 403


def test_another_body_than_the_one_that_was_signed_is_refused(ann: Person) -> None:
    answer = ann.ask("POST", "/variables/", {"name": "mine", "value": 1}, forged=b'{"name": "yours", "value": 2}')

    assert answer.status_code == 403


def test_the_command_signs(ann: Person) -> None:
    command = [sys.executable, "-m", "whenflow.cli", "event", "emit", "iam.tried", "--resource-id", "me"]
    done = subprocess.run(command, env=ann.environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_sdk_signs(ann: Person) -> None:
    name = unique("sdk")
    code = f"from whenflow import emit_event; emit_event('{name}', {{'prefect.resource.id': 'me'}})"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ann.environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    eventually(lambda: name in ann.ask("GET", "/events?limit=20").text or None, "the event of the SDK")


def test_pages_ask_for_a_key_as_before(guarded: Stack) -> None:
    base = guarded.url.removesuffix("/api")
    assert guarded.http.get(f"{base}/ui/login").status_code == 200
    signed_in = guarded.http.post(f"{base}/ui/login", data={"key": guarded.api_key}, follow_redirects=False)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/ui")


def test_webhooks_are_as_they_were(ann: Person) -> None:
    template = '{"event": "iam.hooked", "resource": {"prefect.resource.id": "x"}}'
    made = ann.ask("POST", "/webhooks/", {"name": unique("hook"), "template": template}).json()

    assert ann.stack.hook(made, {}).status_code == 204
