"""A hundred thousand flow runs of a week: what the questions of an engineer on call read of them, counted."""

from datetime import timedelta

import pytest
from tests.counting import metered
from tests.stores import RETENTION_DAYS, SHARDS
from tests.stories import NOBODY, NOON

from whenflow.api.filters import query_of
from whenflow.api.run_lists import SORTS, count_runs, find_runs
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.run_digests import HOUR
from whenflow.aws.run_store import DynamoRunStore
from whenflow.runs import FlowRun, State, StateType
from whenflow.runs.summaries import summary_of
from whenflow.testing import ManualClock, SequentialIds

RUNS = 100_000
HOURS = 7 * 24
DEPLOYMENTS = 10
FAILS_ONE_IN = 500
EXPIRES = int((NOON + timedelta(days=90)).timestamp())

pytestmark = pytest.mark.slow


def deployment(number: int) -> str:
    return f"0190163d-8694-7000-8000-{number:012}"


def a_run(number: int, ids: SequentialIds) -> FlowRun:
    created = NOON - timedelta(seconds=(number + 1) * HOURS * 3_600 / RUNS)
    type_ = StateType.FAILED if number % FAILS_ONE_IN == 0 else StateType.COMPLETED
    states = tuple(
        State(ids.new(), one, one.title(), created + timedelta(seconds=seconds))
        for seconds, one in enumerate((StateType.SCHEDULED, StateType.RUNNING, type_))
    )
    return FlowRun(
        id=ids.new(),
        name=f"quick-fox-{number}",
        flow_id=NOBODY,
        flow_name="ship",
        deployment_id=deployment(number % DEPLOYMENTS),
        deployment_name=f"ship-{number % DEPLOYMENTS}",
        work_pool_name="lambda",
        parameters={},
        tags=("tea",),
        created=created,
        states=states,
        start_time=states[1].timestamp,
        end_time=states[2].timestamp,
    )


@pytest.fixture(scope="module")
def week(simulated_aws):
    """A week of closed hours of runs, the clients, and what was written."""
    import boto3
    import requests
    from tests.tables import create_tables

    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5).raise_for_status()
    client, observer, clock = boto3.client("dynamodb"), boto3.client("dynamodb"), ManualClock(NOON + 2 * HOUR)
    create_tables(client)
    events = DynamoEventStore(client, "EventsTable", "StateTable", SHARDS, RETENTION_DAYS, clock)
    store, ids = DynamoRunStore(client, "RunsTable", events, clock), SequentialIds()
    hours: dict[str, list[FlowRun]] = {}
    for number in range(RUNS):
        run = a_run(number, ids)
        hours.setdefault(run.created.strftime("%Y-%m-%dT%H"), []).append(run)
    with metered(client, observer) as meter:
        for name, runs in hours.items():
            held = [(run, summary_of(run)) for run in runs]
            assert store.digests.close(store.digests.hour(name), held, EXPIRES, EXPIRES)
        store.digests.move_mark(store.digests.last_to_close())
    return store, client, observer, meter.written


def asked(**parts):
    return query_of(parts, SORTS)


def failed(of: int | None = None, **more):
    filters = {"state": {"type": {"any_": ["FAILED"]}}, **more}
    return asked(flow_runs=filters | ({} if of is None else {"deployment_id": {"any_": [deployment(of)]}}))


def test_closing_writes_little_for_each_run(week):
    assert week[3] / RUNS <= 0.03


def test_the_failed_runs_of_one_deployment_last_week_are_counted_exactly(week):
    store, client, observer, _ = week
    since = (NOON - 7 * 24 * HOUR).isoformat()

    with metered(client, observer) as meter:
        total = count_runs(store, failed(0, expected_start_time={"after_": since}))

    assert (total, total.extent.stopped) == (RUNS // FAILS_ONE_IN, False)
    assert meter.read <= 20


def test_a_list_of_them_reads_the_hours_of_that_deployment_only(week):
    store, client, observer, _ = week

    with metered(client, observer) as meter:
        list(store.listed(look_of(failed(0))))

    assert meter.read <= 110


def test_what_no_run_is_like_is_found_out_from_the_overviews(week):
    store, client, observer, _ = week
    crashed = asked(flow_runs={"state": {"type": {"any_": ["CRASHED"]}}})

    with metered(client, observer) as meter:
        page, total = find_runs(store, crashed, 200, 0), count_runs(store, failed(3))

    assert (list(page), total) == ([], 0)
    assert not page.extent.stopped
    assert meter.read <= 35


def test_a_count_of_all_that_began_within_some_hours_reads_only_the_hours_at_the_ends(week):
    store, client, observer, _ = week
    times = {"after_": (NOON - 100.5 * HOUR).isoformat(), "before_": (NOON - 50.5 * HOUR).isoformat()}

    with metered(client, observer) as meter:
        total = count_runs(store, asked(flow_runs={"start_time": times}))

    assert abs(total - RUNS * 50 / HOURS) < 10
    assert meter.read <= 30


def look_of(query):
    from whenflow.api.run_facts import taken
    from whenflow.runs.summaries import Look

    return Look(taken(query, counting=False))
