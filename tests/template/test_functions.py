"""Functions: each is there, bounded, logged, and told the settings that the code reads."""

import ast

import pytest
from tests.template.loading import ROOT, functions, mappings, names_in, of_type, referred, template

from whenflow.aws.settings import settings

NAMES = sorted(functions())
DOORWAY_LINES = 60
KAFKA = ["KafkaRecords", "MskRecords"]  # tests/template/test_sources.py
STREAMS = sorted(name for name, one in mappings().items() if "StartingPosition" in one and name not in KAFKA)
QUEUES = sorted(set(mappings()) - set(STREAMS) - set(KAFKA))
ASYNCHRONOUS = ["ArchiveFunction", "FlowsFunction", "NotificationFunction", "TimerFunction", "TrackerFunction"]
IN_THE_LOOP = ["ActionFunction", "FlowsFunction", "MatcherFunction", "NotificationFunction", "TimerFunction"]


def folders() -> set[str]:
    return {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}


def test_every_folder_is_a_function_and_every_function_a_folder() -> None:
    assert folders() == {function["CodeUri"].removeprefix("functions/") for function in functions().values()}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_named_after_its_folder_and_holds_its_handler(name: str) -> None:
    function = functions()[name]
    module, handler = function["Handler"].split(".")
    tree = ast.parse((ROOT / function["CodeUri"] / f"{module}.py").read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    defined |= {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert name == f"{function['CodeUri'].removeprefix('functions/').title()}Function"
    assert handler in defined


@pytest.mark.parametrize("folder", sorted(folders() - {"flows"}))
def test_a_doorway_is_short_and_knows_no_aws_client(folder: str) -> None:
    source = (ROOT / "functions" / folder / "app.py").read_text()
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert len(source.splitlines()) <= DOORWAY_LINES
    assert {name.partition(".")[0] for name in imported} <= {"typing", "whenflow"}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_bounded_in_time_and_memory(name: str) -> None:
    assert 0 < functions()[name]["Timeout"] <= 900
    assert 256 <= functions()[name]["MemorySize"] <= 1769


def test_functions_behind_http_answer_before_the_api_gives_up() -> None:
    behind = {referred(one["IntegrationUri"]) for one in of_type("AWS::ApiGatewayV2::Integration").values()}

    assert behind
    assert all(functions()[name]["Timeout"] < 30 for name in behind)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_logs_json_to_a_group_of_its_own_that_forgets(name: str) -> None:
    logging = functions()[name]["LoggingConfig"]
    group = of_type("AWS::Logs::LogGroup")[referred(logging["LogGroup"])]
    sharing = [other for other in NAMES if functions()[other]["LoggingConfig"]["LogGroup"] == logging["LogGroup"]]

    assert logging["LogFormat"] == "JSON"
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert sharing == [name]


def test_runtime_and_architecture_are_the_parameters() -> None:
    shared = template()["Globals"]["Function"]

    assert shared["Runtime"] == {"Ref": "Runtime"}
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert not any({"Runtime", "Architectures"} & own.keys() for own in of_type("AWS::Serverless::Function").values())


def test_the_settings_read_exactly_what_the_template_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {name for function in functions().values() for name in function["Environment"]["Variables"]}
    given = {name: str(1000 + index) for index, name in enumerate(sorted(variables)) if name.startswith("WHENFLOW_")}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()

    read = settings()
    settings.cache_clear()

    assert sorted(given.values()) == sorted(str(getattr(read, field)) for field in read.__dataclass_fields__)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    variables = {name for function in functions().values() for name in function["Environment"]["Variables"]}

    assert [name for name in sorted(variables) if name.startswith("WHENFLOW_") and f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_with_bounds_and_loses_nothing(name: str) -> None:
    mapping = mappings()[name]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 1 <= mapping["MaximumRetryAttempts"] <= 100
    assert 3600 <= mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert referred(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "StreamDeadLetters"
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_is_read_with_partial_answers_and_a_limit(name: str) -> None:
    assert mappings()[name]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mappings()[name]["ScalingConfig"]["MaximumConcurrency"] >= 2


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_a_failed_asynchronous_invocation_goes_to_a_queue(name: str) -> None:
    invocation = functions()[name]["EventInvokeConfig"]

    assert invocation["MaximumRetryAttempts"] == 2
    assert invocation["DestinationConfig"]["OnFailure"]["Type"] == "SQS"


def test_every_rule_keeps_what_it_cannot_hand_over() -> None:
    rules = [
        event["Properties"]
        for function in functions().values()
        for event in function.get("Events", {}).values()
        if event["Type"] in {"EventBridgeRule", "Schedule"}
    ]

    assert len(rules) == 7
    assert all(names_in(rule["DeadLetterConfig"]) == {"NotificationDeadLetters"} for rule in rules)


def test_functions_that_cause_events_may_be_in_a_loop() -> None:
    """A flow run's event may start a flow: Lambda's own loop detection would stop that after 16 rounds."""
    assert [name for name in NAMES if functions()[name].get("RecursiveLoop") == "Allow"] == IN_THE_LOOP


@pytest.mark.parametrize("name", ["ActionFunction", "ApiFunction"])
def test_links_in_messages_lead_to_the_pages_of_the_stack_unless_another_address_is_given(name: str) -> None:
    address = functions()[name]["Environment"]["Variables"]["WHENFLOW_UI_URL"]

    condition, given, own = address["Fn::If"]
    assert template()["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "UiAddress"}, ""]}]}
    assert given == {"Ref": "UiAddress"}
    assert own == template()["Outputs"]["UiUrl"]["Value"]
