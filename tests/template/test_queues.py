"""Nothing is lost in a queue: what cannot be done is put aside, kept, and told."""

import pytest
from tests.template.loading import functions, mappings, names_in, of_type, queues, referred

FOURTEEN_DAYS = 14 * 24 * 3600
DEAD_LETTERS = sorted(name for name in queues() if name.endswith("DeadLetters"))
WORK = sorted(name for name in queues() if not name.endswith("DeadLetters"))


@pytest.mark.parametrize("name", WORK)
def test_work_that_fails_goes_to_dead_letters(name: str) -> None:
    redrive = queues()[name]["RedrivePolicy"]

    assert referred(redrive["deadLetterTargetArn"]) in DEAD_LETTERS
    assert redrive["maxReceiveCount"] >= 5


@pytest.mark.parametrize("name", DEAD_LETTERS)
def test_something_ends_in_these_dead_letters(name: str) -> None:
    senders = [queue for queue in WORK if referred(queues()[queue]["RedrivePolicy"]["deadLetterTargetArn"]) == name]
    senders += [mapping for mapping, properties in mappings().items() if name in names_in(properties)]
    senders += [function for function, properties in functions().items() if name in names_in(properties)]

    assert senders


@pytest.mark.parametrize("name", DEAD_LETTERS)
def test_an_alarm_watches_dead_letters_that_are_there(name: str) -> None:
    watching = [
        alarm
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if name in names_in(alarm["Dimensions"]) and alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    ]

    assert [(alarm["Threshold"], alarm["ComparisonOperator"]) for alarm in watching] == [(0, "GreaterThanThreshold")]


@pytest.mark.parametrize("name", sorted(queues()))
def test_messages_are_kept_for_as_long_as_can_be_and_encrypted(name: str) -> None:
    assert queues()[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert queues()[name]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", WORK)
def test_a_message_stays_hidden_for_six_times_its_functions_time(name: str) -> None:
    readers = [mapping for mapping in mappings().values() if name in names_in(mapping.get("EventSourceArn", {}))]

    assert len(readers) == 1
    timeout = functions()[referred(readers[0]["FunctionName"])]["Timeout"]
    assert queues()[name]["VisibilityTimeout"] >= 6 * timeout


@pytest.mark.parametrize("name", sorted(queues()))
def test_a_queue_speaks_tls_only(name: str) -> None:
    policies = [
        policy for policy in of_type("AWS::SQS::QueuePolicy").values() if name in names_in(policy["Queues"])
    ]  # a second policy would replace the first

    assert len(policies) == 1
    assert any(
        statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in policies[0]["PolicyDocument"]["Statement"]
    )
