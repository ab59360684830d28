"""Whatever is in a field comes out as text."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from whenflow.automations import automation_from_stored
from whenflow.errors import Rejected
from whenflow.ports import LogLine
from whenflow.runs import FlowRun, State, StateType
from whenflow.testing import an_automation, an_event
from whenflow.testing.doubles import START

XSS = '"><img src=x onerror=alert(1)>'
LAYOUT = "html head meta title link script body a header div main nav section h1 h2 p img noscript"
CONTENT = "ul ol li form button span time table caption thead tbody tr th td dl dt dd pre code"
TAGS = frozenset(f"{LAYOUT} {CONTENT}".split())


class Elements(HTMLParser):
    """Collects the elements of a page, and their attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def check(seen):
    """Fail where a page has an element or an attribute that none of our templates made."""
    parser = Elements()
    parser.feed(seen.body)
    assert seen.status == 200
    assert XSS not in seen.body
    assert "<img src=x" not in seen.body
    assert {tag for tag, _ in parser.found} <= TAGS
    for tag, attributes in parser.found:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        assert tag != "img" or attributes["src"].startswith("/ui/static/icon.svg?v=")
        assert tag != "a" or attributes["href"] == "" or attributes["href"][0] in "/#"


def labels(**more):
    names = ("prefect.resource.id", "prefect.resource.name", "prefect.resource.role", "prefect.state-type", XSS)
    return {name: XSS for name in names} | more


@pytest.fixture
def hostile(world):
    """A world in which every field that somebody may write holds markup."""
    deployment = world.deployed(
        XSS,
        XSS,
        description=XSS,
        parameters={XSS: XSS},
        tags=[XSS],
        work_pool_name=XSS,
        job_variables={"function_arn": XSS, XSS: XSS},
        created=XSS,
    )
    world.hooked(XSS, description=XSS, template=XSS, delivery_id=XSS, created=XSS, updated=XSS)
    run_it = {"type": "run-deployment", "deployment_id": deployment, "parameters": {XSS: XSS}}
    automation = an_automation(
        XSS, actions=[run_it, {"type": "do-nothing"}], expect=[XSS], for_each=["prefect.resource.id", XSS]
    )
    document = automation.as_document() | {"description": XSS, "tags": [XSS]}
    world.automated(automation_from_stored(document))
    for error in ([], [Rejected(XSS)]):
        world.launcher.errors = error
        related, payload = [labels(), labels()], {XSS: [XSS, {XSS: XSS}]}
        world.happens(an_event(XSS, labels(), id=world.ids.new(), related=related, payload=payload))
    for run in world.runs.newest(9):
        world.runs.add_logs(run.id, [LogLine(START, 20, XSS, XSS)])
        world.moved(run, StateType.RUNNING, StateType.FAILED, message=XSS)
    return world


def hostile_run(world):
    """Store a run that an adapter may have made of anything."""
    id_ = world.ids.new()
    states = [State(XSS, kind, XSS, START + timedelta(seconds=n), XSS) for n, kind in enumerate(StateType)]
    run = FlowRun(
        id=id_,
        name=XSS,
        flow_id=XSS,
        flow_name=XSS,
        deployment_id=XSS,
        deployment_name=XSS,
        work_pool_name=XSS,
        parameters={XSS: XSS},
        tags=(XSS,),
        created=START,
        states=(*states, State(XSS, StateType.FAILED, XSS, START, XSS)),
        created_by={"id": XSS, "type": XSS, "display_value": XSS},
        firing_id=XSS,
        event_id=XSS,
        idempotency_key=XSS,
        launch=XSS,
        run_count=2,
        job_variables={XSS: XSS},
    )
    world.runs.create(run, an_event(id=world.ids.new()))
    return run


@pytest.mark.parametrize("path", ["/ui", "/ui/runs", "/ui/automations", "/ui/webhooks", "/ui/deployments"])
def test_no_list_lets_markup_through(hostile, browser, path):
    hostile_run(hostile)
    seen = browser.get(path)

    check(seen)
    assert "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;" in seen.body


def test_no_event_lets_markup_through(hostile, browser):
    assert len(hostile.events.stored) > 8
    for id_ in hostile.events.stored:
        check(browser.get(f"/ui/events/{id_}"))


def test_no_run_and_no_firing_lets_markup_through(hostile, browser):
    made = hostile.runs.newest(9)
    assert made
    for run in (*made, hostile_run(hostile)):
        check(browser.get(f"/ui/runs/{run.id}"))
    for id_ in hostile.firings.stored:
        check(browser.get(f"/ui/firings/{id_}"))


@pytest.mark.parametrize("kind", ["automation", "webhook", "deployment"])
def test_nothing_that_was_set_up_lets_markup_through(hostile, browser, kind):
    (document,) = hostile.config.all(kind)

    check(browser.get(f"/ui/{kind}s/{document['id']}"))


def test_a_template_in_data_is_data(world, browser):
    world.events.put(event := an_event("{{ 7 * 7 }}", "{% raw %}", payload={"x": "{{ 7 * 7 }}"}))

    for seen in (browser.get("/ui"), browser.get(f"/ui/events/{event.id}")):
        assert "{{ 7 * 7 }}" in seen.text
        assert "49" not in seen.text.replace(event.id, "")


def test_characters_that_steer_the_eye_are_spelled_out(world, browser):
    steering = "a\u202eb\x00c\x1bd\ud800e\u2066f\r"
    world.events.put(event := an_event(f"name{steering}", f"id{steering}", payload={"x": steering}))

    for seen in (browser.get("/ui"), browser.get(f"/ui/events/{event.id}")):
        seen.body.encode()
        assert "namea\\u202eb\\x00c\\x1bd\\ud800e\\u2066f" in seen.body
        assert not set("\u202e\x00\x1b\u2066\r") & set(seen.body)
