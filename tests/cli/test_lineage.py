"""`whenflow lineage`, against the product's own API."""

import pytest
from tests.stories import NOBODY, ann_signs_up


@pytest.fixture
def story(product):
    """Ann signed up, and was welcomed."""
    from whenflow.flows import flow

    @flow
    def new_user_flow(name: str) -> None:
        """Do nothing."""

    product.welcomes_new_users()
    product.events.put(ann_signs_up())
    product.settle(new_user_flow)
    return product


def lines(outcome):
    return [" ".join(line.split()[:-3]) for line in outcome.out.splitlines() if line]


def test_an_event_is_shown_with_its_effects_as_a_tree(cli, story):
    outcome = cli("lineage", ann_signs_up().id)

    run = story.run()
    assert outcome.code == 0
    assert lines(outcome)[0] == "event user.signed-up (on user.u-1)"
    assert lines(outcome)[1] == "└─ closed: firing of welcome new users"
    assert f"├─ started: flow run {run.name} (new-user-flow, Completed)" in lines(outcome)
    assert "│ └─ told: event prefect.flow-run.Completed" in lines(outcome)


def test_a_run_is_shown_below_its_causes(cli, story):
    run = story.run()

    outcome = cli("lineage", run.id)

    assert lines(outcome)[:2] == ["", "└─ started: firing of welcome new users"]
    assert lines(outcome)[2] == "└─ closed: event user.signed-up (on user.u-1)"
    assert lines(outcome)[3] == f"flow run {run.name} (new-user-flow, Completed)"


def test_what_something_is_need_not_be_said(cli, story):
    firing = next(iter(story.firings.stored))

    assert cli("lineage", firing).out == cli("lineage", firing, "--kind", "firing").out


def test_the_graph_comes_as_json(cli, story):
    document = cli("lineage", ann_signs_up().id, "--json").document

    assert document["root"] == f"event:{ann_signs_up().id}"
    assert {node["kind"] for node in document["nodes"]} == {"event", "firing", "flow-run"}


def test_what_is_not_there_has_no_lineage(cli, product):
    outcome = cli("lineage", NOBODY)

    assert outcome.code == 1
    assert "no event and no firing and no flow run" in outcome.err


def test_a_run_may_be_named_and_ids_shortened(cli, story):
    run, event = story.run(), ann_signs_up().id

    whole = cli("lineage", run.id).out
    assert [cli("lineage", short).out for short in (run.name, run.id[:8])] == [whole, whole]
    assert cli("lineage", event[-8:], "--kind", "event").out == cli("lineage", event).out


def test_what_is_no_id_is_said_to_be_none(cli, product):
    assert "There is no flow run ann." in cli("lineage", "ann").err
    assert cli("lineage", "ann", "--kind", "event").code == 2
    assert cli("lineage", "ann", "--kind", "firing").code == 2
