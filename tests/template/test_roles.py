"""Least privilege: a role of its own for each function, exact actions on exact resources."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from tests.template.loading import functions, of_type, template

# What may stand on every resource, and why.
ON_EVERYTHING = {
    "dynamodb:ListStreams": "knows no resource",
    "logs:CreateLogDelivery": "log delivery knows no resource; the list is the one that Step Functions documents",
    "logs:DeleteLogDelivery": "as above",
    "logs:DescribeLogGroups": "as above",
    "logs:DescribeResourcePolicies": "as above",
    "logs:GetLogDelivery": "as above",
    "logs:ListLogDeliveries": "as above",
    "logs:PutResourcePolicy": "as above",
    "logs:UpdateLogDelivery": "as above",
}
# What may stand on everything below a prefix of this stack's own, and why.
BELOW_A_PREFIX = {
    "ssm:DeleteParameter": "webhooks and targets are made at run time, and so are the names of their secrets",
    "ssm:GetParameter": "as above",
    "ssm:PutParameter": "as above",
}
READS = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "s3:GetObject"}
OBJECTS = ("overflow/events/*", "overflow/*", "archive/*")
# What may be done to every execution of the stack's own state machine, whose names are ids of runs.
ON_OWN_EXECUTIONS = {"states:DescribeExecution", "states:StopExecution"}
NAMES = sorted(functions())


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for policy in properties["Policies"] for statement in policy["Statement"]]


def everyone() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, properties in of_type("AWS::Serverless::Function", "AWS::Serverless::StateMachine").items():
        for statement in statements(properties):
            yield name, statement


def actions(statement: dict[str, Any]) -> list[str]:
    given = statement["Action"]
    return [given] if isinstance(given, str) else given


def are_objects(resource: Any) -> bool:
    """Tell whether these are the objects under one beginning of the events bucket."""
    return resource in [{"Fn::Sub": "${EventsBucket.Arn}/" + names} for names in OBJECTS]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_a_role_of_its_own_and_no_managed_policy(name: str) -> None:
    function = functions()[name]

    assert "Role" not in function
    assert all(
        isinstance(policy, dict) and policy.keys() == {"Version", "Statement"} for policy in function["Policies"]
    )


def test_no_action_is_a_wildcard() -> None:
    assert [(name, action) for name, statement in everyone() for action in actions(statement) if "*" in action] == []


def test_no_resource_is_a_wildcard_but_for_a_reason() -> None:
    found = [
        (name, action)
        for name, statement in everyone()
        if "*" in str(statement["Resource"])
        and not are_objects(statement["Resource"])
        and not set(actions(statement)) <= BELOW_A_PREFIX.keys() | ON_OWN_EXECUTIONS
        for action in actions(statement)
    ]

    assert [(name, action) for name, action in found if action not in ON_EVERYTHING] == []
    assert {action for _, action in found} == ON_EVERYTHING.keys()


def test_secrets_of_targets_are_reached_below_their_prefix_only() -> None:
    prefixed = [(name, one) for name, one in everyone() if set(actions(one)) & BELOW_A_PREFIX.keys()]
    suffix = ":parameter/${AWS::StackName}/notification-targets/*"

    assert {"ActionFunction", "ApiFunction"} == {
        name for name, one in prefixed if one["Resource"]["Fn::Sub"].endswith(suffix)
    }


def test_the_action_function_changes_no_secret() -> None:
    granted = {action for statement in statements(functions()["ActionFunction"]) for action in actions(statement)}

    assert not granted & {"ssm:DeleteParameter", "ssm:PutParameter"}


def test_actions_change_only_what_they_can_pause() -> None:
    [changing] = [
        one
        for one in statements(functions()["ActionFunction"])
        if one["Resource"] == {"Fn::GetAtt": "ConfigTable.Arn"} and "dynamodb:PutItem" in actions(one)
    ]

    assert changing["Condition"] == {
        "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["automation", "deployment", "version", "work-pool", "work-queue"]
        }
    }


@pytest.mark.parametrize(
    ("table", "kinds"), [("ConfigTable", ["block-document", "variable"]), ("StateTable", ["feed"])]
)
def test_actions_list_only_what_templates_and_warnings_need(table: str, kinds: list[str]) -> None:
    [listing] = [
        one
        for one in statements(functions()["ActionFunction"])
        if one["Resource"] == {"Fn::GetAtt": f"{table}.Arn"} and "dynamodb:Query" in actions(one)
    ]

    assert listing["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": kinds}}


@pytest.mark.parametrize(
    ("policy", "condition", "parameter"),
    [
        ("SendMailPolicy", "SendsMail", "MailIdentities"),
        ("PublishPolicy", "PublishesToTopics", "NotificationTopics"),
        ("ReadNotificationSecretsPolicy", "ReadsNotificationSecrets", "NotificationSecrets"),
    ],
)
def test_what_messages_may_use_is_named_by_a_parameter(policy: str, condition: str, parameter: str) -> None:
    resource = template()["Resources"][policy]
    [statement] = resource["Properties"]["PolicyDocument"]["Statement"]

    assert resource["Condition"] == condition
    assert statement["Resource"] == {"Ref": parameter}
    assert template()["Parameters"][parameter]["Default"] == ""


def test_secrets_of_webhooks_are_reached_below_their_prefix_only() -> None:
    prefixed = [(name, one) for name, one in everyone() if set(actions(one)) & BELOW_A_PREFIX.keys()]

    suffix = ":parameter/${AWS::StackName}/webhooks/*"

    assert {"ApiFunction", "WebhookFunction"} == {
        name for name, one in prefixed if one["Resource"]["Fn::Sub"].endswith(suffix)
    }


def test_who_keeps_secrets_of_webhooks_cannot_read_them_and_who_reads_them_cannot_change_them() -> None:
    granted = {
        name: {
            action
            for statement in statements(functions()[name])
            if "/webhooks/" in str(statement["Resource"])
            for action in actions(statement)
        }
        for name in ("ApiFunction", "WebhookFunction")
    }

    assert "ssm:GetParameter" not in granted["ApiFunction"]
    assert not granted["WebhookFunction"] & {"ssm:DeleteParameter", "ssm:PutParameter"}


def test_what_other_secrets_may_be_read_is_named_by_a_parameter() -> None:
    resource = template()["Resources"]["ReadOtherSecretsPolicy"]
    [statement] = resource["Properties"]["PolicyDocument"]["Statement"]

    assert resource["Condition"] == "ReadsOtherSecrets"
    assert resource["Properties"]["Roles"] == [{"Ref": "WebhookFunctionRole"}]
    assert statement["Resource"] == {"Ref": "WebhookSecretArns"}


def test_anyone_who_calls_a_webhook_reaches_no_api_key() -> None:
    [on_config] = [
        one
        for one in statements(functions()["WebhookFunction"])
        if one["Resource"] == {"Fn::GetAtt": "ConfigTable.Arn"}
    ]

    assert on_config["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["webhook", "webhook-slug"]}
    }


@pytest.mark.parametrize(
    ("name", "granted"),
    [
        ("WebhookFunction", {("s3:PutObject", "overflow/events/*")}),
        ("NotificationFunction", {("s3:PutObject", "overflow/events/*")}),
        ("FlowsFunction", {("s3:PutObject", "overflow/events/*")}),
        ("TrackerFunction", {("s3:PutObject", "overflow/events/*")}),
        ("ApiFunction", {("s3:PutObject", "overflow/*"), ("s3:GetObject", "overflow/*")}),
        ("ActionFunction", {("s3:PutObject", "overflow/events/*"), ("s3:GetObject", "overflow/*")}),
        ("MatcherFunction", {("s3:PutObject", "overflow/*"), ("s3:GetObject", "overflow/*")}),
        ("TimerFunction", {("s3:PutObject", "overflow/*"), ("s3:GetObject", "overflow/*")}),
        ("UiFunction", {("s3:GetObject", "overflow/*")}),
        (
            "ArchiveFunction",
            {
                ("s3:GetObject", "overflow/events/*"),
                ("s3:GetObject", "archive/*"),
                ("s3:PutObject", "archive/*"),
            },
        ),
    ],
)
def test_large_documents_are_written_by_who_stores_and_read_by_who_reads(
    name: str, granted: set[tuple[str, str]]
) -> None:
    assert granted == {
        (action, statement["Resource"]["Fn::Sub"].removeprefix("${EventsBucket.Arn}/"))
        for statement in statements(functions()[name])
        for action in actions(statement)
        if action.startswith("s3:")
    }


def test_pages_only_read() -> None:
    granted = {action for statement in statements(functions()["UiFunction"]) for action in actions(statement)}

    assert granted <= READS


def test_only_the_timer_asks_about_and_stops_executions_and_only_those_of_the_stacks_own_machine() -> None:
    [(name, stopping)] = [(name, one) for name, one in everyone() if ON_OWN_EXECUTIONS & set(actions(one))]

    assert name == "TimerFunction"
    assert set(actions(stopping)) == ON_OWN_EXECUTIONS
    assert stopping["Resource"]["Fn::Sub"].endswith(":execution:${ProcessNewFileStateMachine.Name}:*")


def resolved(given: Any, parameters: dict[str, list[str]]) -> Any:
    """Return what CloudFormation makes of Ref, Join and Split."""
    if isinstance(given, list):
        return [resolved(one, parameters) for one in given]
    if not isinstance(given, dict):
        return given
    [(function, value)] = given.items()
    if function == "Ref":
        return parameters[value]
    separator, of = value[0], resolved(value[1], parameters)
    return separator.join(of) if function == "Fn::Join" else of.split(separator)


@pytest.mark.parametrize(
    ("machines", "executions"),
    [
        (["arn:aws:states:r:1:stateMachine:a"], ["arn:aws:states:r:1:execution:a:*"]),
        (
            ["arn:aws:states:r:1:stateMachine:a", "arn:aws:states:r:1:stateMachine:b-*"],
            ["arn:aws:states:r:1:execution:a:*", "arn:aws:states:r:1:execution:b-*:*"],
        ),
    ],
)
def test_the_timer_follows_executions_of_the_other_machines_that_may_be_started_and_of_no_more(
    machines: list[str], executions: list[str]
) -> None:
    resource = template()["Resources"]["FollowOtherStateMachinesPolicy"]
    [statement] = resource["Properties"]["PolicyDocument"]["Statement"]

    assert resource["Condition"] == template()["Resources"]["LaunchOtherStateMachinesPolicy"]["Condition"]
    assert resource["Properties"]["Roles"] == [{"Ref": "TimerFunctionRole"}]
    assert set(actions(statement)) == ON_OWN_EXECUTIONS
    assert resolved(statement["Resource"], {"LaunchableStateMachines": machines}) == executions


def allowed(machine: str) -> bool:
    """Tell whether a state machine may be named so."""
    return bool(re.fullmatch(template()["Parameters"]["LaunchableStateMachines"]["AllowedPattern"], machine))


@pytest.mark.parametrize(
    "machine",
    [
        "",
        "arn:aws:states:eu-west-1:123456789012:stateMachine:nightly",
        "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:nightly_2-b",
        "arn:aws:states:*:123456789012:stateMachine:etl-*",
    ],
)
def test_state_machines_are_named_by_their_arn_or_a_pattern_of_it(machine: str) -> None:
    assert allowed(machine)


@pytest.mark.parametrize(
    "machine",
    [
        "arn:aws:states:eu-west-1:123456789012:stateMachine:nightly:7",
        "arn:aws:states:eu-west-1:123456789012:stateMachine:nightly:live",
        "arn:aws:states:eu-west-1:123456789012:stateMachine:nightly:*",
        "arn:aws:states:eu-west-1:123456789012:execution:nightly:1",
        "arn:aws:states:eu-west-1:123456789012:*",
        " arn:aws:states:eu-west-1:123456789012:stateMachine:nightly",
        "nightly",
        "*",
    ],
)
def test_a_state_machine_with_a_version_or_alias_is_refused_and_the_reason_is_said(machine: str) -> None:
    assert not allowed(machine)
    assert "without a version or alias" in template()["Parameters"]["LaunchableStateMachines"]["ConstraintDescription"]


def test_the_machines_that_may_be_named_are_all_that_the_policy_of_their_executions_understands() -> None:
    [statement] = template()["Resources"]["FollowOtherStateMachinesPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    machines = ["arn:aws:states:eu-west-1:123456789012:stateMachine:a", "arn:aws:states:*:1*:stateMachine:etl-*"]
    assert all(map(allowed, machines))

    assert resolved(statement["Resource"], {"LaunchableStateMachines": machines}) == [
        "arn:aws:states:eu-west-1:123456789012:execution:a:*",
        "arn:aws:states:*:1*:execution:etl-*:*",
    ]


STARTING = {"lambda:InvokeFunction", "states:StartExecution"}


def test_only_what_starts_runs_starts_anything() -> None:
    assert {"ActionFunction", "ProcessNewFileStateMachine", "TimerFunction"} == {
        name for name, statement in everyone() if STARTING & set(actions(statement))
    }


def test_what_is_started_later_may_be_what_is_started_at_once_and_nothing_else() -> None:
    at_once, later = (
        [(actions(one), one["Resource"]) for one in statements(functions()[name]) if STARTING & set(actions(one))]
        for name in ("ActionFunction", "TimerFunction")
    )

    own = [
        (["lambda:InvokeFunction"], {"Fn::GetAtt": "FlowsFunction.Arn"}),
        (["states:StartExecution"], {"Ref": "ProcessNewFileStateMachine"}),
    ]
    assert at_once == later == own


@pytest.mark.parametrize(
    ("policy", "condition", "parameter"),
    [
        ("LaunchOtherFunctionsPolicy", "LaunchesOtherFunctions", "LaunchableFunctions"),
        ("LaunchOtherStateMachinesPolicy", "LaunchesOtherStateMachines", "LaunchableStateMachines"),
    ],
)
def test_what_else_may_be_started_is_named_by_a_parameter(policy: str, condition: str, parameter: str) -> None:
    resource = template()["Resources"][policy]
    [statement] = resource["Properties"]["PolicyDocument"]["Statement"]

    assert resource["Condition"] == condition
    assert resource["Properties"]["Roles"] == [{"Ref": "ActionFunctionRole"}, {"Ref": "TimerFunctionRole"}]
    assert statement["Resource"] == {"Ref": parameter}
    assert template()["Parameters"][parameter]["Default"] == ""


def test_sam_adds_no_role_and_no_policy_that_the_template_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")  # the translator asks for a region
    plain = _transformed()
    roles = {name: role["Properties"] for name, role in plain["Resources"].items() if role["Type"] == "AWS::IAM::Role"}

    assert roles.keys() == {f"{name}Role" for name in (*NAMES, "ProcessNewFileStateMachine")}
    assert {"AWSLambdaBasicExecutionRole"} == {
        str(policy).rpartition("/")[2].strip("'\"}")
        for role in roles.values()
        for policy in role.get("ManagedPolicyArns", [])
    }
    assert all("PermissionsBoundary" in role for role in roles.values())


def _transformed() -> dict[str, Any]:
    parameters = {name: str(given.get("Default", "")) for name, given in template()["Parameters"].items()}
    copied = json.loads(json.dumps(template()))  # the translator writes into what it reads
    for name, resource in copied["Resources"].items():
        for key in ("CodeUri", "ContentUri", "DefinitionUri"):
            if key in resource["Properties"]:
                resource["Properties"][key] = f"s3://bucket/{name}"
    translated: dict[str, Any] = Translator({}, Parser()).translate(copied, parameters)
    return translated
