"""Addresses of the UI, resources in loops, words, and the id of a flow run in a text."""

import pytest

from whenflow.templating import Context, Dotted, ObjectView, ResourceView, Word, evaluate, mentioned, render

ID = "00000000-0000-4000-8000-00000000f001"
OBJECTS = {
    "flow_run": ObjectView("flow-run", {"id": ID, "name": "brave-otter"}),
    "pool": ObjectView("work-pool", {"id": ID, "name": "my pool"}),
    "odd": ObjectView("artifact", {"id": ID}),
    "file": ResourceView({"prefect.resource.id": "s3://bucket/a&b", "prefect.resource.name": "A"}),
    "labels": Dotted({"a.b": "1", "c": "2"}),
    "posture": Word("Reactive"),
}


def text(source: str, site: str = "http://ui.example/") -> str:
    return render(source, Context(OBJECTS, site=site))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ flow_run | ui_url }}", f"http://ui.example/runs/flow-run/{ID}"),
        ("{{ pool | ui_url }}", "http://ui.example/work-pools/work-pool/my%20pool"),
        ("{{ odd | ui_url }} {{ 'x' | ui_url }} {{ nope | ui_url }}", "None None None"),
        ("{{ flow_run | ui_resource_events_url }}", f"http://ui.example/events?resource=prefect.flow-run.{ID}"),
        ("{{ file | ui_resource_events_url }}", "http://ui.example/events?resource=s3%3A%2F%2Fbucket%2Fa%26b"),
        (f"{{{{ 'see http://x/runs/flow-run/{ID} ' | flow_run_id }}}}", ID),
        ("{{ 'flow-run/7' | flow_run_id }}", "None"),
        ("{{ '' | flow_run_id }}", "None"),
        ("{{ 'flow-run/0000000A-0000-4000-8000-00000000000B' | flow_run_id }}", "None"),
    ],
)
def test_pages_have_addresses(source: str, result: str):
    assert text(source) == result


def test_where_the_ui_is_not_known_there_are_none():
    assert text("{{ flow_run | ui_url }} {{ file | ui_resource_events_url }}", site="") == "None None"


@pytest.mark.parametrize("source", ["file", "file.items()", "file.labels", "file | dictsort", "file | items"])
def test_a_loop_over_a_resource_gives_its_labels_with_their_values(source: str):
    looped = text("{% for label, value in " + source + " %}{{ label }}={{ value }};{% endfor %}")

    assert looped == "prefect.resource.id=s3://bucket/a&b;prefect.resource.name=A;"


def test_labels_alone_are_an_object():
    assert evaluate("{{ labels }}", OBJECTS) == {"a.b": "1", "c": "2"}
    assert text("{{ labels.a.b }}{{ labels | length }}{{ 'c' in labels }}") == "12True"


def test_a_word_answers_to_value_and_name():
    assert text("{{ posture }} {{ posture.value }} {{ posture.name }} {{ posture == 'Reactive' }}{{ posture.x }}") == (
        "Reactive Reactive Reactive True"
    )


def test_only_what_is_mentioned_is_looked_up():
    class Watched(dict):
        asked: list[str] = []

        def __getitem__(self, name: str) -> object:
            self.asked.append(name)
            return super().__getitem__(name)

    context = Watched(a="x", b="y", c="z")

    assert mentioned("{{ a }}{% if b %}{% endif %}") == {"a", "b"}
    assert render("{{ a }}", context) == "x"
    assert context.asked == ["a"]
