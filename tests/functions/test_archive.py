"""Every ten minutes hours are closed; every minute what came in lately is looked at."""

from tests.functions.stack import Stack
from tests.stories import order_document

from whenflow.aws import layer_keeper


def test_hours_of_events_and_of_runs_are_closed(stack: Stack) -> None:
    answer = stack.invoke("archive", {})

    assert answer == {"closed": 0, "finished": True, "hours_of_runs": 0}


def test_asked_for_layers_it_makes_them_and_closes_nothing(stack: Stack, monkeypatch) -> None:
    monkeypatch.setattr(layer_keeper, "ENOUGH", 0)
    stack.api("POST", "/events", [order_document(7)])

    assert stack.invoke("archive", {"only": "layers"}).keys() == {"layers"}
