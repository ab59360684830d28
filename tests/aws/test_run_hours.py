"""Closed hours of flow runs: lists and counts go through them, and never tell what is no longer true."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.counting import metered
from tests.outages import failing, unreachable
from tests.stories import NOBODY, NOON
from tests.tables import ttl_attribute

from whenflow.api.filters import Query, query_of
from whenflow.api.run_lists import SORTS, count_runs, find_runs
from whenflow.aws import run_digests
from whenflow.aws.run_keeper import RunKeeper
from whenflow.errors import Transient
from whenflow.runs import FlowRun, State, StateType
from whenflow.runs.events import state_event
from whenflow.runs.summaries import Look, Overview, Stopped, Take, overview_of, summary_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHIP, BILL = "0190163d-8694-7000-8000-00000000aaaa", "0190163d-8694-7000-8000-00000000bbbb"


@pytest.fixture
def keeper(stores, clock):
    return RunKeeper(stores.runs, clock)


@pytest.fixture
def made(stores, clock, ids):
    """Makes a run that ends a second later, in a state or in none."""

    def make(end: StateType | None = StateType.COMPLETED, deployment: str = SHIP, **changes) -> FlowRun:
        now, id_ = clock.now(), ids.new()
        run = FlowRun(
            id=id_,
            name=f"run-{id_[-4:]}",
            flow_id=NOBODY,
            flow_name="ship",
            deployment_id=deployment,
            deployment_name="ship" if deployment == SHIP else "bill",
            work_pool_name="lambda",
            parameters={"n": 1},
            tags=("tea",),
            created=now,
            states=(state_of(ids, id_, StateType.SCHEDULED, now),),
            **changes,
        )
        assert stores.runs.create(run, state_event(run))
        run = stores.runs.get(id_)
        return run if end is None else ended(stores, clock, ids, run, end)

    return make


def state_of(ids, run_id, type_, now) -> State:
    return State(ids.event_id(now, f"prefect.flow-run.{run_id}"), type_, type_.title(), now)


def ended(stores, clock, ids, run: FlowRun, type_: StateType) -> FlowRun:
    """Put a run into a state, a second later."""
    now = clock.advance(1)
    state = state_of(ids, run.id, type_, now)
    over = type_.is_final
    run = replace(run, states=(*run.states, state), start_time=now, end_time=now if over else None, watch=None)
    stores.runs.save(run, state_event(run))
    return replace(run, version=run.version + 1)


def asked(**parts) -> Query:
    return query_of(parts, SORTS)


def failed_of(deployment: str) -> Query:
    return asked(flow_runs={"state": {"type": {"any_": ["FAILED"]}}, "deployment_id": {"any_": [deployment]}})


def found(stores, query, limit=200, offset=0) -> list[str]:
    return [run.id for run in find_runs(stores.runs, query, limit, offset)]


def closed_hours(stores):
    return [hour for hour in stores.runs.digests.hours("0", "~") if hour.is_closed]


def test_an_hour_is_closed_ten_minutes_after_it_is_over(stores, keeper, clock, made):
    made()
    clock.advance(3_600 + 590)
    keeper.close_hours(60)
    assert closed_hours(stores) == []

    clock.advance(20)

    assert keeper.close_hours(60).closed == 1
    assert [hour.name for hour in closed_hours(stores)] == ["2026-11-20T12"]
    assert keeper.close_hours(60).closed == 0


def test_a_list_finds_the_same_runs_before_an_hour_is_closed_and_afterwards(stores, keeper, clock, made):
    for number in range(30):
        made((StateType.FAILED, StateType.COMPLETED, None)[number % 3], (SHIP, BILL)[number % 2])
    queries = [
        failed_of(SHIP),
        asked(),
        asked(deployments={"name": {"any_": ["bill"]}}),
        asked(flow_runs={"state": {"name": {"any_": ["Failed", "Scheduled"]}}}),
        asked(flow_runs={"tags": {"all_": ["tea"]}, "name": {"like_": "RUN-"}}),
        asked(
            flow_runs={"operator": "or_", "deployment_id": {"any_": [BILL]}, "state": {"type": {"any_": ["FAILED"]}}}
        ),
        asked(flow_runs={"end_time": {"after_": "2026-11-20T12:00:15Z"}}),
        asked(flow_runs={"end_time": {"is_null_": True}}),
        asked(flows={"name": {"any_": ["other"]}}),
        asked(sort="NAME_ASC"),
        asked(sort="END_TIME_DESC", deployments={"id": {"any_": [SHIP]}}),
    ]
    before = [(found(stores, query), count_runs(stores.runs, query)) for query in queries]
    clock.advance(5_000)
    keeper.close_hours(60)
    assert len(closed_hours(stores)) == 1

    after = [(found(stores, query), count_runs(stores.runs, query)) for query in queries]

    assert after == before
    assert {len(ids) for ids, _ in before} >= {0, 5, 15, 20, 30}


def test_a_run_that_had_not_ended_is_shown_as_it_is_now(stores, keeper, clock, ids, made):
    run = made(None)
    clock.advance(5_000)
    keeper.close_hours(60)

    ended(stores, clock, ids, run, StateType.FAILED)

    assert found(stores, failed_of(SHIP)) == [run.id]
    assert count_runs(stores.runs, failed_of(SHIP)) == 1


def test_the_end_of_a_run_costs_nothing_more_when_its_hour_is_closed(
    stores, keeper, clock, ids, made, dynamodb, observer
):
    early, late = made(None), made(None)
    with metered(dynamodb, observer) as at_once:
        ended(stores, clock, ids, early, StateType.COMPLETED)
    clock.advance(5_000)
    keeper.close_hours(60)
    made()  # the first of this hour

    with metered(dynamodb, observer) as later:
        ended(stores, clock, ids, late, StateType.COMPLETED)

    assert later.written == at_once.written


def test_an_ended_run_that_is_changed_is_told_of_as_it_is_at_once(stores, keeper, clock, ids, made):
    run = made(StateType.FAILED)
    clock.advance(5_000)
    keeper.close_hours(60)

    ended(stores, clock, ids, run, StateType.COMPLETED)

    assert found(stores, failed_of(SHIP)) == []
    assert count_runs(stores.runs, asked(flow_runs={"state": {"type": {"any_": ["COMPLETED"]}}})) == 1
    clock.advance(10_000)
    assert keeper.close_hours(60).closed == 1
    assert found(stores, failed_of(SHIP)) == []
    assert len(closed_hours(stores)) == 1


def test_an_ended_run_that_gets_another_name_is_found_by_it(stores, keeper, clock, made):
    run = made()
    clock.advance(5_000)
    keeper.close_hours(60)

    stores.runs.save(replace(run, name="renamed"), None)

    assert found(stores, asked(flow_runs={"name": {"any_": ["renamed"]}})) == [run.id]


def test_a_run_that_was_deleted_is_neither_listed_nor_counted(stores, keeper, clock, made):
    run, waiting, other = made(), made(None), made()
    clock.advance(5_000)
    keeper.close_hours(60)

    stores.runs.delete(run)
    stores.runs.delete(waiting)

    assert found(stores, asked(flows={"name": {"any_": ["ship"]}})) == [other.id]
    assert count_runs(stores.runs, asked()) == 1


def test_a_change_while_an_hour_is_being_closed_leaves_it_open(stores, keeper, clock, ids, made, monkeypatch):
    run = made(StateType.FAILED)
    clock.advance(5_000)
    read = stores.runs.made_between

    def and_then(start, end):
        held = read(start, end)
        ended(stores, clock, ids, run, StateType.COMPLETED)
        return held

    monkeypatch.setattr(stores.runs, "made_between", and_then)
    keeper.close_hours(60)

    assert closed_hours(stores) == []
    assert found(stores, failed_of(SHIP)) == []


def test_two_who_close_an_hour_at_once_do_not_mix_what_they_read(stores, keeper, clock, ids, made, monkeypatch):
    run, _ = made(None), made(StateType.FAILED)
    clock.advance(5_000)
    read = stores.runs.made_between

    def and_another(start, end):
        held = read(start, end)
        monkeypatch.setattr(stores.runs, "made_between", read)
        ended(stores, clock, ids, run, StateType.FAILED)
        RunKeeper(stores.runs, clock).close_hours(60)
        return held

    monkeypatch.setattr(stores.runs, "made_between", and_another)
    keeper.close_hours(60)

    assert len(found(stores, failed_of(SHIP))) == count_runs(stores.runs, failed_of(SHIP)) == 2


def test_a_run_that_is_stored_long_after_it_was_made_is_listed(stores, keeper, clock, ids, made):
    made()
    clock.advance(5_000)
    keeper.close_hours(60)

    late = replace(stores.runs.newest(1)[0], id=ids.new(), version=0)
    late = replace(late, states=(state_of(ids, late.id, StateType.COMPLETED, clock.now()),))
    stores.runs.create(late, state_event(late))

    assert late.id in found(stores, asked(flows={"name": {"any_": ["ship"]}}))


def test_an_hour_that_cannot_be_closed_is_read_as_it_is_and_closed_later(stores, keeper, clock, made, dynamodb):
    run = made(StateType.FAILED)
    clock.advance(5_000)
    with failing(dynamodb, "PutItem", unreachable(), when=lambda call: "#" in call["Item"]["sk"]["S"]):
        assert keeper.close_hours(60).failed == 1

    assert found(stores, failed_of(SHIP)) == [run.id]
    clock.advance(8_000)
    assert keeper.close_hours(60).closed == 1
    assert found(stores, failed_of(SHIP)) == [run.id]


def test_closing_stops_when_its_time_is_over_and_goes_on_later(stores, keeper, clock, made):
    for _ in range(3):
        made()
        clock.advance(3_600)
    clock.advance(3_600)

    assert keeper.close_hours(0).is_finished is False
    assert found(stores, failed_of(SHIP)) == []
    assert keeper.close_hours(60).closed == 3


def test_an_hour_is_looked_at_again_until_its_runs_have_ended(stores, keeper, clock, ids, made):
    run = made(None)
    clock.advance(5_000)
    keeper.close_hours(60)
    (hour,) = closed_hours(stores)
    assert hour.open_runs == 1

    clock.advance(4 * 3_600)
    assert keeper.close_hours(60).closed == 0
    ended(stores, clock, ids, run, StateType.FAILED)
    clock.advance(10 * 3_600)
    keeper.close_hours(60)

    (hour,) = closed_hours(stores)
    assert hour.open_runs == 0
    assert found(stores, failed_of(SHIP)) == [run.id]


def test_a_run_whose_time_is_over_is_not_listed_before_the_table_removes_it(stores, keeper, clock, made):
    run = made()
    clock.advance(5_000)
    keeper.close_hours(60)

    clock.advance(100 * 86_400)

    assert stores.runs.get(run.id) is None
    assert stores.runs.newest(5) == []
    assert found(stores, asked(deployments={"id": {"any_": [SHIP]}})) == []
    assert count_runs(stores.runs, asked()) == 0


def test_a_digest_outlives_the_runs_that_it_tells_of(stores, keeper, clock, made, dynamodb):
    made(None, watch=NOON + 30 * DAY)
    made()
    clock.advance(5_000)
    keeper.close_hours(60)

    runs = [int(item[ttl_attribute("RunsTable")]["N"]) for item in dynamodb.scan(TableName="RunsTable")["Items"]]
    digests = [
        int(item[ttl_attribute("StateTable")]["N"])
        for item in dynamodb.scan(TableName="StateTable")["Items"]
        if item["pk"]["S"].startswith(("run-hours", "run-digest")) and "expires" in item
    ]
    assert len(digests) == 3
    assert min(digests) > max(runs)


def test_a_digest_of_which_a_part_is_missing_is_no_shorter_list(stores, keeper, clock, made, dynamodb):
    made(StateType.FAILED)
    clock.advance(5_000)
    keeper.close_hours(60)
    for item in dynamodb.scan(TableName="StateTable")["Items"]:
        if item["pk"]["S"].startswith("run-digest"):
            dynamodb.delete_item(TableName="StateTable", Key={"pk": item["pk"], "sk": item["sk"]})

    with pytest.raises(Transient):
        found(stores, failed_of(SHIP))


def test_pages_of_a_closed_hour_follow_each_other_whatever_is_made_meanwhile(stores, keeper, clock, made, monkeypatch):
    monkeypatch.setattr(run_digests, "ROWS_PER_PART", 3)
    runs = [made(StateType.FAILED, (SHIP, BILL)[number % 2]) for number in range(20)]
    clock.advance(5_000)
    keeper.close_hours(60)
    query, shown, after = asked(flow_runs={"state": {"type": {"any_": ["FAILED"]}}}), [], None
    while True:
        page = find_runs(stores.runs, query, 7, 0, after)
        shown += [run.id for run in page]
        after = page.extent.next
        if after is None:
            break
        made(StateType.FAILED)

    assert shown == [run.id for run in runs[::-1]]


def test_a_look_that_meets_its_bound_says_so_and_until_when_it_came(stores, keeper, clock, made):
    runs = []
    for _ in range(150):
        runs.append(made(None))
    clock.advance(5_000)
    keeper.close_hours(60)

    *seen, last = stores.runs.listed(Look(lambda _overview: Take.EACH, reads=100))

    assert [one.id for one in seen] == [run.id for run in runs[:-101:-1]]
    assert last == Stopped(runs[50].created)


def test_a_look_through_digests_meets_its_bound_as_well(stores, keeper, clock, made):
    runs = []
    for _ in range(3):
        runs.append(made())
        clock.advance(60)
    clock.advance(5_000)
    keeper.close_hours(60)

    first, second, last = stores.runs.listed(Look(lambda _overview: Take.EACH, rows=2))

    assert [first.id, second.id] == [runs[2].id, runs[1].id]
    assert last == Stopped(runs[1].created)


def test_runs_of_a_parent_are_found_without_looking_at_older_hours(stores, keeper, clock, made, dynamodb, observer):
    for _ in range(30):
        made()
        clock.advance(3_600)
    parent = made()
    child = made(labels={"whenflow.parent-flow-run-id": parent.id})
    clock.advance(8_000)
    keeper.close_hours(60)

    with metered(dynamodb, observer) as meter:
        ids = found(stores, asked(flow_runs={"parent_flow_run_id": {"any_": [parent.id]}}))

    assert ids == [child.id]
    assert meter.read <= 8


def test_what_is_kept_of_a_run_is_what_was_there(made, clock):
    run = summary_of(made(StateType.FAILED, idempotency_key="k"))

    assert type(run).from_stored(run.as_stored(), run.kind) == run
    overview = overview_of([run])
    assert Overview.from_stored(overview.as_stored()) == overview
