"""The names that templates of actions may use, and what they stand for (SPEC 4.3; cases A15, A16, A19)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.stories import NOON

from whenflow.actions.parameters import TemplateError, context_of, render_parameters, render_text
from whenflow.automations import Firing
from whenflow.events import Event

RUN, FLOW, AUTOMATION = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
TRIGGER, CHILD, EVENT, OTHER = (f"00000000-0000-4000-8000-0000000000{n}0" for n in (1, 2, 3, 4))
STATE = {
    "prefect.state-type": "FAILED",
    "prefect.state-name": "Failed",
    "prefect.state-message": "it broke",
    "prefect.state-timestamp": "2026-11-20T11:59:00+00:00",
}
OBJECTS: dict[tuple[str, str], dict[str, Any]] = {
    ("flow-run", RUN): {
        "id": RUN,
        "name": "brave-otter",
        "start_time": "2026-11-20T11:00:00Z",
        "state": {"type": "RUNNING", "name": "Running", "message": "", "timestamp": "2026-11-20T12:00:00Z"},
    },
    ("flow", FLOW): {"id": FLOW, "name": "etl", "created": "never"},
    ("automation", AUTOMATION): {
        "id": AUTOMATION,
        "name": "renamed since",
        "description": "watches",
        "tags": ["a"],
        "enabled": True,
        "created": "2026-11-01T00:00:00Z",
        "trigger": {
            "type": "compound",
            "id": TRIGGER,
            "triggers": [{"type": "event", "id": CHILD, "posture": "Reactive"}],
        },
    },
}


class Directory:
    """Finds objects, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.variables_asked = 0

    def lookup(self, kind: str, id_: str) -> Mapping[str, Any] | None:
        self.asked.append((kind, id_))
        return OBJECTS.get((kind, id_))

    def variables(self) -> Mapping[str, Any]:
        self.variables_asked += 1
        return {"city": "Oslo", "limits": {"n": 12}}


@pytest.fixture
def directory() -> Directory:
    return Directory()


def failed_run(**labels: str) -> Event:
    return Event(
        id=EVENT,
        occurred=NOON,
        event="prefect.flow-run.Failed",
        resource={"prefect.resource.id": f"prefect.flow-run.{RUN}", **labels},
        related=(
            {"prefect.resource.id": f"prefect.flow.{FLOW}", "prefect.resource.role": "flow"},
            {"prefect.resource.id": "ann", "prefect.resource.role": "owner", "prefect.resource.name": "Ann"},
            {"prefect.resource.id": "ben", "prefect.resource.role": "owner", "prefect.resource.name": "Ben"},
        ),
        received=NOON,
        payload={"n": 1},
    )


def firing_on(event: Event | None, **values: Any) -> Firing:
    known = Firing(
        id="f",
        automation_id=AUTOMATION,
        automation_name="On failure",
        trigger_id=TRIGGER,
        triggered=NOON,
        time=NOON,
        event=event,
        actions=(),
        on_event=0,
        labels={"zone": "cellar"},
    )
    return replace(known, **values)


def text(directory: Directory, source: str, event: Event | None = None, firing: Firing | None = None) -> str:
    firing = firing or firing_on(event)
    context = context_of(
        firing, event, lookup=directory.lookup, variables=directory.variables, site="https://ui.example"
    )
    return render_text(source, context)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ automation.name }} {{ automation.description }} {{ automation.tags[0] }}", "On failure watches a"),
        ("{{ automation.enabled }} {{ automation.created }}", "True 2026-11-01 00:00:00+00:00"),
        ("{{ automation | ui_url }}", f"https://ui.example/automations/automation/{AUTOMATION}"),
        ("{{ firing.id }} {{ firing.trigger.type }} {{ firing.triggering_labels.zone }}", "f compound cellar"),
        ("{{ firing.triggered }} {{ labels.zone }}", "2026-11-20 12:00:00+00:00 cellar"),
        ("{{ firing.triggering_event.id == event.id }}", "True"),
        ("{{ event.url }}", f"https://ui.example/events/event/2026-11-20/{EVENT}"),
        ("{{ event | ui_url }}", f"https://ui.example/events/event/2026-11-20/{EVENT}"),
        ("{{ event.resource_in_role['owner'].name }} {{ event.resource_in_role.owner.id }}", "Ann ann"),
        ("{{ event.resources_in_role['owner'] | map(attribute='name') | join }}", "AnnBen"),
        ("{{ event.involved | length }} {{ event.name }}", "4 prefect.flow-run.Failed"),
        ("{{ flow.name }} {{ flow.created }} [{{ deployment.name }}]", "etl never []"),
        ("{{ flow_run.name }} {{ flow_run.start_time.strftime('%H:%M') }}", "brave-otter 11:00"),
        ("{{ flow_run | ui_url }}", f"https://ui.example/runs/flow-run/{RUN}"),
        ("{{ variables.city }} {{ variables.limits.n + 1 }}", "Oslo 13"),
        ("{{ event.occurred | humanize_naturaltime }}", "now"),
        ("[{{ metric }}]", "[]"),
    ],
)
def test_every_name_stands_for_what_the_documents_say(directory: Directory, source: str, result: str):
    assert text(directory, source, failed_run(**STATE)) == result


def test_a15_the_state_of_a_run_is_the_one_that_the_event_tells_of(directory: Directory):
    source = "{{ flow_run.state.name }} {{ flow_run.state.type.value }}: {{ flow_run.state.message }}"

    assert text(directory, source, failed_run(**STATE)) == "Failed FAILED: it broke"


@pytest.mark.parametrize("missing", [*STATE, "odd"])
def test_a15_without_the_whole_state_in_the_event_it_is_the_present_one(directory: Directory, missing: str):
    labels = {name: label for name, label in STATE.items() if name != missing}
    if missing == "odd":
        labels["prefect.state-type"] = "ANNIHILATED"

    assert text(directory, "{{ flow_run.state.name }}", failed_run(**labels)) == "Running"


def test_nothing_is_looked_up_that_is_not_mentioned(directory: Directory):
    assert text(directory, "{{ event.payload.n }} {{ labels.zone }}", failed_run()) == "1 cellar"
    assert (directory.asked, directory.variables_asked) == ([], 0)


def test_what_is_mentioned_often_is_looked_up_once(directory: Directory):
    context = context_of(firing_on(failed_run()), failed_run(), lookup=directory.lookup, variables=directory.variables)
    tree = {"a": "{{ flow.name }}", "b": ["{{ flow.id }}{{ variables.city }}"], "c": "{{ variables.city }}"}

    assert render_parameters(tree, context) == {"a": "etl", "b": [FLOW + "Oslo"], "c": "Oslo"}
    assert (directory.asked, directory.variables_asked) == ([("flow", FLOW)], 1)


def test_without_an_event_only_its_names_are_missing(directory: Directory):
    source = (
        "[{{ event.payload.n }}{{ flow_run.name }}] {{ variables.city }} {{ events | length }} {{ firings | length }}"
    )

    assert text(directory, source) == "[] Oslo 0 1"


def test_the_event_alone_is_the_event_and_nothing_more(directory: Directory):
    event = failed_run(**STATE)

    rendered = render_parameters("{{ event }}", context_of(firing_on(event), event, lookup=directory.lookup))

    shown = event.as_document() | {"occurred": "2026-11-20T12:00:00Z", "received": "2026-11-20T12:00:00Z"}
    assert rendered == shown


def test_a19_a_composite_shows_all_its_firings_and_their_events(directory: Directory):
    def child(event_id: str) -> dict[str, Any]:
        moment = "2026-11-20T12:00:00Z"
        return {"id": "c", "trigger": CHILD, "triggered": moment, "labels": {}, "event": event_id, "children": []}

    firing = firing_on(failed_run(), children=[child(EVENT), child(OTHER)], trigger_type="compound")
    OBJECTS["event", OTHER] = failed_run().as_document() | {"id": OTHER, "event": "other"}

    source = "{% for f in firings %}{{ f.trigger.type }}/{{ f.trigger.posture.value }} {% endfor %}"
    assert text(directory, source, failed_run(), firing) == "compound/ event/Reactive event/Reactive "
    source = "{{ events | map(attribute='event') | join(',') }}"
    assert text(directory, source, failed_run(), firing) == "prefect.flow-run.Failed,prefect.flow-run.Failed,other"


def test_a_metrics_firing_tells_the_value(directory: Directory):
    assert text(directory, "{{ metric.value }}", None, firing_on(None, trigger_type="metric", value=0.25)) == "0.25"


def test_what_a_lookup_finds_broken_is_no_fault_of_the_template():
    def broken(kind: str, id_: str) -> None:
        raise ConnectionError(kind)

    with pytest.raises(ConnectionError):
        render_parameters({"a": "{{ flow.name }}"}, context_of(firing_on(failed_run()), failed_run(), lookup=broken))


@pytest.mark.parametrize(("source", "result"), [("plain\n", "plain\n"), ("{{ 1 }}\n", "1"), ("{{ 1 }}\n\n", "1\n")])
def test_a_template_loses_one_newline_at_its_end_and_plain_text_none(directory: Directory, source: str, result: str):
    assert text(directory, source) == result


def test_all_templates_of_a_tree_share_what_work_there_is():
    event = replace(failed_run(), payload={"text": "x" * 500_000})
    tree = {f"p{n}": "{{ event.payload.text }}" for n in range(100)}

    with pytest.raises(TemplateError, match="too much work"):
        render_parameters(tree, context_of(firing_on(event), event))


def test_what_the_event_mentions_but_nobody_finds_is_none():
    context = context_of(firing_on(failed_run()), failed_run())

    assert render_parameters({"p": "{{ flow_run }}", "q": "[{{ flow_run.name }}] {{ flow_run }}"}, context) == {
        "p": None,
        "q": "[] None",
    }
