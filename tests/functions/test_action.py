"""The stream of the firings table, and the queue of actions to try again."""

import itertools
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.functions.stack import Stack, queue_record
from tests.outages import failing, refusal, unreachable
from tests.stories import ANN, NOBODY, run_of, welcoming

from whenflow.aws import wiring
from whenflow.aws.records import firing_of
from whenflow.aws.settings import settings
from whenflow.deployments.pools import pool_id_of
from whenflow.errors import Transient

ALL_WELL: dict[str, Any] = {"batchItemFailures": []}
BUSY = refusal("TooManyRequestsException")


def firings(stack: Stack, *names: str) -> dict[str, Any]:
    """Sign these people up, and return the firings as the stream hands them over."""
    slug = stack.webhook()
    for name in names or ("Ann",):
        stack.hook(slug, ANN | {"name": name})
    stack.invoke("matcher", stack.new_records("EventsTable"))
    return stack.new_records("FiringsTable")


@pytest.fixture
def welcomes(stack):
    """New users are welcomed."""
    return stack.automation(welcoming(stack.deployment()))


def failure(stack):
    (event,) = (event for event in stack.events() if event.event == "prefect.automation.action.failed")
    return event


def test_a_firing_starts_a_run(stack, welcomes):
    assert stack.invoke("action", firings(stack)) == ALL_WELL

    (payload,) = stack.invocations.payloads
    assert payload["flow_run_id"] == stack.run().id
    assert stack.run().state.name == "Pending"
    assert "prefect.automation.action.executed" in stack.names()


def test_a_firing_starts_an_execution_of_a_state_machine(stack):
    role = wiring.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    machines = wiring.client("stepfunctions")
    arn = machines.create_state_machine(name="m", definition="{}", roleArn=role)["stateMachineArn"]
    deployment = stack.deployment(work_pool_name="step-functions", job_variables={"state_machine_arn": arn})
    stack.automation(welcoming(deployment))

    stack.invoke("action", firings(stack))

    (execution,) = machines.list_executions(stateMachineArn=arn)["executions"]
    assert execution["name"] == stack.run().id


def test_a_state_machine_that_is_not_there_crashes_the_run(stack):
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:gone"
    deployment = stack.deployment(work_pool_name="step-functions", job_variables={"state_machine_arn": arn})
    stack.automation(welcoming(deployment))

    assert stack.invoke("action", firings(stack)) == ALL_WELL

    assert stack.run().state.name == "Crashed"
    assert "StateMachineDoesNotExist" in failure(stack).payload["reason"]


def test_firings_delivered_twice_start_one_run_each(stack, welcomes):
    records = firings(stack, "Ann", "Ben")
    stack.invoke("action", records)
    before = stack.names()

    stack.invoke("action", records)

    assert sorted(stack.names()) == sorted(before)
    assert len({payload["flow_run_id"] for payload in stack.invocations.payloads}) == 2


def test_a_deployment_that_is_not_there_is_told_and_holds_up_nothing(stack):
    stack.automation(welcoming({"id": NOBODY}))

    assert stack.invoke("action", firings(stack)) == ALL_WELL
    assert failure(stack).payload["status_code"] == 404
    assert stack.retries() == {"Records": []}


def test_a_target_that_is_busy_puts_the_action_into_the_queue(stack, welcomes):
    records = firings(stack)

    with failing(wiring.client("lambda"), "Invoke", BUSY):
        assert stack.invoke("action", records) == ALL_WELL

    (record,) = stack.retries()["Records"]
    message = json.loads(record["body"])
    assert (message["firing_id"], message["action_index"]) == (records["Records"][0]["dynamodb"]["Keys"]["id"]["S"], 0)
    assert "TooManyRequestsException" in message["reason"]


def test_an_action_from_the_queue_is_done(stack, welcomes):
    with failing(wiring.client("lambda"), "Invoke", BUSY):
        stack.invoke("action", firings(stack))

    assert stack.invoke("action", stack.retries()) == ALL_WELL

    assert len(stack.invocations.payloads) == 2  # the one that was refused, and the one that was not
    assert stack.names().count("prefect.automation.action.executed") == 1


def test_an_action_that_breaks_again_stays_in_the_queue_and_costs_its_neighbours_nothing(stack, welcomes):
    with failing(wiring.client("lambda"), "Invoke", BUSY):
        stack.invoke("action", firings(stack, "Ann", "Ben"))
    (one, other) = stack.retries()["Records"]
    batch = {"Records": [one | {"messageId": "one"}, other | {"messageId": "other"}]}
    calls = iter([True, False])

    with failing(wiring.client("lambda"), "Invoke", BUSY, when=lambda _: next(calls)):
        answer = stack.invoke("action", batch)

    (failed,) = answer["batchItemFailures"]
    assert failed["itemIdentifier"] in {"one", "other"}
    assert stack.names().count("prefect.automation.action.executed") == 1


def test_an_action_that_breaks_for_the_last_time_is_told_to_be_given_up(stack, welcomes):
    with failing(wiring.client("lambda"), "Invoke", BUSY):
        stack.invoke("action", firings(stack))
        (record,) = stack.retries()["Records"]
        answer = stack.invoke("action", {"Records": [queue_record(record["body"], record["messageId"], receives=5)]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert "Gave up after 6 tries" in failure(stack).payload["reason"]


def test_a_message_that_cannot_be_read_is_reported(stack):
    batch = {"Records": [queue_record("{", "bad"), queue_record(json.dumps({"firing_id": NOBODY, "action_index": 0}))]}

    answer = stack.invoke("action", batch)

    assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]][0] == "bad"


def test_a_firing_that_cannot_be_announced_is_reported_by_its_number_and_the_later_ones_wait(stack, welcomes):
    records = firings(stack, "Ann", "Ben")

    with failing(wiring.dynamodb(), "PutItem", unreachable()):
        answer = stack.invoke("action", records)

    number = records["Records"][0]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert stack.invoke("action", records) == ALL_WELL
    assert len(stack.invocations.payloads) == 2


def test_an_action_is_not_lost_when_even_the_queue_is_away(stack, welcomes):
    records = firings(stack)

    with failing(wiring.client("lambda"), "Invoke", BUSY), failing(wiring.client("sqs"), "SendMessage", unreachable()):
        answer = stack.invoke("action", records)

    assert len(answer["batchItemFailures"]) == 1
    assert stack.invoke("action", records) == ALL_WELL
    assert stack.names().count("prefect.automation.action.executed") == 1


def test_an_empty_batch_is_no_fault(stack):
    assert stack.invoke("action", {"Records": []}) == ALL_WELL


def test_a_permission_that_is_missing_is_not_taken_for_success(stack):
    stack.automation(welcoming(stack.deployment(), actions=[run_of(stack.deployment(), parameters={"name": "x"})]))
    records = firings(stack)

    with failing(wiring.dynamodb(), "TransactWriteItems", refusal("AccessDeniedException")):
        assert stack.invoke("action", records) == ALL_WELL

    assert "prefect.automation.action.executed" not in stack.names()
    (record,) = stack.retries()["Records"]
    assert ClientError.__name__ in record["body"]


def test_a_whole_firing_that_never_got_its_turn_is_acted_on_from_the_queue(stack, welcomes):
    (record,) = firings(stack)["Records"]
    message = json.dumps({"firing_id": record["dynamodb"]["Keys"]["id"]["S"]})

    assert stack.invoke("action", {"Records": [queue_record(message)]}) == ALL_WELL

    assert stack.names().count("prefect.automation.triggered") == 1
    assert len(stack.invocations.payloads) == 1


def test_an_automation_that_fires_too_often_within_a_minute_is_paused_and_its_firings_do_nothing(stack, monkeypatch):
    monkeypatch.setenv("WHENFLOW_MAX_FIRINGS_PER_MINUTE", "10")
    settings.cache_clear()
    automation = stack.automation(welcoming(stack.deployment()))
    records = firings(stack, *(f"user {number}" for number in range(25)))

    assert stack.invoke("action", records) == ALL_WELL

    assert stack.api("GET", f"/automations/{automation['id']}").document["enabled"] is False
    assert stack.names().count("whenflow.automation.loop-stopped") == 1
    assert 10 <= stack.names().count("prefect.automation.action.executed") < 20
    assert stack.names().count("prefect.automation.triggered") == 25


def test_templates_look_up_variables_objects_and_the_address_of_the_ui(stack):
    stack.api("POST", "/variables", {"name": "city", "value": {"name": "Oslo"}})
    deployment = stack.deployment()
    parameters = {
        "name": "{{ variables.city.name }}",
        "of": "{{ automation.tags[0] }}",
        "link": "{{ automation | ui_url }}",
    }
    automation = stack.automation(
        welcoming(deployment, tags=["eu"], actions=[run_of(deployment, parameters=parameters)])
    )

    assert stack.invoke("action", firings(stack)) == ALL_WELL

    link = stack.run().parameters["link"]
    assert stack.run().parameters == {"name": "Oslo", "of": "eu", "link": link}
    assert link.startswith("https://")
    assert link.endswith(f"/ui/automations/automation/{automation['id']}")


def test_many_firings_at_once_under_throttles_lose_nothing_and_do_nothing_twice(stack, welcomes):
    records = firings(stack, *(f"user {number}" for number in range(60)))
    calls = itertools.count()

    with failing(wiring.client("lambda"), "Invoke", BUSY, when=lambda _: next(calls) % 3 == 0):
        assert stack.invoke("action", records) == ALL_WELL
    for _ in range(10):
        stack.invoke("action", stack.retries())

    assert stack.names().count("prefect.automation.action.executed") == 60
    assert len({run.parameters["name"] for run in wiring.runs().newest(100)}) == 60


def test_no_secret_of_a_target_reaches_logs_events_queues_or_the_tables(stack, logged, monkeypatch):
    canary = "https://hooks.slack.com/services/canary-in-the-url"
    kept: dict[str, str] = {}

    def put(_self, name, value):
        kept[f"ssm:{name}"] = value
        return f"ssm:{name}"

    monkeypatch.setattr("whenflow.aws.secrets.AwsSecrets.put", put)
    monkeypatch.setattr("whenflow.aws.secrets.AwsSecrets.get", lambda _self, reference, fresh=False: kept[reference])
    monkeypatch.setattr("whenflow.aws.http_port.resolved", lambda _host, _port: ["10.0.0.1"])
    answers = iter([Transient("slow"), RuntimeError("a bug")])

    def send(_self, request):
        assert request.url == canary
        raise next(answers)

    monkeypatch.setattr("whenflow.aws.http_port.GuardedHttp.send", send)
    target = stack.api(
        "POST", "/notification-targets", {"name": "team", "type": "slack-webhook", "data": {"url": canary}}
    ).document
    sending = {"type": "send-notification", "block_document_id": target["id"], "body": "x"}
    stack.automation(welcoming(stack.deployment(), actions=[sending, sending]))

    stack.invoke("action", firings(stack))

    queued = json.dumps(stack.retries())
    assert queued.count("firing_id") == 2
    stored = repr(stack.events()) + repr(wiring.config().all("block-document")) + json.dumps(target)
    assert "canary" not in queued + stored + logged()


def test_what_an_action_switches_is_stored_with_the_event_that_tells_of_it_and_not_switched_again(stack, monkeypatch):
    def dies(*_: Any) -> None:
        raise ConnectionError

    deployment, other = stack.deployment(), stack.deployment(name="other")
    spare = stack.automation(welcoming(other, name="spare", actions=[]))
    chosen = {"deployment": deployment["id"], "work-pool": pool_id_of("lambda"), "automation": spare["id"]}
    pauses = [
        {"type": f"pause-{kind}", "source": "selected", f"{kind.replace('-', '_')}_id": id_}
        for kind, id_ in chosen.items()
    ]
    stack.automation(welcoming(deployment, name="pauses", actions=pauses))
    records = firings(stack)
    (record,) = (one for one in records["Records"] if len(firing_of(one).actions) == len(pauses))

    with monkeypatch.context() as broken:
        broken.setattr("whenflow.actions.perform.action_ended", dies)
        assert stack.invoke("action", {"Records": [record]}) == ALL_WELL

    assert "prefect.automation.action.executed" not in stack.names()
    told = [name for name in stack.names() if not name.startswith("prefect.automation.action")]
    assert told.count("prefect.deployment.updated") == 1
    assert told.count("prefect.work-pool.paused") == 1
    assert told.count("prefect.automation.updated") == 1
    assert stack.api("GET", f"/automations/{spare['id']}").document["enabled"] is False
    for path in (
        f"/deployments/{deployment['id']}/resume_deployment",
        "/work_pools/lambda",
        f"/automations/{spare['id']}",
    ):
        change = {"is_paused": False} if "pools" in path else {"enabled": True}
        stack.api("POST" if "resume" in path else "PATCH", path, None if "resume" in path else change)
    assert stack.invoke("action", {"Records": [record]}) == ALL_WELL

    assert stack.names().count("prefect.automation.action.executed") == len(pauses)
    assert stack.api("GET", f"/deployments/{deployment['id']}").document["paused"] is False
    assert stack.api("GET", "/work_pools/lambda").document["is_paused"] is False
    assert stack.api("GET", f"/automations/{spare['id']}").document["enabled"] is True
