"""The list of runs, the page of a run, and the page of a firing."""

from datetime import timedelta

import pytest

from whenflow.ports import LogLine
from whenflow.runs import FlowRun, StateType
from whenflow.testing import an_automation, an_event
from whenflow.testing.doubles import START


def run_of(world, n=0, **fields):
    """Store a run that nobody's firing made."""
    id_ = world.ids.new()
    given = {
        "id": id_,
        "name": f"run-{n}",
        "flow_id": id_,
        "flow_name": "flow",
        "deployment_id": None,
        "deployment_name": None,
        "work_pool_name": None,
        "parameters": {},
        "tags": (),
        "created": START + timedelta(seconds=n),
        "states": (world.ledger.new_state(id_, StateType.SCHEDULED),),
    }
    return world.ledger.create(FlowRun(**(given | fields)))


@pytest.fixture
def signup(world):
    """A signup's run, pending."""
    deployment = world.deployed(tags=["onboarding"], parameters={"language": "en"})
    action = {"type": "run-deployment", "deployment_id": deployment, "parameters": {"name": "{{ event.payload.name }}"}}
    world.automated(an_automation("welcome", actions=[action, {"type": "do-nothing"}], expect=["user.signed-up"]))
    world.happens(an_event("user.signed-up", "user.1", payload={"name": "Marvin"}))
    (run,) = world.runs.newest(10)
    return run


def test_without_automations_the_empty_list_says_how_to_make_one(browser):
    text = browser.get("/ui/runs").text

    assert "No flow has run yet" in text
    assert "whenflow automation create --from-file automation.yaml" in text


@pytest.mark.parametrize(
    ("expected", "said"), [(["user.*", "user.signed-up"], "user.signed-up"), (["*"], "hello.said")]
)
def test_with_automations_the_empty_list_says_which_event_to_send(world, browser, expected, said):
    world.automated(an_automation(expect=expected))

    assert f"whenflow event emit {said} --resource-id me" in browser.get("/ui/runs").text


def test_the_list_shows_name_state_duration_and_maker(world, browser, signup):
    world.moved(signup, StateType.RUNNING)
    world.clock.advance(3)

    seen = browser.get("/ui/runs")

    assert f"{signup.name} new_user_flow/main Running 3.0 s 3 s ago welcome" in seen.text
    assert '<span class="state running">Running</span>' in seen.body
    assert f'href="/ui/automations/{signup.created_by["id"]}"' in seen.body


def test_the_list_is_short_at_first_and_longer_if_asked(world, browser):
    for n in range(160):
        run_of(world, n)

    few, many = browser.get("/ui/runs").body, browser.get("/ui/runs", {"more": "1"}).body

    assert (few.count("data-key"), many.count("data-key")) == (30, 150)
    assert few.index("run-159") < few.index("run-158")
    assert 'href="/ui/runs?more=1"' in few and "data-refresh" in few
    assert "data-refresh" not in many
    assert "whenflow flow-run ls --limit 1000" in many


def test_a_run_tells_how_it_came_to_it(world, browser, signup):
    seen = browser.get(f"/ui/runs/{signup.id}")

    assert f"Event user.signed-up on user.1 Firing welcome +0 ms Run {signup.name} +200 ms Pending" in seen.text
    assert f'href="/ui/events/{signup.event_id}"' in seen.body
    assert f'href="/ui/firings/{signup.firing_id}"' in seen.body
    assert f'<span class="name" aria-current="page">{signup.name}</span>' in seen.body


def test_a_run_shows_its_states_with_times_and_their_events(world, browser, signup):
    run = world.moved(signup, StateType.RUNNING, StateType.FAILED, message="ValueError: no")

    seen = browser.get(f"/ui/runs/{run.id}")

    assert "12:00:00.200 Scheduled 12:00:00.200 Pending +0 ms 12:00:00.700 Running +500 ms" in seen.text
    assert "12:00:01.200 Failed +500 ms ValueError: no" in seen.text
    assert '<p class="verdict failed">ValueError: no</p>' in seen.body
    assert all(f'href="/ui/events/{state.id}"' in seen.body for state in run.states)


def test_a_run_shows_parameters_tags_maker_and_target(world, browser, signup):
    text = browser.get(f"/ui/runs/{signup.id}").text

    for part in ('"name": "Marvin"', '"language": "en"', "onboarding", "automation welcome", "Runs on lambda"):
        assert part in text


def test_a_run_shows_what_it_logged_as_it_was(world, browser, signup):
    lines = [
        LogLine(START, 20, "x", "Sending onboarding campaign to Marvin!"),
        LogLine(START, 30, "x", "slow"),
        LogLine(START, 40, "x", "Traceback\n  File 'x'\nValueError"),
        LogLine(START, 25, "x", "odd level"),
    ]
    world.runs.add_logs(signup.id, lines)

    body = browser.get(f"/ui/runs/{signup.id}").body

    assert '<span class="level">info</span> <span class="message">Sending onboarding campaign to Marvin!' in body
    assert '<li class="pending">' in body and '<li class="failed">' in body
    assert "Traceback\n  File &#39;x&#39;\nValueError</span>" in body
    assert "level 25" in body


def test_of_a_long_log_the_end_is_shown(world, browser, signup):
    world.runs.add_logs(signup.id, [LogLine(START, 20, "x", f"line {n} " + '"' * 9_000) for n in range(5_000)])

    seen = browser.get(f"/ui/runs/{signup.id}")

    assert "line 4999 " in seen.body and "line 0 " not in seen.body
    assert "earlier lines not shown" in seen.text
    assert len(seen.body) < 5_000_000


def test_a_run_is_kept_fresh_until_it_has_ended(world, browser, signup):
    assert 'data-refresh="2"' in browser.get(f"/ui/runs/{signup.id}").body

    world.moved(signup, StateType.RUNNING, StateType.COMPLETED)

    assert "data-refresh" not in browser.get(f"/ui/runs/{signup.id}").body


def test_a_run_that_nothing_caused_says_so(world, browser):
    text = browser.get(f"/ui/runs/{run_of(world).id}").text

    assert "no event caused it" in text
    assert "Created by nobody on record" in text
    assert "Duration not started" in text


def test_a_run_whose_firing_is_gone_still_names_the_event(world, browser, signup):
    world.firings.stored.clear()

    seen = browser.get(f"/ui/runs/{signup.id}")

    assert "no longer stored" in seen.text
    assert f'href="/ui/events/{signup.event_id}">this event</a>' in seen.body


@pytest.mark.parametrize(("kind", "href"), [("DEPLOYMENT", "/ui/deployments/"), ("USER", ""), ("", "")])
def test_whoever_made_a_run_is_named_and_linked_if_there_is_a_page(world, browser, kind, href):
    maker = {"id": world.ids.new(), "type": kind, "display_value": "somebody"}
    run = run_of(world, created_by=maker)

    body = browser.get(f"/ui/runs/{run.id}").body

    assert "somebody" in body
    assert (f'href="{href}{maker["id"]}"' in body) == bool(href)


@pytest.mark.parametrize("state", list(StateType))
def test_every_state_has_a_name_and_a_colour_of_its_own(world, browser, state):
    from whenflow.ui.rendering import HERE

    id_ = world.ids.new()
    run = run_of(world, id=id_, states=(world.ledger.new_state(id_, state),))

    assert f'<span class="state {state.lower()}">{state.title()}</span>' in browser.get(f"/ui/runs/{run.id}").body
    assert f".{state.lower()}" in (HERE / "static" / "style.css").read_text()


def test_a_firing_says_why_it_fired_and_what_it_did(world, browser, signup):
    seen = browser.get(f"/ui/firings/{signup.firing_id}")

    assert "Event user.signed-up on user.1 Firing welcome +0 ms" in seen.text
    assert f"run-deployment executed → run {signup.name} Pending +200 ms do-nothing executed" in seen.text
    assert "{{ event.payload.name }}" in seen.text
    assert f'href="/ui/automations/{signup.created_by["id"]}"' in seen.body


def test_a_firing_shows_the_key_it_fired_for(world, browser):
    world.automated(an_automation("each", for_each=["prefect.resource.id", "region"]))
    world.happens(an_event("order.placed", "order.7"))
    (firing_id,) = world.firings.stored

    text = browser.get(f"/ui/firings/{firing_id}").text

    assert "For each prefect.resource.id order.7" in text
    assert "For each region (none)" in text
