"""Whatever cannot be undone is asked for first, by every command in the same way."""

from collections.abc import Iterator

import pytest
from cyclopts import App
from tests.cli.hooks import TEMPLATE

from whenflow.cli.app import app

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:flows:live"
DEPLOYMENT = f"""
deployments:
  - {{name: main, flow_name: welcome, work_pool_name: lambda, job_variables: {{function_arn: "{ARN}"}}}}
"""
AUTOMATION = "{name: greet, trigger: {posture: Reactive, expect: [a]}, actions: [{type: do-nothing}]}"
A_DEPLOYMENT = ("deploy", "whenflow.yaml", "--yes")
A_SCHEDULE = ("deployment", "schedule", "create", "main", "--cron", "0 6 * * *", "--slug", "daily")
AN_AUTOMATION = ("automation", "create", "-f", "automations.yaml")
AN_EVENT = ("event", "emit", "a", "--resource-id", "r", "--occurred", "2026-11-20T11:30:00Z")
HOOK = ("webhook", "create", "hook", "--template", TEMPLATE)

CASES: dict[str, tuple[list[tuple[str, ...]], tuple[str, ...]]] = {
    "automation delete": ([AN_AUTOMATION], ("automation", "delete", "greet")),
    "automation apply": ([], ("automation", "apply", "automations.yaml")),
    "concurrency-limit delete": (
        [("concurrency-limit", "create", "database", "--limit", "5")],
        ("concurrency-limit", "delete", "database"),
    ),
    "deploy": ([], ("deploy", "whenflow.yaml")),
    "deployment delete": ([A_DEPLOYMENT], ("deployment", "delete", "welcome/main")),
    "deployment schedule delete": ([A_DEPLOYMENT, A_SCHEDULE], ("deployment", "schedule", "delete", "main", "daily")),
    "flow-run cancel": (
        [A_DEPLOYMENT, ("deployment", "run", "main", "--name", "otter")],
        ("flow-run", "cancel", "otter"),
    ),
    "key revoke": ([("key", "create", "ci", "--scope", "read")], ("key", "revoke", "ci")),
    "notification delete": (
        [("notification", "create", "team", "sns", "topic_arn=arn:aws:sns:eu-west-1:123456789012:t")],
        ("notification", "delete", "team"),
    ),
    "replay": (
        [AN_EVENT, AN_AUTOMATION],
        ("replay", "--since", "2026-11-20T11:00:00Z", "--until", "2026-11-20T11:45:00Z"),
    ),
    "source delete": ([("source", "create", "s3", "--preset", "s3")], ("source", "delete", "s3")),
    "target delete": (
        [("target", "create", "reports", "lambda", f"function_arn={ARN}")],
        ("target", "delete", "reports"),
    ),
    "variable unset": ([("variable", "set", "greeting", "hello")], ("variable", "unset", "greeting")),
    "variable delete": ([("variable", "set", "greeting", "hello")], ("variable", "delete", "greeting")),
    "webhook delete": ([HOOK], ("webhook", "delete", "hook")),
    "webhook rotate": ([HOOK], ("webhook", "rotate", "hook")),
}
"""What has to be there, and the command."""
ELSEWHERE = {"local clean"}
"""Asked for likewise, and tried in test_local.py."""
GRAVE = frozenset(
    {"apply", "cancel", "clean", "clear", "delete", "deploy", "remove", "replay", "revoke", "rotate", "unset"}
)
KINDS = (
    *("api-key", "automation", "block-document", "concurrency-limit", "deployment", "source"),
    *("variable", "webhook", "webhook-slug", "work-pool"),
)


@pytest.fixture(params=list(CASES))
def grave(request, cli, product, tmp_path) -> tuple[str, ...]:
    """A command that cannot be undone, and all that it needs to be there."""
    (tmp_path / "whenflow.yaml").write_text(DEPLOYMENT)
    (tmp_path / "automations.yaml").write_text(AUTOMATION)
    before, words = CASES[request.param]
    for one in before:
        told = cli(*one)
        assert told.code == 0, told.err
    return words


def all_there_is(product) -> object:
    """Return everything that is set up, and all that has happened."""
    return [product.config.all(kind) for kind in KINDS], product.events.names(), list(product.firings.stored)


def test_a_no_changes_nothing(cli, product, grave, person):
    before = all_there_is(product)
    person("no\n")

    told = cli(*grave)

    assert told.code == 1
    assert told.err.endswith("[y/N] Error: Nothing was changed.\n")
    assert all_there_is(product) == before


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_where_nobody_can_answer_nothing_is_done(cli, product, grave, alone, form):
    before = all_there_is(product)

    told = cli(*grave, *form)

    assert told.code == 2
    assert "--yes" in told.err
    assert all_there_is(product) == before


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_yes_does_it(cli, product, grave, person, answer):
    before = all_there_is(product)
    person(answer)

    told = cli(*grave)

    assert told.code == 0, told.err
    assert all_there_is(product) != before


@pytest.mark.parametrize("agreed", ["--yes", "-y"])
def test_agreed_to_on_the_command_line_nothing_is_asked(cli, product, grave, alone, agreed):
    before = all_there_is(product)

    told = cli(*grave, agreed, "--json")

    assert told.code == 0, told.err
    assert "[y/N]" not in told.err
    assert told.document is not None
    assert all_there_is(product) != before


def test_every_command_of_this_kind_is_here() -> None:
    assert {name for name in commands(app) if name.rpartition(" ")[2] in GRAVE} == set(CASES) | ELSEWHERE


def commands(group: App, path: str = "") -> Iterator[str]:
    """Yield every command there is, by the words that call it."""
    for name in group:
        if name.startswith("-"):
            continue
        below = group[name]
        words = f"{path} {name}".strip()
        subcommands = list(commands(below, words))
        yield from subcommands or [words]
