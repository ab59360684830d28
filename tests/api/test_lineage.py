"""Event → firing → run → event: several hops, both ways, in pages."""

import pytest
from tests.stories import NOBODY, ann_signs_up, order_placed, run_of

from whenflow.actions.lineage import WIDTH
from whenflow.flows import emit_event, flow


@flow
def new_user_flow(name: str) -> None:
    """Tell that somebody was welcomed."""
    emit_event("user.welcomed", {"prefect.resource.id": f"user.{name}"})


WELCOME = {"type": "event", "posture": "Reactive", "expect": ["user.welcomed"]}


@pytest.fixture
def story(world):
    """Ann signs up, her run tells that she was welcomed, and that starts a run of its own; gives all by name."""
    world.welcomes_new_users()
    second = world.deployment(name="second", flow_name="after-welcome")
    world.automation({"name": "after", "trigger": WELCOME, "actions": [run_of(second)]})
    world.events.put(ann_signs_up())
    world.settle(new_user_flow)
    runs = {run.deployment_name: run for run in world.runs.newest(10)}
    firings = {firing.automation_name: firing for firing in world.firings.stored.values()}
    return {
        "signed up": ann_signs_up(),
        "first firing": firings["welcome new users"],
        "first run": runs["welcome"],
        "welcomed": world.events.named("user.welcomed")[0],
        "second firing": firings["after"],
        "second run": runs["second"],
    }


def asked(api, place, **query):
    answer = api("GET", f"/lineage/{place}", query={name: str(value) for name, value in query.items()})
    assert answer.status == 200, answer.text
    return answer.document


def edges(document):
    return {(one["cause"], one["effect"]): one["how"] for one in document["edges"]}


def test_an_event_leads_to_its_firing_its_run_and_what_the_run_told(api, story):
    found = edges(asked(api, f"event/{story['signed up'].id}"))

    chain = [
        f"event:{story['signed up'].id}",
        f"firing:{story['first firing'].id}",
        f"flow-run:{story['first run'].id}",
        f"event:{story['welcomed'].id}",
        f"firing:{story['second firing'].id}",
    ]
    assert [found[pair] for pair in zip(chain, chain[1:], strict=False)] == ["closed", "started", "emitted", "closed"]


def test_the_states_of_a_run_are_its_effects(api, world, story):
    found = asked(api, f"flow-run/{story['first run'].id}", depth=1, direction="effects")

    names = [node["name"] for node in found["nodes"]]
    assert names == [
        story["first run"].name,
        *(f"prefect.flow-run.{state}" for state in ("Scheduled", "Pending", "Running", "Completed")),
        "user.welcomed",
    ]


def test_a_run_leads_back_to_the_event_that_started_it_all(api, story):
    found = edges(asked(api, f"flow-run/{story['second run'].id}", depth=6, direction="causes"))

    assert set(found) == {
        (f"firing:{story['second firing'].id}", f"flow-run:{story['second run'].id}"),
        (f"event:{story['welcomed'].id}", f"firing:{story['second firing'].id}"),
        (f"flow-run:{story['first run'].id}", f"event:{story['welcomed'].id}"),
        (f"firing:{story['first firing'].id}", f"flow-run:{story['first run'].id}"),
        (f"event:{story['signed up'].id}", f"firing:{story['first firing'].id}"),
    }


@pytest.mark.parametrize("name", ["triggered", "action.triggered", "action.executed"])
def test_what_an_automation_tells_leads_back_to_its_firing(api, world, story, name):
    told = world.events.named(f"prefect.automation.{name}")[0]

    found = edges(asked(api, f"event/{told.id}", depth=1, direction="causes"))

    assert found[f"firing:{story['first firing'].id}", f"event:{told.id}"] == "told"


def test_what_an_automation_tells_is_an_effect_of_its_firing(api, story):
    found = asked(api, f"firing/{story['first firing'].id}", depth=1, direction="effects")

    assert [(one["kind"], one["name"]) for one in found["nodes"]] == [
        ("firing", "welcome new users"),
        ("event", "prefect.automation.triggered"),
        ("event", "prefect.automation.action.triggered"),
        ("flow-run", story["first run"].name),
        ("event", "prefect.automation.action.executed"),
    ]


def test_depth_bounds_the_hops(api, story):
    found = asked(api, f"event/{story['signed up'].id}", depth=2, direction="effects")

    kinds = {node["kind"] for node in found["nodes"]}
    assert kinds == {"event", "firing", "flow-run"}
    assert f"event:{story['welcomed'].id}" not in {node["key"] for node in found["nodes"]}


def test_the_parts_of_a_composite_are_its_causes(api, world):
    triggers = [{"posture": "Reactive", "expect": [name]} for name in ("user.signed-up", "order.placed")]
    trigger = {"type": "compound", "require": "all", "within": 3_600, "triggers": triggers}
    world.automation({"name": "both", "trigger": trigger, "actions": [{"type": "do-nothing"}]})
    world.happens(ann_signs_up())
    (firing,) = world.happens(order_placed())

    found = edges(asked(api, f"firing/{firing.id}", depth=1, direction="causes"))

    assert found == {
        (f"event:{order_placed().id}", f"firing:{firing.id}"): "closed",
        (f"event:{ann_signs_up().id}", f"firing:{firing.id}"): "counted",
    }


@pytest.fixture
def crowd(world):
    """An event that many automations act on."""
    for number in range(WIDTH + 10):
        trigger = {"posture": "Reactive", "expect": ["order.placed"]}
        world.automation({"name": f"a-{number}", "trigger": trigger, "actions": [{"type": "do-nothing"}] * 2})
    world.happens(order_placed())
    return f"event/{order_placed().id}"


def test_of_a_crowd_some_are_shown_and_that_there_are_more(api, crowd):
    found = asked(api, crowd, depth=1, direction="effects")

    assert len(found["nodes"]) == WIDTH + 1
    assert found["nodes"][0]["more"] is True
    assert found["next_page"] is None


def test_pages_together_show_what_one_page_would(api, world, crowd):
    for extra in list(world.firings.stored)[WIDTH - 10 :]:
        del world.firings.stored[extra]
    nodes, found_edges, token, pages = set(), set(), None, 0
    while True:
        page = asked(api, crowd, depth=2, direction="effects", **({"page_token": token} if token else {}))
        assert len(page["nodes"]) <= 100
        nodes |= {node["key"] for node in page["nodes"]}
        found_edges |= set(edges(page))
        pages += 1
        token = page["next_page"]
        if token is None:
            break

    firings = WIDTH - 10
    assert pages > 1
    assert len(nodes) == 1 + firings + 5 * firings
    assert len(found_edges) == len(nodes) - 1


@pytest.mark.parametrize("place", [f"event/{NOBODY}", f"firing/{NOBODY}", f"flow-run/{NOBODY}", f"nail/{NOBODY}"])
def test_of_what_is_not_there_there_is_no_lineage(api, place):
    assert api("GET", f"/lineage/{place}").status == 404


@pytest.mark.parametrize(
    "query", [{"depth": "0"}, {"depth": "17"}, {"depth": "x"}, {"direction": "up"}, {"limit": "0"}]
)
def test_a_question_that_makes_no_sense_is_refused_by_its_place(api, story, query):
    answer = api("GET", f"/lineage/event/{story['signed up'].id}", query=query)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"] == ["query", *query]


def test_a_token_goes_with_its_question_only(api, crowd, story):
    token = asked(api, crowd, depth=3, direction="effects")["next_page"]

    assert api("GET", f"/lineage/event/{story['signed up'].id}", query={"page_token": token}).status == 403
    assert api("GET", f"/lineage/{crowd}", query={"page_token": token + "x"}).status == 403
