"""What of the account comes in besides, by parameters: nothing unless one asks for it, and then no more than that."""

from typing import Any

import pytest
from tests.template.loading import functions, mappings, names_in, of_type, template

RULES = {"IncomingBucketsRule": "IncomingBuckets", "NotificationSourcesRule": "NotificationSources"}
KAFKA = ["KafkaRecords", "MskRecords"]
OPTIONAL = [*RULES, "NotificationQueueMessages", "NotificationQueuePolicy", *KAFKA, "KafkaPolicy"]


def resource(name: str) -> dict[str, Any]:
    found: dict[str, Any] = template()["Resources"][name]
    return found


def kafka_statements() -> dict[str, dict[str, Any]]:
    """Return the statements of the policy for Kafka by name, each with the condition under which it is there."""
    found = {}
    for one in resource("KafkaPolicy")["Properties"]["PolicyDocument"]["Statement"]:
        condition, statement = (one["Fn::If"][0], one["Fn::If"][1]) if "Fn::If" in one else ("", one)
        found[statement["Sid"]] = {**statement, "If": condition}
    return found


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_one_may_ask_for_is_there_on_a_condition_only(name: str) -> None:
    assert resource(name)["Condition"] in template()["Conditions"]


@pytest.mark.parametrize(
    "parameter",
    [*RULES.values(), "NotificationQueueArn", "MskClusterArn", "KafkaBootstrapServers", "KafkaSecretArn"],
)
def test_by_default_nothing_is_asked_for(parameter: str) -> None:
    assert template()["Parameters"][parameter]["Default"] == ""


@pytest.mark.parametrize("name", RULES)
def test_a_rule_tells_the_function_alone_and_keeps_what_it_cannot_hand_over(name: str) -> None:
    [target] = resource(name)["Properties"]["Targets"]

    assert names_in(target["Arn"]) == {"NotificationFunction"}
    assert names_in(target["DeadLetterConfig"]) == {"NotificationDeadLetters"}
    assert RULES[name] in names_in(resource(name)["Properties"]["EventPattern"])


@pytest.mark.parametrize("name", RULES)
def test_only_that_rule_may_invoke_the_function_for_it(name: str) -> None:
    [permission] = [
        one for one in of_type("AWS::Lambda::Permission").values() if names_in(one.get("SourceArn", {})) == {name}
    ]

    assert permission["Principal"] == "events.amazonaws.com"
    assert names_in(permission["FunctionName"]) == {"NotificationFunction"}


def test_of_the_configuration_the_function_sees_sources_and_no_api_keys() -> None:
    [statement] = [
        one
        for policy in functions()["NotificationFunction"]["Policies"]
        for one in policy["Statement"]
        if one["Resource"] == {"Fn::GetAtt": "ConfigTable.Arn"}
    ]

    assert set(statement["Action"]) == {"dynamodb:GetItem", "dynamodb:Query"}
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["source", "version"]}}


def test_of_a_queue_it_may_read_that_one() -> None:
    [statement] = resource("NotificationQueuePolicy")["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Resource"] == {"Ref": "NotificationQueueArn"}
    assert set(statement["Action"]) == {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@pytest.mark.parametrize("name", KAFKA)
def test_records_of_kafka_that_cannot_be_stored_go_to_the_dead_letters(name: str) -> None:
    mapping = mappings()[name]

    assert names_in(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == {"NotificationDeadLetters"}
    assert names_in(kafka_statements()["PutAside"]["Resource"]) == {"NotificationDeadLetters"}


@pytest.mark.parametrize("name", KAFKA)
def test_a_batch_of_kafka_fails_whole_so_its_answer_names_no_parts(name: str) -> None:
    """Without provisioned pollers Lambda ignores a partial answer: it would lose what the answer names."""
    assert "FunctionResponseTypes" not in mappings()[name]


def test_a_stack_made_anew_goes_on_where_the_old_one_was() -> None:
    msk, own = (mappings()[name] for name in ("MskRecords", "KafkaRecords"))

    assert (
        msk["AmazonManagedKafkaEventSourceConfig"]
        == own["SelfManagedKafkaEventSourceConfig"]
        == {"ConsumerGroupId": {"Fn::Sub": "${AWS::StackName}-notification"}}
    )


def test_kafka_may_be_read_by_what_was_named_and_no_more() -> None:
    statements = kafka_statements()

    assert statements["EnterByASecret"]["Resource"] == {"Ref": "KafkaSecretArn"}
    assert statements["DecryptTheSecret"]["Resource"] == {"Ref": "KafkaSecretKeyArn"}
    assert statements["FindTheBrokers"]["Resource"] == {"Ref": "MskClusterArn"}
    assert statements["ReadTheTopic"]["Resource"]["Fn::Sub"][0] == "${Topics}/${KafkaTopic}"
    assert statements["KeepThePlaceInIt"]["Resource"]["Fn::Sub"][0] == "${Groups}/${AWS::StackName}-notification"
    assert {name for name, one in statements.items() if one["Resource"] == "*"} == {"ReachTheBrokers"}
    assert all(
        action.startswith(("ec2:", "kafka", "kms:Decrypt", "secretsmanager:GetSecretValue", "sqs:SendMessage"))
        for one in statements.values()
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    )
    assert {name for name, one in statements.items() if not one["If"]} == {"PutAside"}
