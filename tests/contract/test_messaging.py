"""What every mailer, every set of topics and every rate budget does."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.stories import NOON

from whenflow.aws.notifiers import SesMailer, SnsTopics
from whenflow.aws.rate_budget import STEP, DynamoRateBudget
from whenflow.errors import Rejected, Transient
from whenflow.ports import Mail, Mailer, RateBudget, Topics
from whenflow.testing import MemoryRateBudget, RecordedMailer, RecordedTopics

MAIL = Mail(("ann@example.com",), "Orders are late ü", "Seven of them.", "shop@example.com")
Sent = Callable[[], list[tuple[str, str]]]


def client(service: str) -> Any:
    import boto3

    return boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture(params=["fake", "ses"])
def mailing(request: pytest.FixtureRequest) -> tuple[Mailer, Sent]:
    """A mailer, and what it sent: subject and body."""
    if request.param == "fake":
        fake = RecordedMailer()
        return fake, lambda: [(mail.subject, mail.body) for mail in fake.sent]
    request.getfixturevalue("aws")
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses import ses_backends

    client("sesv2").create_email_identity(EmailIdentity="shop@example.com")
    backend = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    return SesMailer(client, ""), lambda: [(one.subject, one.body) for one in backend.sent_messages]


def test_an_e_mail_is_sent(mailing):
    mailer, sent = mailing

    assert mailer.send(MAIL)

    assert sent() == [("Orders are late ü", "Seven of them.")]


@pytest.fixture(params=["fake", "sns"])
def publishing(request: pytest.FixtureRequest) -> tuple[Topics, str, Sent]:
    """Topics, the ARN of one, and what was published to it: subject and message."""
    if request.param == "fake":
        fake = RecordedTopics()
        arn = "arn:aws:sns:eu-west-1:123456789012:orders"
        return fake, arn, lambda: [(subject, message) for _, subject, message, _ in fake.published]
    request.getfixturevalue("aws")
    sns, sqs = client("sns"), client("sqs")
    arn = sns.create_topic(Name="orders")["TopicArn"]
    url = sqs.create_queue(QueueName="reader")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)

    def received() -> list[tuple[str, str]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(message["Body"]) for message in messages]
        return [(one["Subject"], one["Message"]) for one in told]

    return SnsTopics(client), arn, received


def test_a_message_is_published(publishing):
    topics, arn, published = publishing

    assert topics.publish(arn, "Orders are late", "Seven of them.", "id-1")

    assert published() == [("Orders are late", "Seven of them.")]


def test_a_topic_that_is_not_there_is_refused_and_names_the_reason(aws):
    with pytest.raises(Rejected, match="SNS refused: NotFound"):
        SnsTopics(client).publish("arn:aws:sns:eu-west-1:123456789012:gone", "x", "y", "id")


def test_a_subject_that_sns_does_not_take_is_made_one_that_it_does(aws):
    arn = client("sns").create_topic(Name="orders")["TopicArn"]

    assert SnsTopics(client).publish(arn, "ü" * 300, "", "id")


def test_a_fifo_topic_is_published_to(aws):
    attributes = {"FifoTopic": "true"}
    arn = client("sns").create_topic(Name="orders.fifo", Attributes=attributes)["TopicArn"]

    assert SnsTopics(client).publish(arn, "x", "y", "id")


def test_an_address_that_ses_does_not_know_is_refused(aws):
    with pytest.raises(Rejected, match="SES refused"):
        SesMailer(client, "").send(MAIL)


def test_without_an_address_to_send_from_nothing_is_sent(aws):
    with pytest.raises(Rejected, match="MailFrom"):
        SesMailer(client, "").send(Mail(("ann@example.com",), "x", "y"))


def test_a_throttle_may_be_tried_again(aws):
    from tests.outages import failing, refusal

    ses = client("sesv2")
    with failing(ses, "SendEmail", refusal("TooManyRequestsException")), pytest.raises(Transient):
        SesMailer(lambda _: ses, "").send(MAIL)


@pytest.fixture(params=["memory", "dynamodb"])
def budget(request: pytest.FixtureRequest) -> RateBudget:
    """A budget of 30 firings a minute."""
    if request.param == "memory":
        return MemoryRateBudget(per_minute=30)
    return DynamoRateBudget(request.getfixturevalue("dynamodb"), "StateTable", 30)


def test_a_budget_is_used_up_to_about_its_limit_and_refills_by_the_minute(budget):
    taken = [budget.take("a", NOON) for _ in range(60)]

    assert 30 <= taken.count(True) <= 30 + STEP
    assert taken[-1] is False
    assert budget.take("a", NOON + timedelta(minutes=1)) is True


def test_each_automation_has_a_budget_of_its_own(budget):
    for _ in range(60):
        budget.take("a", NOON)

    assert budget.take("b", NOON) is True


def test_processes_share_a_budget(dynamodb):
    processes = [DynamoRateBudget(dynamodb, "StateTable", 30) for _ in range(3)]

    taken = [process.take("a", NOON) for _ in range(30) for process in processes]

    assert 30 <= taken.count(True) <= 30 + STEP * len(processes)


def test_an_automation_that_fires_now_and_then_costs_no_write(dynamodb):
    budget = DynamoRateBudget(dynamodb, "StateTable", 30)
    for _ in range(STEP - 1):
        budget.take("a", NOON)

    assert dynamodb.scan(TableName="StateTable")["Count"] == 0


def test_a_limit_of_nought_is_none(dynamodb):
    assert all(DynamoRateBudget(dynamodb, "StateTable", 0).take("a", NOON) for _ in range(100))
