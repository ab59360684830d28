"""What an event means to the automations (cases M6 to M13 of SPEC 8.1)."""

from datetime import timedelta

from tests.firings import firing_for, firings_for
from tests.stories import BUCKET, NOON, ann_signs_up, clients_csv_arrives, order_placed

from whenflow.automations.compiled import compile_automation
from whenflow.testing import an_automation

LILY = {"prefect.resource.id": "l", "prefect.resource.role": "meal", "genus": "Hemerocallis"}
TULIP = {"prefect.resource.id": "t", "prefect.resource.role": "meal", "genus": "Tulipa"}


def fires(event, **trigger) -> bool:
    return bool(firings_for([an_automation(**trigger)], event))


def test_an_event_that_is_expected_fires():
    assert fires(order_placed(), expect=["order.placed"])


def test_m7_each_specification_of_a_list_may_be_met_by_another_related_resource():
    order = order_placed(related=[LILY, TULIP])
    lilies, tulips = {"genus": "Hemerocallis"}, {"genus": "Tulipa"}

    assert fires(order, match_related=[lilies, tulips])
    assert not fires(order, match_related=[lilies, {"genus": "Narcissus"}])


def test_an_empty_list_of_specifications_asks_nothing():
    assert fires(order_placed(), match_related=[])


def test_m8_who_expects_nothing_in_particular_expects_every_name():
    assert fires(ann_signs_up(), expect=[])
    assert fires(clients_csv_arrives(), expect=[], match={"prefect.resource.id": "s3://*"})
    assert not fires(ann_signs_up(), expect=[], match={"prefect.resource.id": "s3://*"})


def test_m9_only_what_is_expected_fires():
    automation = an_automation(expect=["animal.walked"])

    assert firings_for([automation], order_placed(name="animal.snoozed")) == []
    assert len(firings_for([automation], order_placed(name="animal.walked"))) == 1


def test_m10_a_pattern_of_names():
    assert fires(order_placed(name="prefect.flow-run.Completed"), expect=["prefect.flow-run.*"])
    assert not fires(order_placed(name="prefect.task-run.Completed"), expect=["prefect.flow-run.*"])


def test_m11_match_looks_at_the_resource_itself_only():
    assert not fires(clients_csv_arrives(), expect=[], match={"prefect.resource.id": "s3://incoming"})
    assert fires(clients_csv_arrives(), expect=[], match_related={"prefect.resource.id": "s3://incoming"})


def test_m12_an_automation_that_is_disabled_does_not_fire():
    assert firings_for([an_automation(enabled=False)], order_placed()) == []


def test_m13_a_log_line_never_fires():
    assert not fires(order_placed(name="prefect.log.write"), expect=[])
    assert not fires(order_placed(name="prefect.log.write"), expect=["prefect.log.write"])


def test_an_event_without_a_name_fires_nothing():
    assert not fires(order_placed(name=""), expect=[])


def test_an_event_fires_every_automation_that_looks_at_it_in_their_order():
    automations = [an_automation("b"), an_automation("never", expect=["x"]), an_automation("a", expect=[])]

    assert [firing.automation_name for firing in firings_for(automations, order_placed())] == ["b", "a"]


def test_one_automation_fires_for_every_event():
    automation = an_automation()

    first = firing_for(automation, order_placed(7))
    second = firing_for(automation, order_placed(8))

    assert first.id != second.id


def test_a_firing_carries_what_its_actions_need():
    automation = an_automation(actions=[{"type": "do-nothing"}], for_each=["prefect.resource.id"])

    firing = firing_for(automation, order_placed(), NOON + timedelta(seconds=1))

    assert (firing.automation_id, firing.automation_name) == (automation.id, "on order")
    assert firing.event == order_placed()
    assert (firing.triggered, firing.time) == (NOON + timedelta(seconds=1), NOON)
    assert (firing.actions, firing.on_event) == ([{"type": "do-nothing"}], 1)
    assert firing.labels == {"prefect.resource.id": "order.7"}
    assert (firing.trigger_type, firing.posture) == ("event", "Reactive")


def test_the_key_is_the_values_of_the_labels_in_their_order():
    order = order_placed(
        resource={"prefect.resource.id": "order.7", "shop": "berlin"},
        related=[BUCKET],
    )
    automation = an_automation(for_each=["shop", "related:bucket:prefect.resource.name", "nope"])

    (watch,) = compile_automation(automation, 0).watches
    assert watch.for_each == ("nope", "related:bucket:prefect.resource.name", "shop")
    assert watch.key_of(order) == ("", "incoming", "berlin")


def test_a_trigger_that_looks_at_nothing_changes_nothing_of_the_event():
    order = order_placed()
    before = order.as_document()

    firings_for([an_automation(expect=[], for_each=["a"], match={"a": "b"})], order)

    assert order.as_document() == before
