"""The feed, and the page of an event."""

from dataclasses import replace
from datetime import timedelta

import pytest

from whenflow.events import named_id
from whenflow.runs import StateType
from whenflow.testing import an_automation, an_event
from whenflow.testing.doubles import START

SIGNED_UP = ["user.signed-up"]


@pytest.fixture
def chain(world):
    """A signup that started a run."""
    deployment = world.deployed()
    run_it = {"type": "run-deployment", "deployment_id": deployment, "parameters": {"name": "{{ event.payload.name }}"}}
    world.automated(an_automation("welcome", actions=[run_it], expect=SIGNED_UP))
    event = an_event("user.signed-up", "user.1", payload={"name": "Marvin"})
    world.happens(event)
    (run,) = world.runs.newest(10)
    return event, run


def test_an_empty_feed_says_what_to_do_next(browser):
    seen = browser.get("/ui")

    assert seen.status == 200
    assert "Nothing has happened yet" in seen.text
    assert "whenflow event emit hello.said --resource-id me" in seen.text


def test_the_feed_shows_the_newest_first_each_with_its_page(world, browser):
    events = [an_event("order.placed", f"order.{n}", occurred=START + timedelta(seconds=n)) for n in range(3)]
    for event in events:
        world.events.put(event)
    world.clock.advance(12)

    body = browser.get("/ui").body

    places = [body.index(f'href="/ui/events/{event.id}"') for event in reversed(events)]
    assert places == sorted(places)
    assert ">12 s ago</time>" in body
    assert "12:00:02.000" in body


def test_the_feed_is_turned_page_by_page_and_nothing_is_missed(world, browser):
    ids = [world.events.put(an_event(occurred=START + timedelta(seconds=n))).id for n in range(120)]
    query: dict[str, str] = {}
    found: list[str] = []
    pages = 0

    while True:
        body = browser.get("/ui", query).body
        found += [id_ for id_ in reversed(ids) if f'data-key="{id_}"' in body]
        pages += 1
        if 'rel="next"' not in body:
            break
        query = {"cursor": body.split("/ui?cursor=")[1].split('"')[0]}

    assert found == list(reversed(ids))
    assert pages == 3


def test_only_the_first_page_refreshes_itself(world, browser):
    for n in range(60):
        world.events.put(an_event(occurred=START + timedelta(seconds=n)))
    first = browser.get("/ui").body

    older = browser.get("/ui", {"cursor": first.split("/ui?cursor=")[1].split('"')[0]}).body

    assert 'data-refresh="4"' in first and "<noscript>" in first
    assert "data-refresh" not in older
    assert '<a class="button" href="/ui">Newest</a>' in older


def test_after_the_last_page_there_is_nothing_older(world, browser):
    ids = [world.events.put(an_event(occurred=START + timedelta(seconds=n))).id for n in range(50)]

    assert "There is nothing older." in browser.get("/ui", {"cursor": ids[0]}).text


def test_a_cursor_that_is_none_is_a_page_that_says_so(browser):
    seen = browser.get("/ui", {"cursor": "made-up"})

    assert seen.status == 400
    assert "page token" in seen.text


def test_an_event_is_shown_with_all_its_parts(world, browser):
    event = an_event(
        "user.signed-up",
        {"prefect.resource.id": "user.1", "prefect.resource.name": "Marvin", "plan": "free"},
        related=[{"prefect.resource.id": "shop.7", "prefect.resource.role": "shop", "city": "Utrecht"}],
        payload={"nested": {"answer": 42}},
        follows=named_id("some-event"),
    )
    world.events.put(event)

    seen = browser.get(f"/ui/events/{event.id}")

    for text in (
        "Occurred 2026-11-20 12:00:00.000 UTC",
        "Received 12:00:00.000 +0 ms",
        "Marvin user.1",
        "plan free",
        "shop shop.7",
        "city Utrecht",
        '"answer": 42',
        event.id,
    ):
        assert text in seen.text
    assert f'href="/ui/events/{event.follows}"' in seen.body


def test_an_event_says_what_it_caused(world, browser, chain):
    event, run = chain

    seen = browser.get(f"/ui/events/{event.id}")

    assert f'href="/ui/firings/{run.firing_id}"' in seen.body
    assert f'href="/ui/runs/{run.id}"' in seen.body
    assert f"Firing of welcome +0 ms run-deployment executed → run {run.name} Pending +200 ms" in seen.text


def test_an_action_that_failed_says_why(world, browser):
    action = {"type": "run-deployment", "deployment_id": named_id("gone")}
    world.automated(an_automation("welcome", actions=[action], expect=SIGNED_UP))
    event = an_event("user.signed-up", "user.1")
    world.happens(event)

    seen = browser.get(f"/ui/events/{event.id}")

    assert "run-deployment failed" in seen.text
    assert "there is no deployment" in seen.text


def test_an_action_of_which_nothing_is_known_yet_says_so(world, browser, chain):
    event, run = chain
    world.events.stored = {event.id: event}

    assert "run-deployment started → run" in browser.get(f"/ui/events/{event.id}").text


def test_an_event_that_caused_nothing_says_so(world, browser, chain):
    world.happens(other := an_event("user.signed-off", "user.1"))

    assert "No automation fired on it." in browser.get(f"/ui/events/{other.id}").text


def test_an_automation_that_cannot_be_read_spoils_no_page(world, browser, chain):
    event, _ = chain
    odd = {"id": named_id("odd"), "name": "odd", "trigger": {"type": "of-tomorrow"}, "actions": []}
    world.config.create("automation", odd["id"], odd)

    assert browser.get(f"/ui/events/{event.id}").status == 200
    assert "of-tomorrow" in browser.get("/ui/automations").text


def test_a_state_of_a_run_links_to_the_run(world, browser, chain):
    _, run = chain
    (scheduled,) = world.events.named("prefect.flow-run.Scheduled")

    body = browser.get(f"/ui/events/{scheduled.id}").body

    assert f'<dt>Flow run</dt><dd><a href="/ui/runs/{run.id}">{run.name}</a>' in body
    assert f'href="/ui/deployments/{run.deployment_id}"' in body
    assert f'href="/ui/automations/{run.created_by["id"]}"' in body
    assert 'class="dot scheduled"' in body


def test_an_event_emitted_in_a_run_links_to_the_run(world, browser, chain):
    _, run = chain
    labels = {"prefect.resource.id": run.resource_id, "prefect.resource.role": "flow-run"}
    world.events.put(event := an_event("custom.done", related=[labels]))

    assert f'<dt>Flow run</dt><dd><a href="/ui/runs/{run.id}">' in browser.get(f"/ui/events/{event.id}").body


def test_the_feed_tells_in_which_run_something_happened(world, browser, chain):
    _, run = chain
    inside = {"prefect.resource.id": run.resource_id, "prefect.resource.role": "flow-run"}
    task = {"prefect.resource.id": f"prefect.task-run.{world.ids.new()}", "prefect.resource.name": "load"}
    world.events.put(an_event("prefect.task-run.Running", task, related=[inside | {"prefect.resource.name": run.name}]))
    world.events.put(an_event("custom.done", "file.1", related=[inside]))

    text = browser.get("/ui").text

    assert f"task run load in {run.name}" in text
    assert f"file.1 in {run.id}" in text
    assert f"automation welcome in {run.name}" not in text


def test_an_event_about_an_action_links_to_firing_and_causes(world, browser, chain):
    event, run = chain
    (executed,) = world.events.named("prefect.automation.action.executed")

    body = browser.get(f"/ui/events/{executed.id}").body

    assert f'href="/ui/firings/{run.firing_id}"' in body
    assert f'href="/ui/events/{event.id}"' in body
    assert f'href="/ui/runs/{run.id}"' in body


@pytest.mark.parametrize("invocation", ["no-uuid", 7, None, ["x"]])
def test_what_only_looks_like_an_event_about_an_action_links_to_no_firing(world, browser, invocation):
    event = an_event("prefect.automation.action.executed", payload={"invocation": invocation})
    world.events.put(event)

    seen = browser.get(f"/ui/events/{event.id}")

    assert seen.status == 200
    assert "/ui/firings/" not in seen.body


def test_links_are_made_of_ids_of_ours_only(world, browser):
    links = ["https://evil.example/", "javascript:alert(1)", "prefect.flow-run.../../x", "prefect.flow-run.no-uuid"]
    related = [{"prefect.resource.id": link, "prefect.resource.role": "link"} for link in links]
    world.events.put(event := an_event("x", links[0], related=related, payload={"url": links[0]}))

    body = browser.get(f"/ui/events/{event.id}").body

    targets = set(body.split('href="')[1:])
    assert {target.split('"')[0].split("?")[0] for target in targets} == {
        "#content", "/ui", "/ui/runs", "/ui/automations", "/ui/webhooks", "/ui/deployments",
        "/ui/static/icon.svg", "/ui/static/style.css",
    }  # fmt: skip


def test_an_event_without_a_name_can_be_opened_all_the_same(world, browser):
    world.events.put(event := an_event(""))

    assert f'href="/ui/events/{event.id}">(no name)</a>' in browser.get("/ui").body


def test_a_huge_event_makes_a_page_that_a_function_may_answer(world, browser):
    labels = {f"label-{n}": '"' * 900 for n in range(400)}
    related = [{"prefect.resource.id": f"r.{n}", "prefect.resource.role": "x", **labels} for n in range(4)]
    event = an_event("x" * 1024, {"prefect.resource.id": '"' * 100_000, **labels}, related=related)
    world.events.put(event)
    world.events.put(wide := an_event("wide", payload={"text": '"' * 1_400_000}))

    pages = [browser.get(path) for path in (f"/ui/events/{event.id}", f"/ui/events/{wide.id}", "/ui")]

    assert [page.status for page in pages] == [200, 200, 200]
    assert all(len(page.body) < 5_000_000 for page in pages)
    assert "more labels not shown" in pages[0].text
    assert "more characters not shown" in pages[1].text


def test_a_state_that_there_is_not_gets_no_colour(world, browser):
    labels = {"prefect.resource.id": "x", "prefect.state-type": "name new"}
    world.events.put(event := an_event("x", labels))

    assert "<h1>x</h1>" in browser.get(f"/ui/events/{event.id}").body


def test_times_to_come_are_told_as_such(world, browser):
    world.events.put(an_event(occurred=START + timedelta(minutes=5)))
    world.events.put(an_event(occurred=START - timedelta(days=2)))

    text = browser.get("/ui").text

    assert "in 5 min" in text
    assert "2026-11-18 12:00" in text


def test_what_an_automation_tells_came_from_no_run(world, browser, chain):
    _, run = chain
    (executed,) = world.events.named("prefect.automation.action.executed")
    only_that = {"prefect.resource.id": executed.resource_id}  # or it would watch itself, for ever
    world.automated(an_automation("watcher", expect=["prefect.automation.action.executed"], match=only_that))
    world.happens(replace(executed, id=world.ids.new()))
    (firing,) = [one for one in world.firings.stored.values() if one.automation_name == "watcher"]

    assert "another flow run" not in browser.get(f"/ui/firings/{firing.id}").text


def test_a_run_that_is_chained_to_another_tells_of_it(world, browser, chain):
    event, run = chain
    after = {"type": "run-deployment", "deployment_id": run.deployment_id, "parameters": {"name": "next"}}
    match = {"prefect.resource.id": run.resource_id}
    world.automated(an_automation("then", actions=[after], expect=["prefect.flow-run.Completed"], match=match))
    world.moved(run, StateType.RUNNING, StateType.COMPLETED)
    (second,) = [one for one in world.runs.newest(9) if one.id != run.id]

    body = browser.get(f"/ui/runs/{second.id}").body

    assert f'<a href="/ui/runs/{run.id}">another flow run</a>' in body
